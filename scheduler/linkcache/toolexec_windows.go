package linkcache

// toolexecArgs returns the command that the go command is to put before each tool. flags are exec-tool's.
func toolexecArgs(exe string, flags ...string) []string {
	return append([]string{exe, "exec-tool"}, flags...)
}
