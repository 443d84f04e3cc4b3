package main

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestOutlives sends what follows the first signal, at a time after it.
func TestOutlives(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		after time.Duration
		sig   os.Signal // nil: the run ends
		want  time.Duration
	}{
		{"second", time.Second, syscall.SIGINT, time.Second},
		{"echo", time.Millisecond, syscall.SIGINT, grace},
		{"other", time.Millisecond, syscall.SIGTERM, time.Millisecond},
		{"end", time.Second, nil, 0},
		{"grace", grace + time.Second, syscall.SIGINT, grace},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				done, signals, came := make(chan struct{}), make(chan os.Signal, 1), time.Now()
				time.AfterFunc(tc.after, func() {
					if tc.sig == nil {
						close(done)
						return
					}
					signals <- tc.sig
				})
				got := outlives(done, signals, syscall.SIGINT, came)
				if want := tc.want > 0; got != want || got && time.Since(came) != tc.want {
					t.Errorf("%v after %v, want after %v", got, time.Since(came), tc.want)
				}
				time.Sleep(2 * grace) // of the bubble: the timer ends
			})
		})
	}
}
