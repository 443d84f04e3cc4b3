package progress

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// held is a lock that bounded a run: tests waited for each other while workers were idle.
type held struct {
	name      string // "": that of serial tests, next to which nothing runs
	processes int    // that held it
	atOnce    int    // at most
	busy      time.Duration
	// without is what the processes of the run take if nobody holds the lock, but for what goes before
	// the first.
	without time.Duration
}

// lock returns the lock that bounded the run, nil for none.
func (t Timeline) lock() *held {
	wall := t.Ended.Sub(t.Began)
	spans := make(map[string][]Span)
	for _, s := range t.Spans {
		for _, name := range s.Locks {
			spans[name] = append(spans[name], s)
		}
		if s.Serial {
			spans[""] = append(spans[""], s)
		}
	}
	var all []held
	for _, name := range slices.Sorted(maps.Keys(spans)) {
		h := held{name: name, processes: len(spans[name]), atOnce: overlap(spans[name])}
		for _, s := range spans[name] {
			h.busy += s.took()
		}
		h.busy /= time.Duration(h.atOnce)
		all = append(all, h)
	}
	if len(all) == 0 {
		return nil
	}
	most := slices.MaxFunc(all, func(a, b held) int { return cmp.Compare(a.busy, b.busy) })
	if float64(most.busy) < longShare*float64(wall) || most.processes < 2 || most.atOnce >= t.Workers {
		return nil
	}
	took := make([]time.Duration, len(t.Spans))
	for i, s := range t.Spans {
		took[i] = s.took()
	}
	most.without = makespan(took, t.Workers)
	for _, h := range all {
		if h.name != most.name {
			most.without = max(most.without, h.busy)
		}
	}
	if float64(most.without) > splitGain*float64(most.busy) {
		return nil // the tests are as slow without it
	}
	return &most
}

// sentence says what the lock did to a run of that length, whose first process began at start.
func (h *held) sentence(wall, start time.Duration) string {
	about := short(start + h.without)
	if h.name == "" {
		return fmt.Sprintf("bounded by serial tests: %d processes with nothing beside them took %s of %s: if they need not be serial about %s",
			h.processes, short(h.busy), short(wall), about)
	}
	turn := "one after the other"
	if h.atOnce > 1 {
		turn = fmt.Sprintf("%d at a time", h.atOnce)
	}
	return fmt.Sprintf("bounded by the lock %s: %d processes held it, %s, for %s of %s: without it about %s",
		printable(h.name), h.processes, turn, short(h.busy), short(wall), about)
}

// overlap returns how many of the spans, which are some, were there at the same time at most. One
// that begins when another ends is not beside it.
func overlap(spans []Span) int {
	type edge struct {
		at   time.Time
		step int
	}
	var edges []edge
	for _, s := range spans {
		edges = append(edges, edge{s.Start, 1}, edge{s.End, -1})
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.step, b.step)) })
	most, now := 1, 0
	for _, e := range edges {
		now += e.step
		most = max(most, now)
	}
	return most
}
