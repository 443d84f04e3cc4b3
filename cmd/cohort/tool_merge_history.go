package main

import (
	"strconv"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/merge"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// rememberShards adds to the history here what the shards have shown, each as the run that it was. It
// only ever helps: what goes wrong is a warning.
func (c *command) rememberShards(set *merge.Set, opts *options) {
	for i, m := range set.Shards() {
		processes, err := set.Processes(i)
		if err != nil {
			c.log.warnf("%v", err)
			return
		}
		args, err := gotest.ParseArgs(m.Command, c.env.list)
		if err != nil {
			continue // it has run nothing
		}
		past, err := c.openMemory(&options{run: runOptions{history: opts.run.history}}, "", args)
		if err != nil {
			c.log.warnf("%v", err)
			return
		}
		if m.Run == "" || past.file.Knows(m.Run) {
			continue // it ran here, and has remembered it itself
		}
		run := history.Run{ID: m.Run, Start: m.Start, Variant: variant(args)}
		if seed, err := strconv.ParseInt(m.Seed, 10, 64); err == nil {
			run.Seed, run.Shuffled = seed, true
		}
		recorder := past.file.NewRun(run)
		for _, p := range processes {
			rememberProcess(recorder, p)
		}
		if err := past.save(); err != nil {
			c.log.warnf("%v", err)
		}
	}
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
