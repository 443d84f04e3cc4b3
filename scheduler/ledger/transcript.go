package ledger

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Transcript follows the events of one process, for its account. Make one with
// [NewTranscript]; it is for one goroutine.
type Transcript struct {
	// Last is the top-level test that was reported last, Finals is how often the closing PASS
	// or FAIL came.
	Last   string
	Finals int
	// Raced reports that the race detector has found something, in whatever test.
	Raced bool
	// Coverage is what follows the figure in the coverage line, if HasCoverage.
	Coverage    string
	HasCoverage bool
	// Failed are the subtests that failed.
	Failed map[string]bool
	// Owed are the subtests that failed in earlier attempts and have not been seen in this
	// process: a rerun that passes without them has shown nothing about them.
	Owed map[string]bool
}

// NewTranscript returns the transcript of a process that owes these subtests. It does not
// keep owed.
func NewTranscript(owed map[string]bool) *Transcript {
	return &Transcript{Failed: make(map[string]bool), Owed: maps.Clone(owed)}
}

// Event takes the next event of the process.
func (t *Transcript) Event(e testbin.Event) {
	switch e.Kind {
	case testbin.KindFinal:
		t.Finals++
	case testbin.KindOutput:
		t.Raced = t.Raced || bytes.HasPrefix(e.Line, []byte("WARNING: DATA RACE"))
		if e.Test != "" || t.Finals == 0 {
			return
		}
		if suffix, ok := testbin.CoverageSuffix(string(e.Line)); ok {
			t.Coverage, t.HasCoverage = suffix, true
		}
	case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		t.report(e.Kind, e.Test)
		if !strings.Contains(e.Test, "/") {
			t.Last = e.Test
		}
	}
}

// report takes the result of a test. A skipped test owes none of its subtests.
func (t *Transcript) report(kind testbin.Kind, test string) {
	delete(t.Owed, test)
	switch {
	case kind == testbin.KindSkip:
		maps.DeleteFunc(t.Owed, func(name string, _ bool) bool { return strings.HasPrefix(name, test+"/") })
	case kind == testbin.KindFail && strings.Contains(test, "/"):
		t.Failed[test] = true
	}
}

// Settle closes the account of the process: p has parsed its output, and e says what it was
// to run and how it ended. The rest of e is filled in from the transcript and p.
func (t *Transcript) Settle(p *testbin.Parser, e Ending) Settlement {
	e.Count, e.Seen, e.Open, e.Contradiction = p.Count, p.Seen(), p.Open(), p.Contradiction()
	e.Last, e.Finals = t.Last, t.Finals
	s := Settle(e)
	for _, open := range s.Broken {
		t.report(testbin.KindFail, open.Name)
	}
	return s
}

// Missing returns the names of what is owed, in order.
func (t *Transcript) Missing() []string { return slices.Sorted(maps.Keys(t.Owed)) }

// Next returns what the next attempt owes.
func (t *Transcript) Next() map[string]bool {
	all := maps.Clone(t.Failed)
	maps.Copy(all, t.Owed)
	return all
}
