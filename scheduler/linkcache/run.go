package linkcache

// A Run is what decides whether the link cache takes part in a run of the go command.
type Run struct {
	Config   Config // from FromEnv
	Off      bool   // cohort's own flag
	Toolexec bool   // the user has a -toolexec, among the arguments or in GOFLAGS
	Rebuild  bool   // the user gave -a
	Work     bool   // the user gave -work
	GOOS     string // the system cohort runs on, runtime.GOOS
}

// Allowed reports whether the cache may answer for the linker in a run. If not, why says the reason
// in a few words, for --debug.
func (r Run) Allowed() (ok bool, why string) {
	switch {
	case r.Off:
		return false, "turned off by flag"
	case r.Config.Off():
		return false, "turned off by " + EnvDir + ", or there is no cache directory"
	case r.Toolexec:
		return false, "the user has a -toolexec"
	case r.Rebuild:
		return false, "-a asks for everything to be built again"
	}
	return true, ""
}

// StandIns reports whether exec-tool may leave stand-ins for test binaries. With -work the user may
// look for the binary of a test whose result was cached, which nobody installs. On macOS a code
// signature covers the end of a file, where an entry has its trailer; what happens there was never
// tried.
func (r Run) StandIns() bool { return r.GOOS == "linux" && !r.Work }
