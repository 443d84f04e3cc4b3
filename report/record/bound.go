package record

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/report/progress"
)

// Bound says in a sentence what the time of a run was bounded by, in the words that the run itself
// ends with. Where no one thing was to blame, it says how busy the workers were and what ended last.
// It is empty if too little is known.
func (r *Run) Bound() string {
	wall := r.Manifest.End.Sub(r.Manifest.Start)
	if wall <= 0 {
		return ""
	}
	if len(r.Processes) == 0 {
		return r.boundByTest(wall)
	}
	workers, busy := r.Manifest.Workers, time.Duration(0)
	var spans []progress.Span
	needs := r.needs()
	for _, p := range r.Processes {
		if p.Kind == probeKind {
			continue
		}
		if p.Machine == "" { // or else it is one of those that were handed out, more than run at a time
			workers = max(workers, p.Worker+1)
		}
		busy += r.took(p)
		span := progress.Span{
			Worker: p.Worker, Package: p.Package, Name: p.Group, Tests: len(p.Tests), Start: p.Start, End: r.end(p), CPU: p.CPU,
			Locks: slices.Compact(slices.Sorted(slices.Values(needs[p.Number].locks))), Serial: needs[p.Number].serial,
		}
		if span.Name == "" && len(p.Tests) == 1 {
			span.Name = p.Tests[0].Name
		}
		spans = append(spans, span)
	}
	told := progress.Timeline{
		Spans: spans, Builds: r.Manifest.Builds, Began: r.Manifest.Start, Ended: r.testsEnded(), Workers: workers, Name: r.Manifest.Relative, Subtests: r.subtests,
	}.Bound()
	if told != "" && !r.Manifest.Verdict.CutOff() { // what was cut off shows nothing
		return told
	}
	share := float64(busy) / float64(time.Duration(workers)*wall)
	last := slices.MaxFunc(r.Processes, func(a, b Process) int { return r.end(a).Compare(r.end(b)) })
	return fmt.Sprintf("%s busy %.0f%% of the time; the last process to end was %s, after %s",
		count(workers, "worker was", "workers were"), 100*share, r.title(last), short(r.took(last)))
}

// probeKind is the kind of the processes that run tests once more to explain failures, when the run
// is over otherwise.
const probeKind = "probe"

// testsEnded is when the run was over but for the explanation of failures.
func (r *Run) testsEnded() time.Time {
	end := r.Manifest.End
	for _, p := range r.Processes {
		if p.Kind == probeKind && p.Start.Before(end) {
			end = p.Start
		}
	}
	return end
}

// subtests returns what the direct subtests of a test took in its first attempt.
func (r *Run) subtests(pkg, test string) []time.Duration {
	var took []time.Duration
	for _, t := range r.Tests {
		name, ok := strings.CutPrefix(t.Name, test+"/")
		if ok && t.Package == pkg && !strings.Contains(name, "/") && t.Attempts[0].Number == 0 {
			took = append(took, t.Attempts[0].Elapsed)
		}
	}
	return took
}

// boundByTest says what it can without processes.
func (r *Run) boundByTest(wall time.Duration) string {
	var longest *Test
	for _, t := range r.Tests {
		if t.Name != "" && (longest == nil || t.Last().Elapsed > longest.Last().Elapsed) {
			longest = t
		}
	}
	if longest == nil || longest.Last().Elapsed < wall/2 {
		return ""
	}
	return fmt.Sprintf("%s %s took %s of %s", r.Manifest.Relative(longest.Package), longest.Name, short(longest.Last().Elapsed), short(wall))
}

// end is when a process ended, or the run did.
func (r *Run) end(p Process) time.Time {
	if p.End.IsZero() {
		return r.Manifest.End
	}
	return p.End
}

func (r *Run) took(p Process) time.Duration {
	if p.Start.IsZero() {
		return 0
	}
	return r.end(p).Sub(p.Start)
}

// title names a process by what it ran.
func (r *Run) title(p Process) string {
	pkg := r.Manifest.Relative(p.Package)
	switch {
	case p.Group != "":
		return pkg + " " + p.Group
	case len(p.Tests) == 1:
		return pkg + " " + p.Tests[0].Name
	case pkg == "":
		return p.Kind
	}
	return fmt.Sprintf("%s (%s)", pkg, count(len(p.Tests), "test", "tests"))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// short rounds a duration to what a person reads.
func short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}
