package reentry

import (
	"os"
	"syscall"
)

// stopSignals are the signals that Windows can deliver to a Go program.
func stopSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }
