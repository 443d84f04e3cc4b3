//go:build unix

package reentry

import (
	"os"
	"syscall"
)

// stopSignals are the signals by which a terminal, a CI system or the go
// command ends a run.
func stopSignals() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP}
}
