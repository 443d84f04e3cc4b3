package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/built"
	"github.com/gotestcohort/cohort/report/progress"
	"github.com/gotestcohort/cohort/report/record"
)

// TestBoundOfInterruptedRun: what bounded a run is said of one that came to its end.
func TestBoundOfInterruptedRun(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{nil, os.Interrupt} {
		live := progress.NewLive(progress.LiveConfig{Config: progress.Config{Workers: 2}, Name: strings.ToUpper}, progress.NewScreen(nil, nil))
		now := time.Now()
		live.ProcessStarted(progress.Process{Number: 1, Package: "p", Tests: []string{"TestA"}, Start: now})
		live.ProcessEnded(progress.ProcessEnd{Number: 1, End: now.Add(time.Minute)})
		r := &testRun{live: live, end: runEnd{signal: sig}}
		if got := r.bound(now.Add(time.Minute)); strings.HasPrefix(got, "longest: P TestA 1m0s of 1m0s") != (sig == nil) || got != "" && sig != nil {
			t.Errorf("signal %v: %q", sig, got)
		}
	}
}

// TestBoundIsReplayed: what a run said that it was bounded by, its replay says, and nothing else.
func TestBoundIsReplayed(t *testing.T) {
	t.Parallel()
	const sentence = "bounded by building: the first test process started after 9.0s of 11s"
	for _, bound := range []string{"", sentence} {
		recorded := &recordingSource{rec: &recording{}}
		if got := recorded.hearBound(bound); got != bound {
			t.Errorf("the run says %q, want %q", got, bound)
		}
		name := filepath.Join(t.TempDir(), "run")
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w := record.NewWriter(f, nil)
		w.Stream(record.Attempt{}).Close()
		if err := w.Close(record.Manifest{Verdict: recorded.rec.verdict}, nil, nil); err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		replay := exec.Command(built.Cohort(t), "tool", "replay", "--no-tests=pass", name)
		replay.Stderr = &stderr
		if err := replay.Run(); err != nil || strings.TrimSuffix(stderr.String(), "\n") != bound {
			t.Errorf("%v, stderr %q, want %q", err, stderr.String(), bound)
		}
	}
}
