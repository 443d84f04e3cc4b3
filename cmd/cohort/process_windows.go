package main

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// endSignals are the signals that end a run.
func endSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// heededSignals are those of endSignals to listen for.
func heededSignals() []os.Signal { return endSignals() }

// survivePipes does nothing: there is no SIGPIPE.
func survivePipes() (stop func()) { return func() {} }

// isUnread reports whether err says that a pipe has lost its reader.
func isUnread(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}

func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// killGroup kills the process. What it started is not killed with it: that needs a
// job object, which the scheduler's processes have.
func killGroup(p *os.Process) error { return p.Kill() }

// signalGroup sends a Ctrl-Break to the group, the one signal that a Windows process
// group knows.
func signalGroup(p *os.Process, _ os.Signal) error {
	return windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(p.Pid))
}
