package progress

import (
	"fmt"
	"time"
)

// Span is a process that has run.
type Span struct {
	Worker  int
	Package string
	Name    string // of its group, or of its only test; "": several tests
	Tests   int    // how many it ran; 0: not known
	Start   time.Time
	End     time.Time
}

func (p *processState) span(end time.Time) Span {
	s := Span{Worker: p.Worker, Package: p.Package, Name: p.Group, Tests: len(p.Tests), Start: p.Start, End: end}
	if s.Name == "" && len(p.Tests) == 1 {
		s.Name = p.Tests[0]
	}
	return s
}

const (
	// boundedRun is from which length on it is said what bounded a run: below, nobody waits.
	boundedRun = 10 * time.Second
	// longShare is what part of a run a single process has to take to have bounded it, and
	// busyShare what part of their time all workers have to be busy for them to have.
	longShare, busyShare = 0.6, 0.85
	// buildShare is what part of a run may pass before the first process starts.
	buildShare = 0.5
)

// Bound says in a sentence what bounded a run of that many workers, of which spans are the
// processes: "" for a short run, or one in which no one thing did. name shortens a package
// path.
func Bound(spans []Span, began, ended time.Time, workers int, name func(pkg string) string) string {
	wall := ended.Sub(began)
	if wall < boundedRun || len(spans) == 0 {
		return ""
	}
	longest, first := spans[0], spans[0].Start
	var busy time.Duration
	for _, s := range spans {
		if d := s.End.Sub(s.Start); d > longest.End.Sub(longest.Start) {
			longest = s
		}
		if s.Start.Before(first) {
			first = s.Start
		}
		busy += s.End.Sub(s.Start)
	}
	took := longest.End.Sub(longest.Start)
	capacity := time.Duration(max(workers, 1)) * wall
	switch {
	case float64(took) >= longShare*float64(wall) && longest.Name != "":
		return fmt.Sprintf("longest: %s %s of %s: split it, or nothing gets faster", longest.title(name), short(took), short(wall))
	case float64(busy) >= busyShare*float64(capacity):
		return fmt.Sprintf("bounded by workers: all %d were busy for %d%% of %s: only more of them, or faster tests, help",
			workers, 100*busy/capacity, short(wall))
	case float64(first.Sub(began)) >= buildShare*float64(wall):
		return fmt.Sprintf("bounded by building: the first test process started after %s of %s", short(first.Sub(began)), short(wall))
	case float64(took) >= longShare*float64(wall):
		return fmt.Sprintf("longest: %s %s of %s in one process", longest.title(name), short(took), short(wall))
	}
	return ""
}

func (s Span) title(name func(string) string) string {
	title := name(s.Package)
	if s.Name != "" {
		title += " " + s.Name
	}
	return printable(title)
}
