package main

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// endSignals are the signals that end a run.
func endSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// heededSignals are those of endSignals to listen for.
func heededSignals() []os.Signal { return endSignals() }

// dieOf ends this process as the signal would have ended it.
func dieOf(os.Signal) { syscall.ExitProcess(uint32(windows.STATUS_CONTROL_C_EXIT)) }

// survivePipes does nothing: there is no SIGPIPE.
func survivePipes() (stop func()) { return func() {} }

// isUnread reports whether err says that a pipe has lost its reader.
func isUnread(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
