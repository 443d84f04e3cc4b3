package history

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestDebts walks through runs and checks after each what has to run again.
func TestDebts(t *testing.T) {
	t.Parallel()
	bad := func(names ...string) Debt { return Debt{Bad: names} }
	good := func(names ...string) Debt { return Debt{Good: names} }
	for _, walk := range []struct {
		name  string
		debts []Debt
		want  []string // "" is the package
	}{
		{"nothing", nil, nil},
		{"failed", []Debt{bad("A", "B")}, []string{"A", "B"}},
		{"mended", []Debt{bad("A", "B"), good("A")}, []string{"B"}},
		{"a run of other tests", []Debt{bad("A"), good("B", "C")}, []string{"A"}},
		{"a run that did not come to it", []Debt{bad("A"), {}}, []string{"A"}},
		{"failed again", []Debt{bad("A"), good("A"), bad("A")}, []string{"A"}},
		{"did not build", []Debt{{Failed: true}}, []string{"", "A", "B", "C"}},
		{"a part of a package that did not build", []Debt{{Failed: true}, good("A")}, []string{"", "A", "B", "C"}},
		{"all of a package that did not build", []Debt{{Failed: true}, {Good: []string{"A", "B", "C"}, Passed: true}}, nil},
		{"did not build and had failed before", []Debt{bad("A"), {Failed: true}, {Good: []string{"A", "B", "C"}, Passed: true}}, nil},
		{"failed outside its tests", []Debt{{Good: []string{"A", "B", "C"}, Failed: true}}, []string{"", "A", "B", "C"}},
	} {
		path := filepath.Join(t.TempDir(), "history")
		for i, d := range walk.debts {
			h := mustOpen(t, path)
			h.NewRun(Run{ID: string(rune('a' + i)), Start: day}).Owe("p", d)
			mustSave(t, h, day)
		}
		s := mustOpen(t, path).Snapshot("race")
		var got []string
		for _, name := range []string{"", "A", "B", "C"} {
			if s.Owes("p", name) {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, walk.want) {
			t.Errorf("%s: %q has to run again, want %q", walk.name, got, walk.want)
		}
		if s.Owes("other", "A") || s.Owes("other", "") {
			t.Errorf("%s: an unknown package has to run again", walk.name)
		}
	}
}

func TestKnows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	h := mustOpen(t, path)
	if !h.Snapshot("").Empty() {
		t.Error("an empty history is not empty")
	}
	r := h.NewRun(Run{ID: "a", Start: day})
	r.Declared("p", []string{"TestNever"})
	r.Add("p", "TestSkipped", Outcome{Result: Skip})
	mustSave(t, h, day)
	s := mustOpen(t, path).Snapshot("race")
	for _, known := range []bool{!s.Empty(), s.Knows("p", "TestSkipped"), s.Knows("p", "TestNever"), s.Knows("p", "")} {
		if !known {
			t.Error("what was recorded is not known")
		}
	}
	if s.Knows("p", "TestNew") || s.Knows("q", "TestSkipped") || s.Knows("q", "") {
		t.Error("what was not recorded is known")
	}
}

// TestBuildFailuresForgetNoTest: a package that does not build for long keeps what is known of its tests.
func TestBuildFailuresForgetNoTest(t *testing.T) {
	t.Parallel()
	st := &state{next: 1}
	applyRun(st, Run{ID: "first", Start: day}, func(r *Recorder) { r.Add("p", "T", Outcome{Result: Pass}) })
	for i := range 2 * keepTestRuns {
		applyRun(st, Run{ID: string(rune('a' + i)), Start: day}, func(r *Recorder) { r.Owe("p", Debt{Failed: true}) })
	}
	if p := mustDecode(t, st).pkg("p"); p.test("T") == nil || !p.owed {
		t.Errorf("%+v", p)
	}
}

// TestGiveBackKeepsDebts: a save that failed is made up for by the next.
func TestGiveBackKeepsDebts(t *testing.T) {
	t.Parallel()
	r := (&History{}).NewRun(Run{ID: "a", Start: day})
	r.Owe("p", Debt{Bad: []string{"A"}})
	d := r.take()
	r.Owe("p", Debt{Good: []string{"A"}, Bad: []string{"B"}})
	r.giveBack(d)
	st := &state{next: 1}
	st.apply(r.take())
	s := &Snapshot{state: st}
	if s.Owes("p", "A") || !s.Owes("p", "B") {
		t.Error("the later debt does not count")
	}
}

// TestMergeDebts merges two files that grew from one, in both orders.
func TestMergeDebts(t *testing.T) {
	t.Parallel()
	run := func(n int) Run { return Run{ID: string(rune('a' + n)), Start: day.AddDate(0, 0, n)} }
	fails := func(r *Recorder) { r.Add("p", "T", Outcome{Result: Fail}); r.Owe("p", Debt{Bad: []string{"T"}}) }
	passes := func(r *Recorder) { r.Add("p", "T", Outcome{Result: Pass}); r.Owe("p", Debt{Good: []string{"T"}}) }
	for _, tc := range []struct {
		name string
		a, b []func(*Recorder) // by day; nil: it did not run
		want bool
	}{
		{"later mended", []func(*Recorder){fails}, []func(*Recorder){fails, passes}, false},
		{"later broken", []func(*Recorder){passes}, []func(*Recorder){passes, fails}, true},
		{"mended in another file", []func(*Recorder){fails}, []func(*Recorder){nil, passes}, false},
		{"broken in another file", []func(*Recorder){nil, fails}, []func(*Recorder){passes}, true},
		{"cut off later", []func(*Recorder){passes}, []func(*Recorder){passes, func(r *Recorder) { r.Owe("p", Debt{Bad: []string{"T"}}) }}, true},
		{"only one file knows it", []func(*Recorder){fails}, nil, true},
	} {
		grow := func(runs []func(*Recorder)) *state {
			st := &state{next: 1}
			for n, f := range runs {
				if f != nil {
					applyRun(st, run(n), f)
				}
			}
			return st
		}
		a, b := grow(tc.a), grow(tc.b)
		for _, st := range []*state{combine(a, b), combine(b, a)} {
			if got := (&Snapshot{state: mustDecode(t, st)}).Owes("p", "T"); got != tc.want {
				t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
			}
		}
	}
}
