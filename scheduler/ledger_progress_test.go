package scheduler

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// settleStream makes the ending of a process of loose tests from what it printed.
func settleStream(t *testing.T, code int, names []string, stream string) settlement {
	t.Helper()
	b := &batch{pkg: &pkg{multiplicity: map[string]int{"TestElsewhere": 1}}}
	for _, name := range names {
		b.planned = append(b.planned, planned{name: name, want: 1})
		b.pkg.multiplicity[name] = 1
	}
	last, finals := "", 0
	parser := testbin.NewParser(b.known, func(e testbin.Event) {
		switch e.Kind {
		case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
			last = e.Test
		case testbin.KindFinal:
			finals++
		}
	})
	if _, err := io.WriteString(parser, stream); err != nil {
		t.Fatal(err)
	}
	parser.Close()
	return settle(ending{
		planned: b.planned, count: parser.Count, seen: parser.Seen(), open: parser.Open(),
		last: last, finals: finals, code: code, reason: fmt.Sprint("exit status ", code),
	})
}

// TestSettleMakesProgress: a restart must have less to do than its predecessor,
// or a package would be restarted for ever.
func TestSettleMakesProgress(t *testing.T) {
	t.Parallel()
	both := []string{"TestA", "TestB"}
	for name, test := range map[string]struct {
		stream        string
		code          int
		failed, again []string
		dropped       int
	}{
		"a test dies": {"\x16=== RUN   TestA\n", 1, []string{"TestA"}, []string{"TestB"}, 0},
		"a test dies while another waits": {
			"\x16=== RUN   TestA\n\x16=== PAUSE TestA\n\x16=== RUN   TestB\n", 1, []string{"TestB"}, []string{"TestA"}, 0},
		"only waiting tests":             {"\x16=== RUN   TestA\n\x16=== PAUSE TestA\n", 1, []string{"TestA"}, []string{"TestB"}, 0},
		"only waiting tests, exit 0":     {"\x16=== RUN   TestA\n\x16=== PAUSE TestA\n", 0, []string{"TestA"}, []string{"TestB"}, 0},
		"start of a test not on list":    {"\x16=== RUN   TestElsewhere\n", 1, nil, nil, 2},
		"failure of a test not on list":  {"\x16--- FAIL: TestElsewhere (0.00s)\n", 1, nil, nil, 2},
		"death before the first test":    {"", 1, nil, nil, 2},
		"a test of two ended, then dead": {"\x16=== RUN   TestA\n\x16--- PASS: TestA (0.00s)\n", 1, nil, []string{"TestB"}, 0},
	} {
		s := settleStream(t, test.code, both, test.stream)
		var again []string
		for _, p := range s.again {
			again = append(again, p.name)
		}
		if !slices.Equal(s.failed, test.failed) || !slices.Equal(again, test.again) || len(s.dropped) != test.dropped {
			t.Errorf("%s: failed %q, again %q, %d dropped; want %q, %q, %d",
				name, s.failed, again, len(s.dropped), test.failed, test.again, test.dropped)
		}
		if len(again) == len(both) {
			t.Errorf("%s: restarted with as much to do as before", name)
		}
		if len(s.failed) == 0 && s.packageFailure == "" {
			t.Errorf("%s: nothing fails", name)
		}
	}
}
