package linkcache

import (
	"errors"
	"fmt"

	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// Toolexec returns the value of go test's -toolexec flag that makes the go command start its tools through
// "EXE exec-tool", where exe is the path of cohort. It fails when no quoting that the go command understands can express
// exe: it contains both kinds of quotes. standIns, from [Run.StandIns], allows stand-ins for test binaries.
//
// The go command keeps neither this value nor a trace of it in its cache's keys: all that counts there is what the tools
// answer to -V=full, and that goes through unchanged.
func Toolexec(exe string, standIns bool) (string, error) {
	if exe == "" {
		return "", errors.New("-toolexec: the path of cohort is not known")
	}
	var flags []string
	if standIns {
		flags = append(flags, standInFlag)
	}
	s, err := gotest.QuoteWords(toolexecArgs(exe, flags...)...)
	if err != nil {
		return "", fmt.Errorf("-toolexec: %w", err)
	}
	return s, nil
}

// A Run is what decides whether the link cache takes part in a run of the go command.
type Run struct {
	Config   Config // from FromEnv
	Off      bool   // cohort's own flag
	Toolexec bool   // the user has a -toolexec, among the arguments or in GOFLAGS: gotest.Args.Toolexec
	Rebuild  bool   // the user gave -a
	Work     bool   // the user gave -work
	GOOS     string // the system cohort runs on, runtime.GOOS
}

// Allowed reports whether -toolexec may be added to a run. If not, why says the reason in a few words, for --debug.
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
	case r.GOOS == "windows":
		// The go command puts the long argument lists of its tools into files, as Windows needs from 32 KB on, but only
		// when it starts the tools itself (useResponseFile in cmd/go/internal/work/exec.go): with any -toolexec a package
		// of many files no longer compiles there. This can go when the go command does it for wrapped tools.
		return false, "windows: the go command cannot pass long argument lists through -toolexec"
	}
	return true, ""
}

// StandIns reports whether exec-tool may leave stand-ins for test binaries. With -work the user may look for the binary of
// a test whose result was cached, which nobody installs. On macOS a code signature covers the end of a file, where an
// entry has its trailer; what happens there was never tried.
func (r Run) StandIns() bool { return r.GOOS == "linux" && !r.Work }
