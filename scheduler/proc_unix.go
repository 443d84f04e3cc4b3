//go:build unix

package scheduler

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup makes the command lead a process group, so that a signal reaches
// the compilers that it has started, and a terminal's Ctrl-C comes to it
// through cohort alone, once.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// signalGroup sends s to the group of a command that was started by ownGroup.
func signalGroup(cmd *exec.Cmd, s os.Signal) error {
	return syscall.Kill(-cmd.Process.Pid, s.(syscall.Signal))
}

// killGroup kills the group.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may be gone already
}
