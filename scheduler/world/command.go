package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/gotestcohort/cohort/scheduler/procgroup"
)

// Command is what a set-up or a tear-down runs. The zero value is nothing.
type Command struct {
	// Shell is a line for sh -c, on Windows for cmd /C.
	Shell string
	// Words are a program and its arguments, which no shell sees. They are used if there is no Shell.
	Words []string
}

// None reports whether there is nothing to run.
func (c Command) None() bool { return c.Shell == "" && len(c.Words) == 0 }

// String returns the command as it is written, for messages.
func (c Command) String() string {
	if c.Shell != "" {
		return c.Shell
	}
	return strings.Join(c.Words, " ")
}

// Waits of a command that ends.
const (
	// grace is how long a command has after a signal before it is killed, as tests have it.
	grace = 10 * time.Second
	// closeDelay is how long the output of a killed command may stay open: time for the kernel.
	closeDelay = time.Second
	// lastWords is how long the output of a command that ended well is waited for. Something that it
	// has left running may hold it open for ever, and is read on in the background.
	lastWords = 250 * time.Millisecond
)

// spec says what one command is to be run with.
type spec struct {
	command Command
	dir     string
	env     []string
	timeout time.Duration
	// kill, once closed, ends at once what ctx has ended.
	kill <-chan struct{}
}

// Failures of commands that are none of the command's own.
var (
	errTimeout     = errors.New("timed out")
	errInterrupted = errors.New("interrupted")
)

// process is a command that has been started.
type process struct {
	cmd  *exec.Cmd
	out  output
	pipe *os.File      // read end of its output
	read chan struct{} // closed when the output is at its end, or pipe is closed
}

// start starts a command in a process group of its own. Standard input is the null device.
func start(s spec) (*process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: s.command.prepare(), pipe: r, read: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = s.dir, s.env
	p.cmd.Stdout, p.cmd.Stderr = w, w
	err = errors.Join(p.cmd.Start(), w.Close())
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	go p.drain() // ends with the last process that holds the output, or with close
	return p, nil
}

// drain reads the output to its end.
func (p *process) drain() {
	defer close(p.read)
	buf := make([]byte, 32<<10)
	for {
		n, err := p.pipe.Read(buf)
		_, _ = p.out.Write(buf[:n]) // never fails
		if err != nil {
			return // the end, or close
		}
	}
}

// close gives up what still comes.
func (p *process) close() {
	_ = p.pipe.Close() // it may be closed already; nothing was written to it
	<-p.read
}

// killGroup kills what is left of the command's process group.
func (p *process) killGroup() { _ = procgroup.Kill(p.cmd.Process) } // it may be gone already

// wait waits until the command has ended, and ends it when its time is over or ctx is done. It
// returns nil if the command exited 0 by itself: then what it has left running goes on, and its
// output is read on. Otherwise all of its process group is killed.
func (p *process) wait(ctx context.Context, s spec) error {
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }() // ends with the process, which is killed at the latest
	timeout := time.NewTimer(s.timeout)
	defer timeout.Stop()
	var cause error
	select {
	case err := <-ended:
		if err == nil {
			p.listen(time.After(lastWords), nil)
			return nil
		}
		p.end()
		return err
	case <-ctx.Done():
		cause = errInterrupted
	case <-timeout.C:
		cause = fmt.Errorf("%w after %v", errTimeout, s.timeout)
	}
	_ = procgroup.Signal(p.cmd.Process, syscall.SIGTERM) // it may have ended by itself just now
	patience, kill := time.After(grace), s.kill
	if ctx.Err() == nil {
		kill = nil
	}
	select {
	case <-ended:
		p.listen(patience, kill) // what it has started may still be ending
		p.end()
		return cause
	case <-patience:
	case <-kill:
	}
	p.killGroup()
	<-ended
	p.end()
	return cause
}

// listen waits for the end of the output, but no longer than until one of the channels gives.
func (p *process) listen(patience <-chan time.Time, kill <-chan struct{}) {
	select {
	case <-p.read:
	case <-patience:
	case <-kill:
	}
}

// end kills what is left of a command that has failed.
func (p *process) end() {
	p.killGroup()
	p.listen(time.After(closeDelay), nil)
	p.close()
}
