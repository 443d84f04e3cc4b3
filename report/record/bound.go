package record

import (
	"fmt"
	"slices"
	"time"
)

// Bound says in a sentence what the time of a run was bounded by: why it did not end sooner. It is
// empty if too little is known.
func (r *Run) Bound() string {
	wall := r.Manifest.End.Sub(r.Manifest.Start)
	if wall <= 0 {
		return ""
	}
	if len(r.Processes) == 0 {
		return r.boundByTest(wall)
	}
	first, busy, longest := r.Processes[0].Start, time.Duration(0), Process{}
	workers := r.Manifest.Workers
	for _, p := range r.Processes {
		workers = max(workers, p.Worker+1)
		took := r.took(p)
		busy += took
		if took > r.took(longest) {
			longest = p
		}
	}
	share := float64(busy) / float64(time.Duration(workers)*wall)
	switch wait := first.Sub(r.Manifest.Start); {
	case wait > wall/2:
		return fmt.Sprintf("Most of the time went into building: the first test process began %s into a run of %s.", short(wait), short(wall))
	case r.took(longest) > wall*6/10 && workers > 1:
		return fmt.Sprintf("%s took %s of %s in one process: split it, or nothing gets faster.", r.title(longest), short(r.took(longest)), short(wall))
	case share >= 0.75:
		return fmt.Sprintf("%s busy %.0f%% of the time: only more workers, or less work, make it faster.", count(workers, "worker was", "workers were"), 100*share)
	}
	last := slices.MaxFunc(r.Processes, func(a, b Process) int { return r.end(a).Compare(r.end(b)) })
	return fmt.Sprintf("%s busy %.0f%% of the time; the last process to end was %s, after %s.",
		count(workers, "worker was", "workers were"), 100*share, r.title(last), short(r.took(last)))
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
	return fmt.Sprintf("%s %s took %s of %s.", r.Manifest.Relative(longest.Package), longest.Name, short(longest.Last().Elapsed), short(wall))
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
