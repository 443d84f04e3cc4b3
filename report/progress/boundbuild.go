package progress

import (
	"fmt"
	"time"
)

// Build is a time during which compilers and linkers ran.
type Build struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	// Compiling and Linking are what they took, all of them together.
	Compiling time.Duration `json:"compiling,omitempty"`
	Linking   time.Duration `json:"linking,omitempty"`
	// Uncached reports that the link cache was off.
	Uncached bool `json:"uncached,omitempty"`
}

// built is what builds did to a run: workers had nothing to do meanwhile.
type built struct {
	took time.Duration // of the run, with builds under way
	// idle is for how long the workers were idle meanwhile, divided by their number.
	idle               time.Duration
	compiling, linking time.Duration
	uncached           bool
	without            time.Duration // what the run takes if nothing has to be built
}

// build returns what the builds did to the run if they bounded it, else nil.
func (t Timeline) build() *built {
	if len(t.Builds) == 0 {
		return nil
	}
	workers := max(t.Workers, 1)
	var b built
	var busy time.Duration
	for _, one := range t.Builds {
		b.took += one.End.Sub(one.Start)
		b.compiling += one.Compiling
		b.linking += one.Linking
		b.uncached = b.uncached || one.Uncached
		for _, s := range t.Spans {
			busy += max(0, earlier(s.End, one.End).Sub(later(s.Start, one.Start)))
		}
	}
	b.idle = b.took - busy/time.Duration(workers)
	took := make([]time.Duration, len(t.Spans))
	for i, s := range t.Spans {
		took[i] = s.took()
	}
	b.without = max(0, t.Builds[0].Start.Sub(t.Began)) + makespan(took, workers)
	wall := float64(t.Ended.Sub(t.Began))
	if float64(b.idle) < buildShare*wall || float64(b.without) > splitGain*wall {
		return nil
	}
	return &b
}

// sentence says what builds did to a run of that length, and which cache would spare them.
func (b *built) sentence(wall time.Duration) string {
	doing, help := "compilers", "what has not changed is not compiled again if the go command's cache (go env GOCACHE) is kept between runs"
	switch {
	case b.linking <= b.compiling:
	case b.uncached:
		doing, help = "linkers", "the link cache is off, with which what has not changed is not linked again"
	default:
		doing, help = "linkers", "what has not changed is not linked again if cohort's link cache (cohort tool cache) is kept between runs"
	}
	return fmt.Sprintf(BoundedByBuilding+": the workers waited for %s for %s of %s: %s: then about %s", doing, short(b.idle), short(wall), help, short(b.without))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
