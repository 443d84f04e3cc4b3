package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// TestSetupStatus: the exit code of a run with set-ups.
func TestSetupStatus(t *testing.T) {
	t.Parallel()
	up, down := report.Setup{Name: "db", Problem: "exit status 1"}, report.Setup{Name: "db", TearDown: true, Problem: "exit status 1"}
	warning := func(s report.Setup) report.Setup {
		s.Warning = true
		return s
	}
	failed, other := exitStatus{exitFailed}, errors.New("disk full")
	for name, tc := range map[string]struct {
		status error
		setups []report.Setup
		want   int
	}{
		"none":                      {nil, nil, 0},
		"none, tests failed":        {failed, nil, 1},
		"good":                      {nil, []report.Setup{{Name: "db"}, {Name: "db", TearDown: true}}, 0},
		"a set-up":                  {nil, []report.Setup{up}, 4},
		"a set-up, tests failed":    {failed, []report.Setup{up}, 4},
		"a set-up, joined":          {errors.Join(failed), []report.Setup{up}, 4},
		"a set-up, joined others":   {errors.Join(failed, other), []report.Setup{up}, 3},
		"a set-up, something else":  {other, []report.Setup{up}, 3},
		"an interrupted set-up":     {nil, []report.Setup{warning(up)}, 0},
		"a tear-down, strictly":     {nil, []report.Setup{down}, 1},
		"a tear-down":               {nil, []report.Setup{warning(down)}, 0},
		"both":                      {nil, []report.Setup{down, up}, 4},
		"a tear-down, tests failed": {failed, []report.Setup{down}, 1},
		"a tear-down, others":       {other, []report.Setup{down}, 3},
	} {
		if got := exitCode(setupStatus(tc.status, tc.setups)); got != tc.want {
			t.Errorf("%s: exit code %d, want %d", name, got, tc.want)
		}
	}
}

// TestSetupOf: whose attempt a set-up was for is in its title, and what one of many has printed is kept
// if it failed.
func TestSetupOf(t *testing.T) {
	t.Parallel()
	on := func(a world.Attempt, err error) world.Outcome {
		return world.Outcome{Action: world.Action{Part: world.Part{Worker: 1}, For: a}, Name: "db", Output: "text", Err: err}
	}
	bad := errors.New("exit status 1")
	for _, tc := range []struct {
		of          world.Outcome
		title, text string
	}{
		{on(world.Attempt{}, nil), "set-up db of worker 1", "text"},
		{on(world.Attempt{Package: "m/e2e", Unit: "TestPay"}, nil), "set-up db of worker 1 for m/e2e TestPay", ""},
		{on(world.Attempt{Package: "m/e2e", Unit: "TestPay", Number: 2}, bad), "set-up db of worker 1 for m/e2e TestPay, rerun 2", "text"},
		{on(world.Attempt{Package: "m/e2e", Number: 1}, bad), "set-up db of worker 1 for m/e2e, rerun 1", "text"},
	} {
		if s := setupOf(withoutText(tc.of)); s.Title() != tc.title || s.Output != tc.text {
			t.Errorf("%s, %q; want %s, %q", s.Title(), s.Output, tc.title, tc.text)
		}
	}
}

// TestKeeps: when the world stays.
func TestKeeps(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mode                keepMode
		passed, failed, cut bool
	}{{"", false, false, false}, {keepNever, false, false, false}, {keepOnFailure, false, true, false}, {keepAlways, true, true, true}} {
		got := fmt.Sprint(tc.mode.keeps(false, false), tc.mode.keeps(true, false), tc.mode.keeps(true, true))
		if want := fmt.Sprint(tc.passed, tc.failed, tc.cut); got != want {
			t.Errorf("%q: %s, want %s", tc.mode, got, want)
		}
	}
}
