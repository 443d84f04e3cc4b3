package history

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// applyRun adds one run in memory.
func applyRun(st *state, run Run, add func(*Recorder)) {
	h := &History{}
	r := h.NewRun(run)
	add(r)
	if d := r.take(); d != nil {
		st.apply(d)
	}
	st.expire(run.Start)
}

func mustDecode(t testing.TB, st *state) *state {
	t.Helper()
	back, err := decode(string(st.encode()))
	if err != nil {
		t.Fatalf("what was written cannot be read: %v", err)
	}
	return back
}

func TestRemovedTestsExpire(t *testing.T) {
	t.Parallel()
	st := &state{next: 1}
	for i := range 3 * keepTestRuns {
		applyRun(st, Run{ID: fmt.Sprint(i), Start: day}, func(r *Recorder) {
			r.Add("p", "TestStays", Outcome{Result: Pass})
			r.Declared("p", []string{"TestFilteredOut"})
			r.Add("p", fmt.Sprintf("Test%d", i), Outcome{Result: Pass})
		})
	}
	p := mustDecode(t, st).pkg("p")
	if got, want := len(p.tests), 2+keepTestRuns+1; got != want {
		t.Errorf("%d tests, want %d", got, want)
	}
	if p.test("TestStays") == nil || p.test("TestFilteredOut") == nil {
		t.Error("a test that exists has expired")
	}
}

func TestAbandonedPackagesExpire(t *testing.T) {
	t.Parallel()
	run := func(days, runs int) *state {
		st := &state{next: 1}
		applyRun(st, Run{ID: "first", Start: day}, func(r *Recorder) { r.Add("gone", "T", Outcome{Result: Pass}) })
		later := day.Add(time.Duration(days) * 24 * time.Hour)
		for i := range runs {
			applyRun(st, Run{ID: fmt.Sprint(i), Start: later}, func(r *Recorder) { r.Add("p", "T", Outcome{Result: Pass}) })
		}
		return st
	}
	cases := []struct {
		days, runs int
		kept       bool
	}{{1, 300, true}, {10000, 3, true}, {100, 300, false}, {-10000, 300, true}}
	for _, c := range cases {
		if kept := run(c.days, c.runs).pkg("gone") != nil; kept != c.kept {
			t.Errorf("after %d days and %d runs: kept = %v", c.days, c.runs, kept)
		}
	}
}

// TestBoundsHold runs odd histories and looks at every bound after each run.
func TestBoundsHold(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		st := &state{next: 1}
		for i := range 400 {
			start := day.Add(time.Duration(rnd.IntN(2000)-1000) * time.Hour)
			run := Run{ID: fmt.Sprint(i), Start: start, Seed: rnd.Int64(), Shuffled: rnd.IntN(2) == 0, Variant: fmt.Sprint("v", rnd.IntN(20))}
			applyRun(st, run, func(r *Recorder) {
				for range rnd.IntN(60) {
					pkg, test := fmt.Sprint("p", rnd.IntN(3)), fmt.Sprint("T", rnd.IntN(10))
					result := []Result{Pass, Fail, Skip}[rnd.IntN(3)]
					r.Startup(pkg, time.Duration(rnd.IntN(1000)))
					r.Add(pkg, test, Outcome{Attempt: rnd.IntN(3), Result: result, Elapsed: time.Duration(rnd.Int64())})
				}
			})
		}
		// decode enforces the bounds of tests.
		back := mustDecode(t, st)
		if len(back.runs) > maxRuns {
			t.Errorf("seed %d: %d runs", seed, len(back.runs))
		}
		for _, p := range back.pkgs {
			for _, tt := range p.tests {
				for _, s := range tt.outcomes {
					if back.run(s.first) == nil || back.run(s.last) == nil {
						t.Fatalf("seed %d: outcome %v of a forgotten run", seed, s)
					}
				}
			}
		}
	}
}

func TestScatteredRunsAreBounded(t *testing.T) {
	t.Parallel()
	st := &state{next: 1}
	for i := range maxRuns + 500 {
		applyRun(st, Run{ID: fmt.Sprint(i), Start: day}, func(r *Recorder) {
			r.Add(fmt.Sprintf("p%04d", i), "T", Outcome{Result: Pass})
		})
	}
	back := mustDecode(t, st)
	if len(back.runs) != maxRuns {
		t.Errorf("%d runs, want %d", len(back.runs), maxRuns)
	}
	if back.pkg("p0000") != nil || back.pkg("p1499") == nil {
		t.Error("not the oldest packages were forgotten")
	}
}

func TestTooManyTests(t *testing.T) {
	t.Parallel()
	st := &state{next: 1}
	for i, n := range []int{10, maxTests - 5, 3} {
		applyRun(st, Run{ID: fmt.Sprint(i), Start: day}, func(r *Recorder) {
			for k := range n {
				r.Add(fmt.Sprint("p", i), fmt.Sprintf("T%07d", k), Outcome{Result: Pass})
			}
		})
	}
	total := 0
	for _, p := range st.pkgs {
		total += len(p.tests)
	}
	if total > maxTests || st.pkg("p0") != nil || st.pkg("p1") == nil {
		t.Errorf("%d tests are kept, p0 kept: %v", total, st.pkg("p0") != nil)
	}
}
