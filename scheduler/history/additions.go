package history

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Additions are what runs add to a history, for a file that is carried to it. Its JSON form is an
// interface: records hold it. Encode and ParseAdditions are the ways to and from it.
type Additions struct {
	Runs []AddedRun `json:"runs"`
}

// AddedRun is what one run adds.
type AddedRun struct {
	ID       string         `json:"id"`
	Start    time.Time      `json:"start"`
	Seed     *int64         `json:"seed,omitempty"` // nil: source order
	Variant  string         `json:"variant,omitempty"`
	Packages []AddedPackage `json:"packages,omitempty"`
}

// AddedPackage is what a run adds to a package. Durations are microseconds.
type AddedPackage struct {
	Path    string      `json:"path"`
	Startup []int64     `json:"startup,omitempty"`
	Tests   []AddedTest `json:"tests,omitempty"`
	Debts   []Debt      `json:"debts,omitempty"`
}

// AddedTest is what a run adds to a test; one without outcomes exists and did not run. Durations are
// microseconds, those of failures apart from those of passes and skips.
type AddedTest struct {
	Name     string         `json:"name"`
	Outcomes []AddedOutcome `json:"outcomes,omitempty"`
	Good     []int64        `json:"good,omitempty"`
	Bad      []int64        `json:"bad,omitempty"`
}

// AddedOutcome is how one execution of a test ended: result is pass, fail or skip.
type AddedOutcome struct {
	Attempt int    `json:"attempt,omitempty"`
	Result  string `json:"result"`
}

// Additions returns what was recorded since the last Save.
func (r *Recorder) Additions() Additions {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pkgs) == 0 {
		return Additions{}
	}
	run := AddedRun{ID: r.run.ID, Start: r.run.Start, Variant: r.run.Variant}
	if r.run.Shuffled {
		run.Seed = &r.run.Seed
	}
	for _, path := range slices.Sorted(maps.Keys(r.pkgs)) {
		run.Packages = append(run.Packages, r.pkgs[path].added(path))
	}
	return Additions{Runs: []AddedRun{run}}
}

func (p *pkgDelta) added(path string) AddedPackage {
	added := AddedPackage{Path: path, Startup: slices.Clone(p.startup), Debts: slices.Clone(p.debts)}
	for _, name := range slices.Sorted(maps.Keys(p.tests)) {
		t := p.tests[name]
		test := AddedTest{Name: name, Good: slices.Clone(t.good), Bad: slices.Clone(t.bad)}
		for _, o := range t.outcomes {
			test.Outcomes = append(test.Outcomes, AddedOutcome{o.attempt, o.result.String()})
		}
		added.Tests = append(added.Tests, test)
	}
	return added
}

// Encode returns the JSON form.
func (a Additions) Encode() ([]byte, error) { return json.Marshal(a) }

// ParseAdditions reads the JSON form and checks it.
func ParseAdditions(text []byte) (Additions, error) {
	var a Additions
	if err := json.Unmarshal(text, &a); err != nil {
		return Additions{}, fmt.Errorf("additions to a history: %w", err)
	}
	for _, run := range a.Runs {
		if _, err := run.delta(); err != nil {
			return Additions{}, fmt.Errorf("additions to a history: run %.40q: %w", run.ID, err)
		}
	}
	return a, nil
}

// delta returns what the Recorder of the run held.
func (a AddedRun) delta() (*delta, error) {
	run := Run{ID: a.ID, Start: a.Start, Variant: a.Variant}
	if a.Seed != nil {
		run.Seed, run.Shuffled = *a.Seed, true
	}
	d := &delta{recorder: &Recorder{run: run}, pkgs: make(map[string]*pkgDelta)}
	for _, p := range a.Packages {
		pkg := &pkgDelta{startup: p.Startup, tests: make(map[string]*testDelta), debts: p.Debts}
		if _, twice := d.pkgs[p.Path]; twice || p.Path == "" {
			return nil, fmt.Errorf("package %.100q is there twice, or has no name", p.Path)
		}
		d.pkgs[p.Path] = pkg
		if err := checkMicros(p.Startup); err != nil {
			return nil, fmt.Errorf("package %.100q: %w", p.Path, err)
		}
		for _, t := range p.Tests {
			test, err := t.delta()
			if _, twice := pkg.tests[t.Name]; twice {
				err = errors.New("it is there twice")
			}
			if err != nil {
				return nil, fmt.Errorf("%.100q %.100q: %w", p.Path, t.Name, err)
			}
			pkg.tests[t.Name] = test
		}
	}
	return d, nil
}

func (a AddedTest) delta() (*testDelta, error) {
	t := &testDelta{good: a.Good, bad: a.Bad}
	for _, o := range a.Outcomes {
		var result Result
		for _, known := range []Result{Pass, Fail, Skip} {
			if o.Result == known.String() {
				result = known
			}
		}
		if result == 0 || o.Attempt < 0 || o.Attempt > maxNumber {
			return nil, fmt.Errorf("outcome %.40q of attempt %d", o.Result, o.Attempt)
		}
		t.outcomes = append(t.outcomes, outcomeDelta{o.Attempt, result})
	}
	if len(t.outcomes) > maxOutcomes {
		return nil, fmt.Errorf("%d outcomes", len(t.outcomes))
	}
	return t, errors.Join(checkMicros(a.Good), checkMicros(a.Bad))
}

func checkMicros(all []int64) error {
	for _, n := range all {
		if n < 0 || n > maxNumber {
			return fmt.Errorf("a duration of %d microseconds is out of range", n)
		}
	}
	return nil
}

// Add adds what runs have shown to the history at out, which need not exist: as each of them would have
// done at its end. A run that the history knows is left out, so that adding again changes nothing. A run
// that is older than the last one that the history knows is merged as a file of its own would be.
// module is for a history that has none yet.
func Add(ctx context.Context, out, module string, a Additions, now time.Time) error {
	runs := slices.Clone(a.Runs)
	slices.SortStableFunc(runs, func(a, b AddedRun) int { return a.Start.Compare(b.Start) })
	var all []*delta
	for _, run := range runs {
		d, err := run.delta()
		if err != nil {
			return fmt.Errorf("add to history %s: run %.40q: %w", out, run.ID, err)
		}
		all = append(all, d)
	}
	_, err := update(ctx, out, func(st *state) {
		st.module = cmp.Or(st.module, module)
		for _, d := range all {
			st.add(d)
		}
		st.expire(now)
	})
	if err != nil {
		return fmt.Errorf("add to history %s: %w", out, err)
	}
	return nil
}

// add adds the delta of a run that may be older than others.
func (st *state) add(d *delta) {
	run := d.recorder.run
	info := runInfo{start: run.Start.UnixMilli(), id: run.ID, seed: run.Seed, shuffled: run.Shuffled}
	known := func(r runInfo) bool { return r.id == info.id && r.seed == info.seed && r.shuffled == info.shuffled }
	if slices.ContainsFunc(st.runs, known) {
		return
	}
	later := func(r runInfo) bool { return compareRuns(r, info) > 0 }
	if !slices.ContainsFunc(st.runs, later) {
		st.apply(d)
		return
	}
	own := &state{next: 1}
	own.apply(d)
	*st = *combine(st, own)
}
