package progress

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Span is a process that has run.
type Span struct {
	Worker   int
	Package  string
	Name     string // of its group, or of its only test; "": several tests
	Tests    int    // how many it ran; 0: not known
	Start    time.Time
	End      time.Time
	CPU      time.Duration // that it used; 0: not known
	TestMain bool          // the package has one, so that it is one process by default
	Parts    int           // how many processes ran its only test together; 0: it ran its tests whole
	Locks    []string      // that it held, sorted
	Serial   bool          // nothing else was to run beside it
}

// Timeline is what is known of the time of a run.
type Timeline struct {
	Spans        []Span
	Builds       []Build // in order
	Began, Ended time.Time
	Workers      int
	// Name shortens a package path.
	Name func(pkg string) string
	// Subtests returns what the direct subtests of a test took in its first attempt; nil: not known.
	Subtests func(pkg, test string) []time.Duration
}

// span describes a process that has ended.
func (s *State) span(p *processState, e ProcessEnd) Span {
	span := Span{
		Worker: p.Worker, Package: p.Package, Name: p.Group, Tests: len(p.Tests), Start: p.Start, End: e.End,
		CPU: e.CPU, TestMain: s.pkg(p.Package).TestMain, Parts: p.Parts,
		Locks: p.Locks, Serial: p.Serial,
	}
	if span.Name == "" && len(p.Tests) == 1 {
		span.Name = p.Tests[0]
	}
	return span
}

const (
	// boundedRun is from which length on it is said what bounded a run: below, nobody waits.
	boundedRun = 10 * time.Second
	// longShare is what part of a run a single process has to take to have bounded it, and
	// busyShare what part of their time all workers have to be busy for them to have.
	longShare, busyShare = 0.6, 0.85
	// buildShare is what part of a run may pass before the first process starts, and for what part
	// of it workers may be idle while something is built.
	buildShare = 0.5
)

// BoundedByBuilding begins what Bound says of a run in which the workers waited for builds, or in
// which the first process came late.
const BoundedByBuilding = "bounded by building"

// Bound says in a sentence what bounded a run, and what would help if that is known: "" for a short
// run, or one in which no one thing did.
func (t Timeline) Bound() string {
	spans, name, wall := t.Spans, t.Name, t.Ended.Sub(t.Began)
	if wall < boundedRun || len(spans) == 0 {
		return ""
	}
	workers := max(t.Workers, 1)
	longest, first := spans[0], spans[0].Start
	var busy time.Duration
	for _, s := range spans {
		if s.took() > longest.took() {
			longest = s
		}
		if s.Start.Before(first) {
			first = s.Start
		}
		busy += s.took()
	}
	long := float64(longest.took()) >= longShare*float64(wall)
	start := first.Sub(t.Began)
	switch {
	case long && workers > 1 && longest.wholeForTestMain(spans):
		return fmt.Sprintf("longest: %s %s of %s in one process, for its TestMain: with --testmain=per-worker about %s",
			name(longest.Package), short(longest.took()), short(wall), short(start+makespan(split(spans, longest, workers), workers)))
	case long && longest.Parts > 0:
		return fmt.Sprintf("longest: %s, one of its %d parts %s of %s", longest.title(name), longest.Parts, short(longest.took()), short(wall))
	case long && longest.Name != "":
		return fmt.Sprintf("longest: %s %s of %s: %s", longest.title(name), short(longest.took()), short(wall), t.splitting(longest, start))
	case t.lock() != nil:
		return t.lock().sentence(wall, start)
	case t.build() != nil:
		return t.build().sentence(wall)
	case float64(busy) >= busyShare*float64(workers)*float64(wall):
		return fmt.Sprintf("bounded by workers: all %d were busy for %d%% of %s: %s",
			workers, 100*busy/(time.Duration(workers)*wall), short(wall), moreWorkers(spans, start, workers))
	case float64(start) >= buildShare*float64(wall):
		return fmt.Sprintf(BoundedByBuilding+": the first test process started after %s of %s", short(start), short(wall))
	case long:
		return fmt.Sprintf("longest: %s %s of %s in one process", longest.title(name), short(longest.took()), short(wall))
	}
	return ""
}

const (
	// insideShare is what part of a test has to be in its subtests for its parts to be worth a word,
	// and splitGain what part of the run may remain then.
	insideShare, splitGain = 0.5, 0.9
)

// splitting says what comes of it if the longest unit is split. start is when the first process
// began.
func (t Timeline) splitting(longest Span, start time.Duration) string {
	const anyhow = "split it, or nothing gets faster"
	if longest.Tests != 1 || t.Workers < 2 || t.Subtests == nil {
		return anyhow
	}
	subtests := t.Subtests(longest.Package, longest.Name)
	var inside time.Duration
	for _, d := range subtests {
		inside += d
	}
	if len(subtests) < 2 || float64(inside) < insideShare*float64(longest.took()) {
		return anyhow
	}
	took := []time.Duration{max(0, longest.took()-inside)}
	for _, d := range subtests {
		// Those that ran in parallel took more together than the test.
		took = append(took, time.Duration(float64(d)*min(1, float64(longest.took())/float64(inside))))
	}
	for _, s := range t.Spans {
		if !s.same(longest) {
			took = append(took, s.took())
		}
	}
	about := start + makespan(took, t.Workers)
	if float64(about) > splitGain*float64(t.Ended.Sub(t.Began)) {
		return anyhow
	}
	return fmt.Sprintf("with //cohort:split, if its subtests do not need each other, about %s", short(about))
}

// waitShare is what part of their time processes may compute to be said to wait: twice as many
// of them need no more cores then.
const waitShare = 0.5

// moreWorkers says what would help a run whose workers were all busy. start is when the first of
// them began.
func moreWorkers(spans []Span, start time.Duration, workers int) string {
	var busy, cpu time.Duration
	took := make([]time.Duration, len(spans))
	for i, s := range spans {
		took[i] = s.took()
		busy += took[i]
		cpu += s.CPU
	}
	if cpu <= 0 || float64(cpu) > waitShare*float64(busy) {
		return "only more of them, or faster tests, help"
	}
	return fmt.Sprintf("the tests mostly wait, with -n %d about %s", 2*workers, short(start+makespan(took, 2*workers)))
}

// split returns what spans take if the tests of one are shared out to all workers evenly.
func split(spans []Span, one Span, workers int) []time.Duration {
	parts := min(workers, one.Tests)
	var took []time.Duration
	for _, s := range spans {
		if !s.same(one) {
			took = append(took, s.took())
			continue
		}
		for range parts {
			took = append(took, s.took()/time.Duration(parts))
		}
	}
	return took
}

// makespan returns how long workers take that run the longest of what waits first.
func makespan(took []time.Duration, workers int) time.Duration {
	took = slices.Clone(took)
	slices.SortFunc(took, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	ends := make([]time.Duration, workers)
	for _, d := range took {
		i := slices.Index(ends, slices.Min(ends))
		ends[i] += d
	}
	return slices.Max(ends)
}

// wholeForTestMain reports whether a process ran all tests of a package because it has a TestMain.
func (s Span) wholeForTestMain(spans []Span) bool {
	other := func(o Span) bool { return o.Package == s.Package && !o.same(s) }
	return s.TestMain && s.Tests > 1 && !slices.ContainsFunc(spans, other)
}

// same reports whether o is the same process.
func (s Span) same(o Span) bool {
	return s.Worker == o.Worker && s.Package == o.Package && s.Name == o.Name && s.Start.Equal(o.Start) && s.End.Equal(o.End)
}

func (s Span) took() time.Duration { return s.End.Sub(s.Start) }

func (s Span) title(name func(string) string) string {
	title := name(s.Package)
	if s.Name != "" {
		title += " " + s.Name
	}
	return printable(title)
}
