package main

import (
	"errors"
	"io"
	"strings"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
)

// heldRun is a run whose failed packages are shown only when their reruns are done.
type heldRun struct {
	run  *testRun
	mode report.HoldMode
	hold *report.Hold
	exec *testjson.Execution // of all events, also of those that are never shown
}

// scanFirst scans the first pass and shows, in a scan of its own, the packages that
// pass.
func (h *heldRun) scanFirst(first *stream, kill func()) error {
	r := h.run
	passed, pipe := io.Pipe()
	h.hold = report.NewHold(report.HoldConfig{
		Mode: h.mode, Lines: r.lines, Passed: pipe, Err: r.handler.Err, MaxFails: r.opts.maxFails, Excuses: r.excuses,
	})
	shown := make(chan error, 1)
	go func() { // ends when pipe is closed, or in an error of its own
		err := r.scan(0, r.lines.Events(passed, r.badEvent), first.Stderr, kill)
		passed.CloseWithError(errNotShown)
		shown <- err
	}()
	exec, err := testjson.ScanTestOutput(testjson.ScanConfig{
		Stdout: r.events(0, first.Stdout), Handler: h.hold, Stop: kill,
		IgnoreNonJSONOutputLines: r.opts.ignoreNonJSONOutputLines,
	})
	h.exec = exec
	err = errors.Join(err, pipe.Close())
	showErr := <-shown
	if errors.Is(err, errNotShown) {
		return showErr
	}
	return errors.Join(err, showErr)
}

var errNotShown = errors.New("the scan that shows the packages has ended")

// scanAttempt collects a rerun.
func (h *heldRun) scanAttempt(a attempt) error {
	collect := h.hold.Add(report.Attempt{RunID: a.RunID, Package: a.Package, Unit: a.Unit, Tests: a.Tests})
	cfg := testjson.ScanConfig{
		RunID: a.RunID, Execution: h.exec, Handler: collect,
		Stdout:                   h.run.events(a.RunID, a.Stdout),
		IgnoreNonJSONOutputLines: h.run.opts.ignoreNonJSONOutputLines,
	}
	if a.Stderr != nil {
		cfg.Stderr = h.run.lines.Text(a.Stderr)
	}
	_, err := testjson.ScanTestOutput(cfg)
	return err
}

// show shows all that was held.
func (h *heldRun) show(outcome report.Outcome) error {
	highest := 0
	for _, b := range h.hold.Release(outcome) {
		highest = max(highest, b.RunID)
		if err := h.run.scan(b.RunID, h.run.lines.Events(b.Stdout, h.run.badEvent), b.Stderr, nil); err != nil {
			return err
		}
	}
	// The summary counts the runs by the last one that was scanned.
	return h.run.scan(highest, strings.NewReader(""), nil, nil)
}
