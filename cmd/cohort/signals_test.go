package main

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// hurriedSource notes when it is told to hurry.
type hurriedSource struct {
	source
	hurried *time.Time
}

func (s hurriedSource) Hurry() time.Duration {
	*s.hurried = time.Now()
	return reportTime
}

// TestHurry sends what follows the first signal, at a time after it: when the tests are killed, and
// when everything is, each zero for never.
func TestHurry(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		after     time.Duration
		sig       os.Signal // nil: the run ends
		want, end time.Duration
	}{
		{"second", time.Second, syscall.SIGINT, time.Second, time.Second + reportTime},
		{"echo", time.Millisecond, syscall.SIGINT, grace, grace + reportTime},
		{"other", time.Millisecond, syscall.SIGTERM, time.Millisecond, time.Millisecond + reportTime},
		{"end", time.Second, nil, 0, 0},
		{"grace", grace + time.Second, syscall.SIGINT, grace, grace + reportTime},
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
				var hurried, killed time.Time
				r := &testRun{src: hurriedSource{hurried: &hurried}}
				counts := func(sig os.Signal) bool { return sig != syscall.SIGINT || time.Since(came) >= echo }
				go r.hurry(done, signals, counts, func() { killed = time.Now() })
				time.Sleep(2 * grace) // of the bubble
				if tc.sig != nil {
					close(done)
				}
				synctest.Wait()
				since := func(at time.Time) time.Duration {
					if at.IsZero() {
						return 0
					}
					return at.Sub(came)
				}
				if since(hurried) != tc.want || since(killed) != tc.end {
					t.Errorf("hurried after %v, killed after %v; want %v, %v", since(hurried), since(killed), tc.want, tc.end)
				}
			})
		})
	}
}
