//go:build unix

package watch

import (
	"os"

	"golang.org/x/sys/unix"
)

// watchedSignals are the signals that Watch handles. All but the one that resumes a
// stopped job end it; if they killed the process the terminal would stay as it is.
func watchedSignals() []os.Signal {
	return []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGCONT}
}

// isResume reports whether sig says that the job was stopped and goes on.
func isResume(sig os.Signal) bool { return sig == unix.SIGCONT }

// terminate asks a process to end.
func terminate(p *os.Process) error { return p.Signal(unix.SIGTERM) }
