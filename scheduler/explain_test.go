package scheduler

import (
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/rerun"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// TestLateProbe has ends of the process in source order, and what is told below the failure.
func TestLateProbe(t *testing.T) {
	t.Parallel()
	const late = "not known whether go test would fail too: its process in source order was ended after 12s"
	start := time.Unix(1000, 0)
	for _, tt := range []struct {
		name, before, want string
		exit               testbin.Exit
	}{
		{"ended at the limit", "", late, testbin.Exit{Canceled: true, Start: start, End: start.Add(12100 * time.Millisecond)}},
		{"called off before", "", "", testbin.Exit{Canceled: true, Start: start, End: start.Add(time.Second)}},
		{"ended by itself", "", "", testbin.Exit{Code: 1, Start: start, End: start.Add(13 * time.Second)}},
		{"something else is known", "fails alone too", "fails alone too", testbin.Exit{Canceled: true, Start: start, End: start.Add(12 * time.Second)}},
	} {
		s := &suite{}
		unit := &ledger.Unit{Def: grouping.Unit{Group: "g"}}
		first := &job{suite: s}
		e := &explanation{
			cfg: &Config{}, inquiry: rerun.NewInquiry([]rerun.Subject{{Together: true}}),
			subjects: []explained{{suite: s, unit: unit, first: first}}, late: map[*suite]time.Duration{},
		}
		p, ok := e.inquiry.Next(func(rerun.Probe) bool { return true })
		if !ok || p.Question != rerun.Source {
			t.Fatalf("%v, %v", p, ok)
		}
		j := &job{suite: s, probe: p, limit: 12 * time.Second}
		e.ended(j, &worker.Result{Exit: tt.exit})
		c := &core{cfg: &Config{}, explanation: e}
		if got := c.reran(UnitVerdict{Note: tt.before}, s, unit).Note; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestLostIsNotExplained: what may have ended three machines does not run once more to find out why.
func TestLostIsNotExplained(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		b := newBench(t, &Config{Workers: 1})
		p := b.arrives("func TestA(t *testing.T) {}\n\nfunc TestB(t *testing.T) {}\n\nfunc TestC(t *testing.T) {}\n", false)
		p.file.rerun = "p.test"
		b.script.lost = lost
		for jobs := b.fill(); len(jobs) > 0; jobs = b.fill() {
			for _, j := range jobs {
				words := script.Process(strings.ReplaceAll(string(passing(j)), "pTestB", "fTestB"))
				b.finish(j, words, strings.Count(string(words), "fTestB"))
			}
		}
		if e := newExplanation(b.cfg, []*suite{p}, b.failed, nil); len(e.subjects) > 0 == lost {
			t.Errorf("lost %v: %d subjects", lost, len(e.subjects))
		}
		b.exit()
	}
}
