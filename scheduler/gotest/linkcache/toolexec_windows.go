package linkcache

// toolexecArgs returns the command that the go command is to put before each tool.
func toolexecArgs(exe string) []string { return []string{exe, "exec-tool"} }
