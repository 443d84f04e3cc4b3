//go:build unix

package testbin

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// terminate is the signal that asks a process group to end.
const terminate = syscall.SIGTERM

// group is the process group that a started process leads.
//
// Its id is that of the process, which is free for reuse once the process has
// been waited for and the group is empty. A signal after that could only reach a
// new group that got the same id meanwhile; ids are handed out in turn, so that
// it would take a full round of them between the last read of output and the
// kill that follows at once, or within WaitDelay of children outside the group.
type group struct{ leader *os.Process }

// startGroup starts cmd in a process group of its own.
func startGroup(cmd *exec.Cmd) (group, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		return group{}, err
	}
	return group{cmd.Process}, nil
}

// signal sends sig to all of the group. Best effort: the group may be gone.
func (g group) signal(sig os.Signal) {
	if s, ok := sig.(syscall.Signal); ok {
		_ = syscall.Kill(-g.leader.Pid, s)
	}
}

// kill kills all of the group.
func (g group) kill() { g.signal(syscall.SIGKILL) }

// trace asks the leader, as the go command does, to print its goroutines and
// exit. It reports false if there is no way to ask.
func (g group) trace() bool {
	_ = g.leader.Signal(syscall.SIGQUIT) // it may have ended meanwhile
	return true
}

// close releases what the group holds.
func (group) close() error { return nil }

// isBusy reports whether err is a program that is open for writing.
func isBusy(err error) bool { return errors.Is(err, syscall.ETXTBSY) }

// endSignal returns the signal that ended a process, or nil.
func endSignal(state *os.ProcessState) os.Signal {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal()
	}
	return nil
}

// maxRSS returns the peak of a process's resident memory in bytes.
func maxRSS(state *os.ProcessState) int64 {
	ru, ok := state.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin" || runtime.GOOS == "ios":
		return int64(ru.Maxrss) // bytes there, KiB elsewhere
	}
	return int64(ru.Maxrss) << 10
}
