package gotest

import "time"

// Built is a time during which the go command's tools were building, or waited for their turn.
type Built struct {
	Start, End time.Time
	// Compiling and Linking are what the tools that ran took together. They overlap, so that this
	// may be longer than from Start to End.
	Compiling, Linking time.Duration
}

// buildGap is what may pass between two tools of one build: the go command hashes, copies and vets.
const buildGap = 500 * time.Millisecond

// buildLog notes when tools were there. It starts no clock: the times are arguments.
type buildLog struct {
	open int // tools that have come and not gone
	all  []Built
}

// enter notes that a tool comes.
func (l *buildLog) enter(at time.Time) {
	l.open++
	if n := len(l.all); n == 0 || l.open == 1 && at.Sub(l.all[n-1].End) > buildGap {
		l.all = append(l.all, Built{Start: at, End: at})
	}
}

// leave notes that a tool goes, which has run since a time: the zero time is that it never did.
func (l *buildLog) leave(link bool, since, at time.Time) {
	l.open--
	last := &l.all[len(l.all)-1]
	last.End = at
	switch {
	case since.IsZero():
	case link:
		last.Linking += at.Sub(since)
	default:
		last.Compiling += at.Sub(since)
	}
}

// built returns what was noted until now.
func (l *buildLog) built(now time.Time) []Built {
	all := append([]Built(nil), l.all...)
	if l.open > 0 {
		all[len(all)-1].End = now
	}
	return all
}
