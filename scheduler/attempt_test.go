package scheduler

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// TestAttemptDropped: a test that did not run in an attempt is reported once, with the reason.
func TestAttemptDropped(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settled ledger.Settlement
		want    string
	}{
		"an interrupt":  {ledger.Settlement{Stopped: true}, stream.NotStarted},
		"a dead init":   {ledger.Settlement{PackageFailure: "it died"}, notInThisAttempt + ": it died"},
		"not even that": {ledger.Settlement{}, notInThisAttempt},
	} {
		tc.settled.Dropped = []ledger.Planned{{Name: "TestA", Want: 1}}
		r := &worker.Result{Settlement: tc.settled, Transcript: ledger.NewTranscript(nil)}
		file := filepath.Join(t.TempDir(), "attempt")
		a, err := createAttempt(file, "p")
		if err != nil {
			t.Fatal(err)
		}
		out := a.out.Process(stream.ProcessOptions{Verbatim: true})
		out.Settle(r.Settlement, "", nil)
		out.Close()
		if err := a.close(&job{}, r, false); err != nil {
			t.Fatal(err)
		}
		events, err := os.ReadFile(file)
		if skips := bytes.Count(events, []byte(`"Action":"skip"`)); err != nil || skips != 1 || !strings.Contains(string(events), "    "+tc.want+`\n"`) {
			t.Errorf("%s: %v, %d times skipped\n%s", name, err, skips, events)
		}
	}
}

// TestCloseSolo: a package of one process that was ended says so, or else it would be taken for one that
// has failed outside its tests. What has failed by itself says so itself.
func TestCloseSolo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		passed   bool
		code     int
		failures []string
		want     string
	}{
		{true, 0, nil, ""},
		{false, 1, []string{"the process failed outside its tests"}, ""},
		{false, 0, []string{"a file cannot be read"}, "cohort: a file cannot be read\n"},
		{false, 0, []string{calledOff}, "cohort: the run was stopped\n"},
		{false, -1, []string{calledOff}, "cohort: the run was stopped\n"},
		{false, 1, []string{"a race", calledOff}, ""},
	} {
		c := closing{solo: true, passed: tc.passed, code: tc.code}
		if got := c.text(tc.failures, ""); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc, got, tc.want)
		}
	}
}
