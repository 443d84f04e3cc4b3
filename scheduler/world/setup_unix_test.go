//go:build unix

package world

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Main(m)) }

// newRunner returns a runner whose commands run in a folder of their own.
func newRunner(t *testing.T, run, worker []Setup) (*Runner, string) {
	dir := t.TempDir()
	r := NewRunner(Config{
		Run: run, Worker: worker, ID: "id", Workers: 4, Env: append(os.Environ(), "COHORT_WORKER=9", "GIVEN=yes"),
		Dir: dir, Files: t.TempDir(), Now: time.Now,
	})
	t.Cleanup(r.Close)
	return r, dir
}

func shell(line string) Command { return Command{Shell: line} }

// TestRunner: each command sees what those before it have written, and where it runs.
func TestRunner(t *testing.T) {
	t.Parallel()
	const see = `echo "$A-$B-${COHORT_WORKER-none}-$COHORT_WORKERS-$COHORT_RUN_ID-$GIVEN" >>seen`
	r, dir := newRunner(t,
		[]Setup{
			{Name: "a", Run: shell(see + `; echo A=1 >>$COHORT_ENV`), TearDown: shell(see)},
			{Name: "b", Run: Command{Words: []string{"sh", "-c", see + `; printf 'A=2\nB<<E\nx y\nE\n' >$COHORT_ENV; echo hello`}}},
		},
		[]Setup{{Name: "c", Run: shell(see + `; echo "C=$COHORT_WORKER" >>$COHORT_ENV`), TearDown: shell(see + `; echo "$C" >>seen`)}})
	for _, p := range []Part{{Everyone, 0}, {Everyone, 1}, {3, 0}} {
		if out := r.SetUp(t.Context(), Action{Part: p}); out.Err != nil {
			t.Fatalf("%v: %v\n%s", p, out.Err, out.Output)
		} else if p.Number == 1 && (out.Output != "hello\n" || out.Name != "b") {
			t.Errorf("%s printed %q", out.Name, out.Output)
		}
	}
	if got, want := fmt.Sprint(r.ForProcess(3, []int{0}), r.ForProcess(3, nil), r.ForProcess(1, []int{0}), r.Names()),
		"[A=2 B=x y C=3] [A=2 B=x y] [A=2 B=x y] [A B C]"; got != want {
		t.Errorf("variables %s, want %s", got, want)
	}
	for _, p := range []Part{{3, 0}, {Everyone, 1}, {Everyone, 0}} {
		if out, ok := r.TearDown(t.Context(), p); !ok || out.Err != nil {
			t.Errorf("tear-down of %v: %v, %v", p, ok, out.Err)
		}
		if _, ok := r.TearDown(t.Context(), p); ok {
			t.Errorf("%v is torn down twice", p)
		}
	}
	seen, err := os.ReadFile(filepath.Join(dir, "seen"))
	if want := "--none-4-id-yes\n1--none-4-id-yes\n2-x y-3-4-id-yes\n2-x y-3-4-id-yes\n3\n1--none-4-id-yes\n"; err != nil || string(seen) != want {
		t.Errorf("seen %q, %v; want %q", seen, err, want)
	}
}

// TestBadSetups: what a set-up does wrong is said, its output is kept, and nothing of it lives on.
func TestBadSetups(t *testing.T) {
	t.Parallel()
	const child = `sleep 600 & echo $! >child; `
	for name, tc := range map[string]struct {
		setup            Setup
		err, out         string
		leaves, survives bool
	}{
		"fails":              {setup: Setup{Run: shell(child + "echo oops; exit 3")}, err: "exit status 3", out: "oops\n", leaves: true},
		"hangs":              {setup: Setup{Run: shell(child + "echo wait; sleep 600"), Timeout: 3 * time.Second}, err: "timed out after 3s", out: "wait\n", leaves: true},
		"no such program":    {setup: Setup{Run: Command{Words: []string{"/nowhere/x"}}}, err: "fork/exec /nowhere/x: no such file or directory"},
		"not executable":     {setup: Setup{Run: shell("touch x; ./x 2>/dev/null")}, err: "exit status 126"},
		"rubbish":            {setup: Setup{Run: shell(child + "echo hello >$COHORT_ENV")}, err: `COHORT_ENV: line 1: "hello" is neither NAME=VALUE nor NAME<<DELIMITER`, leaves: true},
		"no end of rubbish":  {setup: Setup{Run: shell("head -c 2000000 /dev/zero >$COHORT_ENV")}, err: "COHORT_ENV: the file has more than 1048576 bytes"},
		"killed":             {setup: Setup{Run: shell(child + "kill -9 $$")}, err: "signal: killed", leaves: true},
		"a flood":            {setup: Setup{Run: shell("echo begin; head -c 3000000 /dev/zero; echo end")}, out: "begin\n"},
		"leaves a server":    {setup: Setup{Run: shell(child + "echo up")}, out: "up\n", leaves: true, survives: true},
		"leaves one quietly": {setup: Setup{Run: shell(`sleep 600 >/dev/null 2>&1 & echo $! >child; echo up`)}, out: "up\n", leaves: true, survives: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, dir := newRunner(t, []Setup{tc.setup}, nil)
			p := Part{Everyone, 0}
			out := r.SetUp(t.Context(), Action{Part: p})
			text := ""
			if out.Err != nil {
				text = out.Err.Error()
			}
			if text != tc.err || !strings.HasPrefix(out.Output, tc.out) || len(out.Output) > keptHead+2*keptTail+100 {
				t.Errorf("%q, %d bytes: %.99q; want %q, %q", text, len(out.Output), out.Output, tc.err, tc.out)
			}
			if tc.leaves && alive(t, dir, tc.survives) != tc.survives {
				t.Errorf("what it has left lives on: %v", !tc.survives)
			}
			if _, ok := r.TearDown(t.Context(), p); !ok || tc.leaves && alive(t, dir, false) {
				t.Errorf("after the tear-down (%v) what it has left lives on", ok)
			}
		})
	}
}

// alive reports whether the process whose number is in the file child lives. One that was killed may
// take a moment to go.
func alive(t *testing.T, dir string, want bool) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "child"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		living := syscall.Kill(pid, 0) == nil && !zombie(pid)
		if living == want {
			return want
		}
		time.Sleep(5 * time.Millisecond) // for the kernel: nobody tells
	}
	return !want
}

// zombie reports whether a process has ended and only its parent has not taken notice: in a
// container nobody may ever do so.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

// TestInterruptedSetup: the end of the context ends the set-up and what it has started, gently
// first; a second one does it at once.
func TestInterruptedSetup(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		run  string
		kill bool
		want string
	}{
		"gently":  {run: `trap 'echo bye; exit 0' TERM; echo ready >ready; sleep 600 & wait`, want: "bye\n"},
		"a child": {run: `sh -c 'trap "sleep 0.2; echo bye; exit 0" TERM; echo ready >ready; sleep 600 & wait'; true`, want: "bye\n"},
		"at once": {run: `trap '' TERM; echo ready >ready; sleep 600 & sleep 600 & wait; sleep 600`, kill: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, dir := newRunner(t, []Setup{{Run: shell(tc.run)}}, nil)
			kill := make(chan struct{})
			r.cfg.Kill = kill
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan Outcome)
			go func() { done <- r.SetUp(ctx, Action{Part: Part{Everyone, 0}}) }()
			waitFor(t, filepath.Join(dir, "ready"))
			cancel()
			if tc.kill {
				close(kill)
			}
			if out := <-done; out.Err == nil || out.Err.Error() != "interrupted" || out.Output != tc.want {
				t.Errorf("%v, %q; want %q", out.Err, out.Output, tc.want)
			}
		})
	}
}

func waitFor(t *testing.T, name string) {
	t.Helper()
	for range 4000 {
		if _, err := os.Stat(name); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond) // for another process: nobody tells
	}
	t.Fatalf("%s does not come", name)
}

// TestPaste: the line that is printed of a part that stays does what its tear-down would have done.
func TestPaste(t *testing.T) {
	t.Parallel()
	r, dir := newRunner(t, nil, []Setup{{
		Name: "x", Run: shell(`printf "A<<E\nit's\n\$HOME \"q\"\nE\n" >$COHORT_ENV`),
		TearDown: shell(`printf '%s|%s|%s|%s' "$A" "$COHORT_WORKER" "$COHORT_RUN_ID" "$COHORT_WORKERS" >down`),
	}})
	p := Part{2, 0}
	if out := r.SetUp(t.Context(), Action{Part: p}); out.Err != nil {
		t.Fatal(out.Err)
	}
	left := r.Remains([]Part{p})
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", left[0].TearDown).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", left[0].TearDown, err, out)
	}
	down, err := os.ReadFile(filepath.Join(dir, "down"))
	if want := "it's\n$HOME \"q\"|2|id|4"; err != nil || string(down) != want {
		t.Errorf("the tear-down saw %q, %v; want %q", down, err, want)
	}
}

// TestEmergency tears down once what stands, the last first.
func TestEmergency(t *testing.T) {
	t.Parallel()
	say := shell("echo $N >>down")
	r, dir := newRunner(t, []Setup{{Run: shell("echo N=run >$COHORT_ENV"), TearDown: say}}, []Setup{
		{Run: shell("echo N=worker$COHORT_WORKER >$COHORT_ENV; exit 1"), TearDown: say},
		{Run: shell("echo N=attempt$COHORT_ATTEMPT >$COHORT_ENV"), TearDown: say, PerAttempt: true},
	})
	for _, p := range []Part{{Everyone, 0}, {1, 0}, {0, 1}, {0, 0}} {
		r.SetUp(t.Context(), Action{Part: p})
	}
	r.TearDown(t.Context(), Part{1, 0})
	r.TearDown(t.Context(), Part{0, 1})
	r.SetUp(t.Context(), Action{Part: Part{0, 1}, For: Attempt{Number: 1}})
	if outs := r.Emergency(t.Context()); len(outs) != 3 {
		t.Errorf("%d tear-downs", len(outs))
	}
	down, err := os.ReadFile(filepath.Join(dir, "down"))
	if want := "worker1\nattempt0\nattempt1\nworker0\nrun\n"; err != nil || string(down) != want {
		t.Errorf("torn down: %q, %v; want %q", down, err, want)
	}
}

// TestAgain: a set-up of each attempt is run again after its tear-down, with a file of its own, and
// sees nothing of what was torn down. One that lasts, or stands, is not.
func TestAgain(t *testing.T) {
	t.Parallel()
	const see = `echo "$COHORT_ATTEMPT-$COHORT_WORKER-$A-$B-$OLD" >>seen`
	r, dir := newRunner(t, nil, []Setup{
		{Name: "lasts", Run: shell(`echo "${COHORT_ATTEMPT-none}" >>seen; echo A=1 >$COHORT_ENV`)},
		{Name: "db", PerAttempt: true, Run: shell(see + `; [ "$COHORT_ATTEMPT" = 1 ] || echo OLD=1 >>$COHORT_ENV; echo B=$COHORT_ATTEMPT >>$COHORT_ENV`), TearDown: shell(see)},
		{Name: "fill", PerAttempt: true, Run: shell(see)},
	})
	up := func(number, attempt int) {
		t.Helper()
		a := Action{Part: Part{0, number}, For: Attempt{Number: attempt, Package: "p", Unit: "TestX"}}
		if out := r.SetUp(t.Context(), a); out.Err != nil || out.Action != a {
			t.Fatalf("%+v: %v\n%s", out.Action, out.Err, out.Output)
		}
	}
	panics := func(number int) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("set-up %d is run twice", number)
			}
		}()
		up(number, 9)
	}
	down := func(number int) {
		t.Helper()
		if out, ok := r.TearDown(t.Context(), Part{0, number}); !ok || out.Err != nil || number > 0 && out.For.Unit != "TestX" {
			t.Fatalf("tear-down: %v, %+v", ok, out)
		}
	}
	up(0, 0)
	up(1, 0)
	panics(1)
	up(2, 0)
	down(2)
	down(1)
	if vars := fmt.Sprint(r.ForProcess(0, []int{0, 1})); vars != "[A=1]" {
		t.Errorf("after the tear-down there are %s", vars)
	}
	up(2, 1)
	down(2)
	up(1, 1)
	left := r.Remains([]Part{{0, 1}})
	if got := fmt.Sprint(r.ForProcess(0, []int{0, 1}), r.Names(), left[0].Variables); got != "[A=1 B=1] [A B OLD] [B=1]" || !strings.Contains(left[0].TearDown, " COHORT_ATTEMPT=1 ") {
		t.Errorf("%s, %s", got, left[0].TearDown)
	}
	down(1)
	down(0)
	panics(0)
	seen, err := os.ReadFile(filepath.Join(dir, "seen"))
	if want := "none\n0-0-1--\n0-0-1-0-1\n0-0-1-0-1\n1-0-1--\n1-0-1--\n1-0-1-1-\n"; err != nil || string(seen) != want {
		t.Errorf("seen %q, %v; want %q", seen, err, want)
	}
}
