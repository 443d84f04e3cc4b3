package ledger

import (
	"io"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestTranscript has lines that look like what a transcript is looking for, in other places.
func TestTranscript(t *testing.T) {
	t.Parallel()
	const in = "coverage: 3.0% of statements in y\n\x16=== RUN   TestA\ncoverage: 1.0% of statements in z\n" +
		"\x16=== RUN   TestA/x\n\x16--- FAIL: TestA/x (0.00s)\n\x16--- PASS: TestA (0.00s)\n\x16=== NAME  \ncoverage: 2.0% of statements\n" +
		"\x16PASS\ncoverage: 50.0% of statements in x\ncoverage: none\n"
	tr := NewTranscript(map[string]bool{"TestA/x": true, "TestA/y": true})
	parser := testbin.NewParser(nil, tr.Event)
	_, _ = io.WriteString(parser, in) // a parser takes everything
	parser.Close()
	if tr.Coverage != " in x" || !tr.HasCoverage || tr.Finals != 1 || tr.Last != "TestA" {
		t.Errorf("coverage %q, %v; %d closing lines; last test %q", tr.Coverage, tr.HasCoverage, tr.Finals, tr.Last)
	}
	if !tr.Failed["TestA/x"] || len(tr.Failed) != 1 || len(tr.Missing()) != 1 || tr.Missing()[0] != "TestA/y" || len(tr.Next()) != 2 {
		t.Errorf("failed %v, missing %v, next %v", tr.Failed, tr.Missing(), tr.Next())
	}
}

// TestTranscriptSettle: the subtests that a process took with it are owed by the next attempt.
func TestTranscriptSettle(t *testing.T) {
	t.Parallel()
	tr := NewTranscript(nil)
	parser := testbin.NewParser(nil, tr.Event)
	_, _ = io.WriteString(parser, "\x16=== RUN   TestA\n\x16=== RUN   TestA/x\npanic: x\n")
	parser.Close()
	s := tr.Settle(parser, Ending{Planned: []Planned{{Name: "TestA", Want: 1}}, Code: 2})
	if s.String() != "ended: TestA; failed: TestA; broken: TestA TestA/x" || !tr.Next()["TestA/x"] || len(tr.Next()) != 1 {
		t.Errorf("%s; next: %v", s, tr.Next())
	}
}
