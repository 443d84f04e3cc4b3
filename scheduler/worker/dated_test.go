package worker

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// late is a [Runner] whose process ran on another machine, a while ago.
type late struct {
	start time.Time
	parts []part
	exit  testbin.Exit
}

type part struct {
	after time.Duration
	text  string
}

func (l late) Run(_ context.Context, _ testbin.Spec, out io.Writer) testbin.Exit {
	d := out.(interface {
		WriteDated(at time.Time, b []byte) (int, error)
	})
	for _, p := range l.parts {
		_, l.exit.Err = d.WriteDated(l.start.Add(p.after), []byte(p.text))
	}
	l.exit.Start = l.start
	return l.exit
}

// TestDated: the times of tests are those of where they ran, not those of the arrival of their output.
func TestDated(t *testing.T) {
	t.Parallel()
	start := time.Unix(100, 0)
	r := (&actor{}).run()
	r.Runner = late{start: start, exit: testbin.Exit{End: start.Add(9 * time.Second)}, parts: []part{
		{time.Second, "\x16=== RUN   A\n"}, {4 * time.Second, "\x16--- PASS: A (3.00s)\n\x16=== RUN   B\n"}, {6 * time.Second, "\x16--- PASS: B (2.00s)\nPASS\n"},
	}}
	j := jobOf("A", "B")
	j.Binary.Limit = func(string) time.Duration { return 10 * time.Second }
	res := r.Do(t.Context(), j)
	if !res.Good(true) || len(res.Times) != 2 || res.Times[0].Elapsed != 3*time.Second || res.Times[1].Elapsed != 2*time.Second {
		t.Errorf("%+v", res)
	}
	if !res.Begun.Equal(start) || !res.First.Equal(start.Add(time.Second)) {
		t.Errorf("begun %v, first %v", res.Begun, res.First)
	}
}

// TestDatedOverdue: a test that was ended where it ran is one that ran for too long here too; one
// that was not ended is none, whatever its output says.
func TestDatedOverdue(t *testing.T) {
	t.Parallel()
	start := time.Unix(100, 0)
	parts := []part{{0, "\x16=== RUN   A\n"}, {3 * time.Second, "SIGQUIT: quit\nPC=0x1 m=0 sigcode=0\n\ngoroutine 1 [running]:\n"}}
	for _, tc := range []struct {
		limit time.Duration
		exit  testbin.Exit
		want  string
	}{
		{2 * time.Second, testbin.Exit{Code: 2, Quit: true}, "A"},
		{4 * time.Second, testbin.Exit{Code: 2, Quit: true}, ""},
		{2 * time.Second, testbin.Exit{Code: 2}, ""},
	} {
		dog := newWatchdog(func(string) time.Duration { return tc.limit }, func() time.Time { return start })
		var p *testbin.Parser
		clock := &dated{}
		p = testbin.NewParser(func(string) bool { return true }, func(e testbin.Event) {
			dog.event(Moment{Event: e, At: clock.Now()})
			dog.tracing(e)
		})
		for _, part := range parts {
			clock.at = start.Add(part.after)
			dog.date(clock.at)
			if _, err := p.Write([]byte(part.text)); err != nil {
				t.Fatal(err)
			}
		}
		p.Close()
		if got := dog.ended(tc.exit); got != tc.want {
			t.Errorf("limit %v, %+v: ended for %q, want %q", tc.limit, tc.exit, got, tc.want)
		}
	}
}

// TestGuard: a guard asks for the end of a process once a test is over its limit.
func TestGuard(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limits map[string]time.Duration
		want   bool
	}{
		"its own":         {map[string]time.Duration{"A": time.Second}, true},
		"of all":          {map[string]time.Duration{"": time.Second}, true},
		"longer than all": {map[string]time.Duration{"": time.Second, "A": time.Hour}, false},
		"another's":       {map[string]time.Duration{"B": time.Second}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := NewGuard(tc.limits, time.Now)
			defer g.Stop()
			if _, err := io.WriteString(g, "\x16=== RUN   A\n"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			got := false
			select {
			case <-g.Quit():
				got = true
			default:
			}
			if got != tc.want {
				t.Errorf("%s: quit %v", name, got)
			}
		})
	}
}
