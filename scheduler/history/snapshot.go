package history

import "time"

// Snapshot is what was known at one moment, for runs of one variant. It never changes, and may be used
// concurrently. All its methods report false for what is not known.
type Snapshot struct {
	state   *state
	variant string
	first   *Snapshot // asked before state for durations, or nil
}

// Read returns what the history file at path knows, for runs of the variant. An error does not name
// the path. It is fs.ErrNotExist if there is no such file.
func Read(path, variant string) (*Snapshot, error) {
	st, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return &Snapshot{state: st, variant: variant}, nil
}

// Module returns the module path of the history, "" if it has none.
func (s *Snapshot) Module() string { return s.state.module }

// Estimate returns what a top-level test will probably take. If nothing is known for the snapshot's variant, it is
// what the test took in another one: good for comparing tests, not as a time.
func (s *Snapshot) Estimate(pkg, test string) (time.Duration, bool) {
	if s.first != nil {
		if d, ok := s.first.Estimate(pkg, test); ok {
			return d, true
		}
	}
	p := s.state.pkg(pkg)
	if p == nil {
		return 0, false
	}
	t := p.test(test)
	if t == nil {
		return 0, false
	}
	return estimate(t.durations, s.variant)
}

// Total returns what the top-level tests take together of the packages of whose import paths want reports
// true, as Estimate has it.
func (s *Snapshot) Total(want func(pkg string) bool) (sum time.Duration) {
	for _, p := range s.state.pkgs {
		if !want(p.path) {
			continue
		}
		for _, t := range p.tests {
			if !isSubtest(t.name) {
				d, _ := s.Estimate(p.path, t.name) // nothing is known of its time
				sum += d
			}
		}
	}
	return sum
}

// Startup returns the time that a process of the package takes to reach its first test.
func (s *Snapshot) Startup(pkg string) (time.Duration, bool) {
	p := s.state.pkg(pkg)
	if p == nil {
		return 0, false
	}
	return estimate(p.startup, s.variant)
}

// Tests returns how many top-level tests of the package are known.
func (s *Snapshot) Tests(pkg string) (int, bool) {
	p := s.state.pkg(pkg)
	if p == nil {
		return 0, false
	}
	n := 0
	for _, t := range p.tests {
		if !isSubtest(t.name) {
			n++
		}
	}
	return n, true
}

// LastSeed returns the seed of the latest shuffled run that ran a test, for --shuffle last.
func (s *Snapshot) LastSeed() (int64, bool) {
	r := s.state.run(s.state.lastSeedRun())
	if r == nil {
		return 0, false
	}
	return r.seed, true
}

func estimate(all []samples, variant string) (time.Duration, bool) {
	found, ok := find(all, variant)
	return found.median(), ok
}

// PastOutcome is one remembered outcome.
type PastOutcome struct {
	Attempt int
	Result  Result
	// Time is when its run began; Seed is that run's, if Shuffled.
	Time     time.Time
	Seed     int64
	Shuffled bool
}

// Outcomes returns what is remembered of a test, oldest first; nil if it is unknown. A caller owns the slice.
func (s *Snapshot) Outcomes(pkg, test string) []PastOutcome {
	p := s.state.pkg(pkg)
	if p == nil {
		return nil
	}
	t := p.test(test)
	if t == nil {
		return nil
	}
	return s.state.past(t.outcomes)
}

func (st *state) past(spans []outcomeSpan) []PastOutcome {
	var all []PastOutcome
	for _, span := range spans {
		for n := span.first; n <= span.last; n++ {
			o := PastOutcome{Attempt: span.attempt, Result: span.result}
			if r := st.run(n); r != nil {
				o.Time, o.Seed, o.Shuffled = time.UnixMilli(r.start).UTC(), r.seed, r.shuffled
			}
			all = append(all, o)
		}
	}
	return all
}
