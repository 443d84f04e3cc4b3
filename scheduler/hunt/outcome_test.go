package hunt

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// fed returns the outcome of a process of b's units that printed text, in
// which ^ stands for the marker byte.
func fed(b *binary, text string, exit testbin.Exit) *outcome {
	r := &runner{gate: newGate(nil), worker: &worker.Run{Runner: printed{strings.ReplaceAll(text, "^", "\x16"), exit}, Now: time.Now}}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if exit.Canceled {
		stop()
	}
	o, err := r.run(ctx, task{bin: b, units: b.units, count: 1}, 0)
	if err != nil {
		panic(err)
	}
	return o
}

// printed is a runner whose processes print text and end so.
type printed struct {
	text string
	exit testbin.Exit
}

func (p printed) Run(_ context.Context, _ testbin.Spec, out io.Writer) testbin.Exit {
	_, _ = io.WriteString(out, p.text) // a parser takes everything
	return p.exit
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	const passes = "^=== RUN   T000\n^--- PASS: T000 (0.00s)\n"
	for _, tt := range []struct {
		name, text string
		exit       testbin.Exit
		failed     string // units
		idle       string
		failure    string // of the package
	}{
		{name: "pass", text: passes + "^=== RUN   T001\n^--- SKIP: T001 (0.00s)\n^PASS\n"},
		{
			name: "fail", text: passes + "^=== RUN   T001\n  oops\n^--- FAIL: T001 (0.00s)\n^FAIL\n",
			exit: testbin.Exit{Code: 1}, failed: "T001",
		},
		{
			name: "panic", text: "^=== RUN   T000\n^--- FAIL: T000 (0.00s)\npanic: x\n",
			exit: testbin.Exit{Code: 2}, failed: "T000", idle: "T001",
		},
		{name: "os.Exit", text: "^=== RUN   T000\n", exit: testbin.Exit{}, failed: "T000", idle: "T001"},
		{
			name: "paused when it died", text: "^=== RUN   T000\n^=== PAUSE T000\n^=== RUN   T001\n",
			exit: testbin.Exit{Code: 2}, failed: "T001", idle: "T000",
		},
		{name: "init", text: "panic: no\n", exit: testbin.Exit{Code: 2}, idle: "T000 T001", failure: "the process ended before its first test (exit status 2)"},
		{
			name: "TestMain", text: passes + "^=== RUN   T001\n^--- PASS: T001 (0.00s)\n^PASS\n",
			exit: testbin.Exit{Code: 1}, failure: "the process failed outside its tests (exit status 1)",
		},
		{
			name: "exit 0 after a failure", text: passes + "^=== RUN   T001\n^--- FAIL: T001 (0.00s)\n^FAIL\n",
			failed: "T001", failure: "the process exited 0 although a test failed",
		},
		{
			name: "reports that contradict each other", text: passes + "^=== RUN   T001\n^--- PASS: T001 (0.00s)\n^--- FAIL: T000 (0.00s)\n",
			exit: testbin.Exit{Code: 2}, failed: "T000",
			failure: "T000 was reported as failed while it was not running: a test prints reports of its own, and which tests have really run is not known",
		},
		{name: "nothing", exit: testbin.Exit{}, idle: "T000 T001"},
		{name: "stopped", text: "^=== RUN   T000\n", exit: testbin.Exit{Code: -1, Canceled: true, Killed: true, Err: errors.New("x")}, idle: "T000 T001"},
		{
			name: "subtest fails with its parent open", text: "^=== RUN   T000\n^=== RUN   T000/x\n",
			exit: testbin.Exit{Code: 2}, failed: "T000", idle: "T001",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newWorld(2, 0, nil).bin
			o := fed(b, tt.text, tt.exit)
			var failed, idle []string
			for _, u := range b.units {
				if _, bad := o.of(u); bad {
					failed = append(failed, u.name)
				}
			}
			for _, u := range o.idle {
				idle = append(idle, u.name)
			}
			if got := strings.Join(failed, " "); got != tt.failed {
				t.Errorf("failed: %q, want %q", got, tt.failed)
			}
			if got := strings.Join(idle, " "); got != tt.idle {
				t.Errorf("idle: %q, want %q", got, tt.idle)
			}
			if o.failure != tt.failure {
				t.Errorf("package: %q, want %q", o.failure, tt.failure)
			}
		})
	}
}

func TestOutcomeOfTwice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		results     string // p and f, in turn
		ran, failed bool
	}{
		{"", false, false}, {"p", true, false}, {"pp", true, false}, {"pf", true, true}, {"fp", true, false}, {"ff", true, false},
	} {
		b := newWorld(1, 0, nil).bin
		var text strings.Builder
		for _, r := range tt.results {
			text.WriteString("^=== RUN   T000\n")
			text.WriteString(map[rune]string{'p': "^--- PASS: T000 (0.00s)\n", 'f': "^--- FAIL: T000 (0.00s)\n"}[r])
		}
		if ran, failed := fed(b, text.String(), testbin.Exit{}).second(b.units[0]); ran != tt.ran || failed != tt.failed {
			t.Errorf("%q: ran %v, failed %v", tt.results, ran, failed)
		}
	}
}

// TestOutcomeKeepsFailedOutput keeps no output of what passes, and not too much
// of what fails.
func TestOutcomeKeepsFailedOutput(t *testing.T) {
	t.Parallel()
	b := newWorld(2, 0, nil).bin
	o := fed(b, "^=== RUN   T000\nfine\n^--- PASS: T000 (0.00s)\n^=== RUN   T001\n"+
		strings.Repeat("line\n", outputLimit)+"^--- FAIL: T001 (0.00s)\n^FAIL\n", testbin.Exit{Code: 1})
	if got := slices.Sorted(maps.Keys(o.output)); !slices.Equal(got, []string{"T001"}) {
		t.Errorf("output of %q is kept", got)
	}
	text := o.text(b.units[1])
	if !strings.HasPrefix(text, "line\n") || len(text) > outputLimit+100 {
		t.Errorf("%d bytes: %.20q", len(text), text)
	}
}
