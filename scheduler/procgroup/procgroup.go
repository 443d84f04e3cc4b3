// Package procgroup gives a command a process group of its own, so that a signal
// reaches all that the command started, and a terminal's Ctrl-C comes to it through
// cohort alone, once. Test processes have more than that: see package testbin.
package procgroup

import (
	"os"
	"os/exec"
)

// Own makes cmd, once started, lead a process group. It replaces cmd.SysProcAttr.
func Own(cmd *exec.Cmd) { own(cmd) }

// Signal sends sig to the group that p leads; on Windows it is a Ctrl-Break whatever
// sig is. That all of the group is gone already is no error.
func Signal(p *os.Process, sig os.Signal) error { return signal(p, sig) }

// Kill kills the group that p leads; on Windows p alone, whose children end when their
// pipes break. That all of it is gone already is no error on Unix.
func Kill(p *os.Process) error { return kill(p) }
