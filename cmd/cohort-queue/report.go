package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/remote"
)

// report waits for the end of a run and passes on its verdict.
type report struct {
	queue queueFlags
	node  string
	junit string // a file, "" for none
}

func newReport() (*flagTable, runner) {
	r := &report{node: "report"}
	t := newTable("report")
	r.queue.bind(t)
	bindNode(t, &r.node)
	t.text(&r.junit, usage.Flag{Name: "junitfile", Path: usage.OutputFile, Help: "write the run's JUnit file"})
	return t, r
}

func (r *report) problems() []string { return append(r.queue.problems(), nodeProblems(r.node)...) }

func (r *report) run(ctx context.Context, c *command) error {
	e, err := r.queue.look(ctx, r.node)
	if err != nil {
		return err
	}
	state, err := await(ctx, e, r.queue.wait)
	if err == nil {
		err = r.tell(ctx, c, e, state)
	}
	if err := errors.Join(err, e.Close()); err != nil {
		return err
	}
	if state.Code != 0 {
		return exitStatus{state.Code}
	}
	return nil
}

// tell prints what a run has come to, and writes the files that are asked for.
func (r *report) tell(ctx context.Context, c *command, e remote.Engine, state remote.State) error {
	var problems error
	if r.junit != "" {
		problems = r.fetch(ctx, e, state.Reports.JUnit, "JUnit file", func(text []byte) error { return os.WriteFile(r.junit, text, 0o666) })
	}
	if state.Reports.Summary != "" {
		err := r.fetch(ctx, e, state.Reports.Summary, "summary", func(text []byte) error {
			_, err := c.stdout.Write(text)
			return err
		})
		problems = errors.Join(problems, err)
	}
	if _, err := fmt.Fprintln(c.stdout, state.Verdict); err != nil {
		problems = errors.Join(problems, fmt.Errorf("print the verdict: %w", err))
	}
	return problems
}

// fetch hands on one of the reports that the leader has left.
func (r *report) fetch(ctx context.Context, e remote.Engine, sum, what string, give func([]byte) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("get the run's %s: %w", what, err)
		}
	}()
	if sum == "" {
		return errors.New("its leader has left none")
	}
	dir, err := os.MkdirTemp("", "cohort-report-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // best effort
	file := filepath.Join(dir, "file")
	ctx, cancel := context.WithTimeout(ctx, r.queue.wait)
	defer cancel()
	if err := e.GetBlob(ctx, sum, file); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return give(text)
}

// await waits until a run is done. That the server is away, that nobody has begun the run or that
// nobody leads it is an error if it lasts longer than wait.
func await(ctx context.Context, e remote.Engine, wait time.Duration) (state remote.State, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	const unborn = "nobody has begun the run"
	limit := &patienceOf{wait: wait, give: cancel, reason: unborn, missing: unborn}
	limit.heed()
	err = e.Watch(ctx, remote.RunEvents|remote.LinkEvents, func(ev remote.Event) {
		if ev.Run.State.Phase == remote.Done {
			state = ev.Run.State
			cancel(nil)
		}
		limit.event(ev)
	})
	limit.stop()
	switch {
	case state.Phase == remote.Done:
		return state, nil
	case err != nil:
		return state, err
	}
	return state, context.Cause(ctx)
}

// patienceOf gives up when a run has been without a server or a leader for too long. It is for one
// goroutine.
type patienceOf struct {
	wait    time.Duration
	give    context.CancelCauseFunc
	reason  string // what is missing, "" for nothing
	down    bool
	missing string // of the run
	timer   *time.Timer
}

// event takes what was heard.
func (p *patienceOf) event(ev remote.Event) {
	before := p.reason
	switch {
	case ev.Kind == remote.LinkEvents:
		p.down = !ev.Up
	case ev.Run.Leader == "":
		p.missing = "nobody leads the run"
	default:
		p.missing = ""
	}
	p.reason = p.missing
	if p.down {
		p.reason = "the server has not answered"
	}
	if p.reason != before {
		p.heed()
	}
}

// heed begins to wait for what is missing.
func (p *patienceOf) heed() {
	p.stop()
	if p.reason == "" {
		return
	}
	why := fmt.Errorf("%s for %v: there is no verdict", p.reason, p.wait)
	p.timer = time.AfterFunc(p.wait, func() { p.give(why) })
}

func (p *patienceOf) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
