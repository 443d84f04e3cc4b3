package history

import (
	"slices"
	"time"
)

// expire forgets what the bounds say, as of now.
func (st *state) expire(now time.Time) {
	st.pkgs = slices.DeleteFunc(st.pkgs, func(p *pkgState) bool { return st.abandoned(p, now) })
	for _, p := range st.pkgs {
		p.tests = slices.DeleteFunc(p.tests, func(t testState) bool {
			keep := keepTestRuns
			if isSubtest(t.name) {
				keep = keepSubtestRuns
			}
			return p.runs-t.seen > keep
		})
	}
	st.dropExcessTests()
	st.dropRuns()
}

// abandoned reports whether nobody runs p any more.
func (st *state) abandoned(p *pkgState, now time.Time) bool {
	if st.next-p.last <= keepPackageRuns {
		return false
	}
	r := st.run(p.last)
	// The run itself is forgotten only when maxRuns later ones are known.
	return r == nil || now.Sub(time.UnixMilli(r.start)) > keepPackageTime
}

// dropExcessTests removes whole packages, the ones run longest ago first, until maxTests holds. A single package
// that is larger than that loses its last tests.
func (st *state) dropExcessTests() {
	total := 0
	for _, p := range st.pkgs {
		total += len(p.tests)
	}
	if total <= maxTests {
		return
	}
	oldestFirst := slices.Clone(st.pkgs)
	slices.SortStableFunc(oldestFirst, func(a, b *pkgState) int { return a.last - b.last })
	drop := make(map[*pkgState]bool)
	for i, p := range oldestFirst {
		if total <= maxTests {
			break
		}
		if i == len(oldestFirst)-1 {
			p.tests = p.tests[:maxTests]
			break
		}
		drop[p] = true
		total -= len(p.tests)
	}
	st.pkgs = slices.DeleteFunc(st.pkgs, func(p *pkgState) bool { return drop[p] })
}

// dropRuns removes the runs that nothing refers to, all but the latest maxRuns of the rest, and then the outcomes
// of runs that are gone.
func (st *state) dropRuns() {
	st.trimAllOutcomes(0)
	used := st.usedRuns()
	used[st.lastSeedRun()] = true
	st.runs = slices.DeleteFunc(st.runs, func(r runInfo) bool { return !used[r.num] })
	if extra := len(st.runs) - maxRuns; extra > 0 {
		st.runs = slices.Delete(st.runs, 0, extra)
		st.trimAllOutcomes(st.runs[0].num)
	}
}

func (st *state) trimAllOutcomes(oldest int) {
	for _, p := range st.pkgs {
		for i := range p.tests {
			p.tests[i].outcomes = trimOutcomes(p.tests[i].outcomes, oldest)
		}
	}
}

// usedRuns returns the numbers of the runs that a package or an outcome refers to.
func (st *state) usedRuns() map[int]bool {
	used := make(map[int]bool)
	var latest outcomeSpan // the tests of a suite mostly have the same spans: mark them once
	for _, p := range st.pkgs {
		used[p.last] = true
		for _, t := range p.tests {
			for _, s := range t.outcomes {
				if s.first == latest.first && s.last == latest.last {
					continue
				}
				for n := s.first; n <= s.last; n++ {
					used[n] = true
				}
				latest = s
			}
		}
	}
	return used
}

// lastSeedRun returns the number of the latest shuffled run, or 0.
func (st *state) lastSeedRun() int {
	for i := len(st.runs) - 1; i >= 0; i-- {
		if st.runs[i].shuffled {
			return st.runs[i].num
		}
	}
	return 0
}
