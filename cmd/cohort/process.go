package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/gotestcohort/cohort/scheduler/procgroup"
)

// killedPipeDelay is how long the pipes of a killed process group stay open for what
// escaped the group and still holds them.
const killedPipeDelay = 2 * time.Second

// process is a command whose output is read while it runs. It leads a process group
// of its own, so that signals reach all it started.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr io.ReadCloser
	done           chan struct{} // closed by Wait
}

// startProcess starts args in dir ("": the current one). When ctx ends, its group is
// killed. The caller reads stdout and stderr to their ends, then calls Wait.
func (c *command) startProcess(ctx context.Context, dir string, args []string) (*process, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = c.env.list
	cmd.Stdin = childStdin(c.stdin)
	procgroup.Own(cmd)
	cmd.Cancel = func() error { return procgroup.Kill(cmd.Process) }

	c.log.debugf("exec: %s", cmd.Args)
	p := &process{cmd: cmd, done: make(chan struct{})}
	var err error
	if p.stdout, err = cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if p.stderr, err = cmd.StderrPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("failed to run %s: %w", strings.Join(cmd.Args, " "), err)
	}
	c.log.debugf("go test pid: %d", cmd.Process.Pid)
	go p.closeAfterKill(ctx) // ends when Wait returns
	return p, nil
}

// childStdin is what a child reads. Not the terminal: a child in a process group of
// its own that reads it would be stopped, and the run would hang.
func childStdin(stdin io.Reader) io.Reader {
	if f, ok := stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return stdin
}

// closeAfterKill ends the reading of the pipes some time after ctx has ended.
func (p *process) closeAfterKill(ctx context.Context) {
	select {
	case <-p.done:
		return
	case <-ctx.Done():
	}
	select {
	case <-p.done:
	case <-time.After(killedPipeDelay):
		// Best effort: they may be closed already.
		_ = p.stdout.Close()
		_ = p.stderr.Close()
	}
}

// Wait waits for the process and returns its status.
func (p *process) Wait() error {
	defer close(p.done)
	return statusOf(p.cmd.Wait())
}

// Interrupt sends sig to the process group.
func (p *process) Interrupt(sig os.Signal) error { return procgroup.Signal(p.cmd.Process, sig) }

// untilClosed is a reader for which a pipe that we closed has ended.
type untilClosed struct{ io.Reader }

func (r untilClosed) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if errors.Is(err, os.ErrClosed) {
		err = io.EOF
	}
	return n, err
}
