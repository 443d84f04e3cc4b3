package stream

import (
	"bytes"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestSpared: subtests of a test that has lost its process go on in the next one, for the reader who
// has seen them start. Those of a test that is skipped are skipped with it.
func TestSpared(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := New(&out, false, noSpill)
	first := m.Process(ProcessOptions{})
	first.Settle(ledger.Settlement{
		Again:   []ledger.Planned{{Name: "TestA", Want: 1, Resumed: true}},
		Skipped: []ledger.Planned{{Name: "TestB", Want: 1, Resumed: true, Why: "because"}},
		Spared:  []testbin.OpenTest{{Name: "TestA"}, {Name: "TestA/x"}, {Name: "TestB"}, {Name: "TestB/y"}},
	}, "exit status 2", func(string) time.Duration { return 0 })
	first.Close()
	second := m.Process(ProcessOptions{Resumed: map[string]bool{"TestA": true}})
	for _, line := range []string{"=== RUN   TestA", "=== RUN   TestA/x", "=== RUN   TestA/z", "--- PASS: TestA/x (0.00s)"} {
		test, kind := line[10:], testbin.KindRun
		if line[0] == '-' {
			test, kind = "TestA/x", testbin.KindPass
		}
		second.Event(testbin.Event{Kind: kind, Test: test, Line: []byte("\x16" + line + "\n")})
	}
	second.Close()
	const want = "\x16=== NAME  \n" +
		"\x16--- SKIP: TestB/y (0.00s)\n\x16=== NAME  TestB\n    because\n\x16--- SKIP: TestB (0.00s)\n\x16=== NAME  \n" +
		"\x16=== CONT  TestA\n\x16=== CONT  TestA/x\n\x16=== RUN   TestA/z\n\x16--- PASS: TestA/x (0.00s)\n\x16=== NAME  \n"
	if out.String() != want {
		t.Errorf("%q\nwant\n%q", &out, want)
	}
}
