package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/progress"
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
