package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/merge"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// shardAdditions returns what the shards add to the history, each as the run that it was. It only ever
// helps: what goes wrong is a warning.
func (c *command) shardAdditions(set *merge.Set) history.Additions {
	var all history.Additions
	for i := range set.Shards() {
		r, file := set.Reader(i)
		added, err := recordedAdditions(r, c.env.list)
		if err != nil {
			c.log.warnf("%s: %v", file, err)
			continue
		}
		all.Runs = append(all.Runs, added.Runs...)
	}
	return all
}

// rememberShards adds to the history here what the shards have shown. A run that was here has remembered
// itself.
func (c *command) rememberShards(set *merge.Set, added history.Additions, opts *options) {
	args, err := gotest.ParseArgs(set.Shards()[0].Command, c.env.list)
	if err != nil || len(added.Runs) == 0 {
		return // they have run nothing
	}
	where := c.historyLocation(opts.run.history, args.Dir)
	path := where.Path()
	if path == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), saveLimit)
	defer cancel()
	if err := history.Add(ctx, path, where.Module, added, time.Now()); err != nil {
		c.log.warnf("%v", err)
	}
}

// encoded returns additions as a record holds them; nil: there are none.
func encoded(added history.Additions) (io.Reader, error) {
	if len(added.Runs) == 0 {
		return nil, nil
	}
	text, err := added.Encode()
	if err != nil {
		return nil, fmt.Errorf("record what the run adds to the history: %w", err)
	}
	return bytes.NewReader(text), nil
}

// recordedAdditions returns what the run of a record adds to a history: what the record says of it, or
// if it is older than that, what its processes have shown.
func recordedAdditions(r *record.Reader, env []string) (history.Additions, error) {
	in, err := r.History()
	if err != nil {
		return history.Additions{}, err
	}
	if in == nil {
		return shownAdditions(r, env)
	}
	text, err := io.ReadAll(in)
	if err := errors.Join(err, in.Close()); err != nil {
		return history.Additions{}, fmt.Errorf("read what the run adds to the history: %w", err)
	}
	return history.ParseAdditions(text)
}

// shownAdditions makes them of the processes of a run.
func shownAdditions(r *record.Reader, env []string) (history.Additions, error) {
	m := r.Manifest
	args, err := gotest.ParseArgs(m.Command, env)
	if err != nil || m.Run == "" {
		return history.Additions{}, nil // the go command ran the tests, if anything did
	}
	run := history.Run{ID: m.Run, Start: m.Start, Variant: variant(args)}
	if seed, err := strconv.ParseInt(m.Seed, 10, 64); err == nil {
		run.Seed, run.Shuffled = seed, true
	}
	off, _ := history.Open("", m.Module) // warns of files only, and this has none
	recorder := off.NewRun(run)
	for p, err := range r.Processes() {
		if err != nil {
			return history.Additions{}, err
		}
		rememberProcess(recorder, p)
	}
	return recorder.Additions(), nil
}

// rememberProcess adds what a process has shown, as the run itself did.
func rememberProcess(recorder *history.Recorder, p record.Process) {
	if p.Kind != "first" && p.Kind != "attempt" || p.End.IsZero() {
		return
	}
	var first time.Time
	for _, t := range p.Tests {
		if first.IsZero() || t.Start.Before(first) {
			first = t.Start
		}
		outcome := history.Outcome{Attempt: p.Attempt, Elapsed: t.Elapsed}
		switch t.Result {
		case "pass":
			outcome.Result = history.Pass
		case "skip":
			outcome.Result = history.Skip
		case "fail":
			outcome.Result = history.Fail
		default:
			outcome.Result, outcome.Elapsed = history.Fail, -1 // its process died
		}
		recorder.Add(p.Package, t.Name, outcome)
	}
	if !first.IsZero() {
		recorder.Startup(p.Package, first.Sub(p.Start))
	}
}
