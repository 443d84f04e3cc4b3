package watch

import (
	"os"
	"syscall"
)

// watchedSignals are the signals that Watch handles: Ctrl-C and Ctrl-Break, and the
// closing of the console. All of them end it.
func watchedSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// isResume reports whether sig says that the job was stopped and goes on: Windows
// has no such signal.
func isResume(os.Signal) bool { return false }

// terminate ends a process: Windows cannot ask one to end.
func terminate(p *os.Process) error { return p.Kill() }
