// Command cohort-queue is what cohort needs to spread a run over machines that come, go and die: a
// server to lend batches from, and the engine that cohort talks to over a pipe.
//
// It is the only program of the module that knows NATS. cohort starts twice for each package and
// must not pay for what a run on one machine does not need.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// Exit codes, those of cohort.
const (
	exitError  = 3   // the command could not do what it was asked
	exitSignal = 128 // plus the number of the signal that ended the command
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// run is the whole command but for the process: it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) int {
	ctx, stop := untilSignal()
	defer stop()
	c := &command{stdin: stdin, stdout: stdout, stderr: stderr, env: env}
	return c.exit(c.route(ctx, args))
}

// signaled is the cause of a context that a signal ended.
type signaled struct{ os.Signal }

func (s signaled) Error() string { return s.String() }

// untilSignal returns a context that the first signal to end ends.
func untilSignal() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() { // ends with ctx
		select {
		case s := <-signals:
			cancel(signaled{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// command is what every subcommand needs of the process it runs in.
type command struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string // as in os.Environ
}

// exitStatus is the code of a run that was not passed: it has told its story.
type exitStatus struct{ code int }

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", e.code) }

// exit prints what went wrong and returns the exit code.
func (c *command) exit(err error) int {
	if err == nil {
		return 0
	}
	if status, ok := errors.AsType[exitStatus](err); ok {
		return status.code
	}
	if s, ok := errors.AsType[signaled](err); ok {
		if n, ok := s.Signal.(syscall.Signal); ok {
			return exitSignal + int(n)
		}
	}
	problems, hints := []string{err.Error()}, []string(nil)
	if wrong, ok := errors.AsType[*usage.Error](err); ok {
		problems, hints = wrong.Problems, wrong.Hints()
	}
	for _, p := range problems {
		c.say("ERROR %s", p)
	}
	for _, h := range hints {
		c.say("%s", h)
	}
	return exitError
}

// say prints one line on stderr.
func (c *command) say(format string, args ...any) {
	// Best effort: there is nowhere left to report that stderr cannot be written.
	_, _ = fmt.Fprintf(c.stderr, format+"\n", args...)
}
