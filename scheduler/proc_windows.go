package scheduler

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup makes the command lead a process group.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// signalGroup ends the command: Windows has no signal that a process in
// another group would get.
func signalGroup(cmd *exec.Cmd, _ os.Signal) error { return cmd.Process.Kill() }

// killGroup kills the command. What it has started ends when its pipes break.
func killGroup(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // it may be gone already
}
