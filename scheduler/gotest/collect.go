package gotest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Collected is what a go command said that built test binaries and ran none.
type Collected struct {
	// Started are the packages in the order in which their tests would have run.
	Started []string
	// Said is what was printed of each package that did not fail, beside its events.
	Said map[string]string
	// Trouble is what was said of what could not be built, vetted or loaded, Code the exit status.
	Trouble string
	Code    int
}

// collectGrace is how long the go command may take to end after an interrupt.
const collectGrace = 10 * time.Second

// Collect runs the go command that [Args.Command] has made, in dir and with env, and calls take with
// each test binary when it is to be run; the go command hears that it passed. When take returns, the
// binary may be gone. The run ends early with take's first error, which it returns, and with ctx, of
// which it returns the cause.
func Collect(ctx context.Context, l *Listener, words []string, dir string, env []string, take func(*Request) error) (*Collected, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env = dir, append(env[:len(env):len(env)], l.Env())
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
	cmd.WaitDelay = collectGrace
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start go test: %w", err)
	}
	events := make(chan *Collected, 1)
	go func() { events <- readCollected(stdout) }() // ends with the command's output
	col := takeAll(l, events, take, stop)
	if waitErr := cmd.Wait(); waitErr != nil {
		var exit *exec.ExitError
		if !errors.As(waitErr, &exit) && ctx.Err() == nil {
			return nil, fmt.Errorf("go test: %w", waitErr)
		}
		col.Code = max(1, cmd.ProcessState.ExitCode())
	}
	col.Trouble = stderr.String() + col.Trouble
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return col, nil
}

// interrupt asks the go command to end.
func interrupt(p *os.Process) error {
	if runtime.GOOS == "windows" { // it has no such signal
		return p.Kill()
	}
	return p.Signal(os.Interrupt)
}

// takeAll takes the binaries until the go command's output ends. It calls stop with the first error,
// and takes no more.
func takeAll(l *Listener, events <-chan *Collected, take func(*Request) error, stop context.CancelCauseFunc) *Collected {
	var failed error
	for {
		select {
		case req := <-l.Requests():
			if failed == nil {
				if failed = take(req); failed != nil {
					stop(failed)
				}
			}
			// If exec-test is gone, the go command says so.
			_ = req.Exit(0)
		case col := <-events:
			return col
		}
	}
}

// readCollected reads go test -json to its end. No package fails in its tests, as none are run, so
// that those that fail are what could not be built, vetted or loaded.
func readCollected(r io.Reader) *Collected {
	col := &Collected{Said: make(map[string]string)}
	var trouble strings.Builder
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e struct{ Action, Package, Output string }
		if len(line) > 0 && json.Unmarshal(line, &e) != nil {
			trouble.Write(line)
		}
		switch e.Action {
		case "start":
			col.Started = append(col.Started, e.Package)
		case "build-output":
			trouble.WriteString(e.Output)
		case "output":
			col.Said[e.Package] += e.Output
		case "fail":
			trouble.WriteString(col.Said[e.Package])
			delete(col.Said, e.Package)
		}
		if err != nil {
			col.Trouble = trouble.String()
			return col
		}
	}
}
