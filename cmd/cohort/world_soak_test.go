//go:build unix

package main_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The size of TestWorldSoak. Without a seed every run tries new rounds.
var (
	worldRounds = flag.Int("world.rounds", 6, "rounds of TestWorldSoak")
	worldSeed   = flag.Uint64("world.seed", 0, "seed of the first round of TestWorldSoak, 0 for a random one")
)

// TestWorldSoak runs testdata/worlds, whose set-ups, tear-downs and tests fail, hang and die by
// chance, kill the exec-tests and interrupt cohort. Whatever happens: each set-up is run once, that of
// each attempt once for each process, and torn down once, not while a test runs that may use it, no
// test starts without what it needs, and nothing is left.
func TestWorldSoak(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the soak asks the kernel which processes are left, by way of /proc")
	}
	d := newQuickDiffer(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	first := *worldSeed
	if first == 0 {
		first = rand.Uint64N(1e9) + 1
	}
	t.Logf("%d rounds from -world.seed=%d", *worldRounds, first)
	for i := range *worldRounds {
		w := &worldRound{t: t, differ: d, seed: first + uint64(i), dir: t.TempDir()}
		w.run()
		t.Logf("seed %d: exit code %d", w.seed, w.code)
		if w.check(); t.Failed() {
			t.Logf("seed %d: %s: exit code %d\n%s\n%s\n%s", w.seed, w.cmd, w.code, &w.stdout, &w.stderr, strings.Join(w.log, "\n"))
			return
		}
	}
}

// worldRound is one run.
type worldRound struct {
	t              *testing.T
	differ         *differ
	seed           uint64
	dir            string
	cmd            *exec.Cmd
	code           int
	stdout, stderr bytes.Buffer
	log            []string
}

func (w *worldRound) run() {
	w.t.Helper()
	random := rand.New(rand.NewPCG(w.seed, 1))
	for _, name := range []string{"up", "users", "tmp"} {
		if err := os.Mkdir(filepath.Join(w.dir, name), 0o700); err != nil {
			w.t.Fatal(err)
		}
	}
	args := []string{fmt.Sprint("--workers=", 1+random.IntN(4)), fmt.Sprint("--shuffle=", w.seed%1000)}
	if random.IntN(2) == 0 {
		args = append(args, "--rerun-fails=1", "--rerun-delay=0")
	}
	if random.IntN(3) == 0 {
		args = append(args, "--explain-failures=off")
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), w.differ.limit)
	defer cancel()
	w.cmd = exec.CommandContext(ctx, w.differ.subject, append(args, "--", "-count=1", "./...")...)
	w.cmd.Dir = filepath.Join(w.differ.root, "testdata", "worlds")
	w.cmd.Env = append(slices.Clone(w.differ.env), "WORLDS_DIR="+w.dir, fmt.Sprint("WORLDS_SEED=", w.seed),
		fmt.Sprint("WORLDS_HARM=", random.IntN(4)), "TMPDIR="+filepath.Join(w.dir, "tmp"))
	w.cmd.Stdout, w.cmd.Stderr = &w.stdout, &w.stderr
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	w.cmd.WaitDelay = time.Minute // what holds the output was left behind
	_ = w.cmd.Run()               // the exit code says it all
	w.code = w.cmd.ProcessState.ExitCode()
	if ctx.Err() != nil {
		w.errorf("hangs")
	}
}

func (w *worldRound) errorf(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("seed %d: %s", w.seed, fmt.Sprintf(format, args...))
}

// check compares the log of the run with what must hold.
func (w *worldRound) check() {
	w.t.Helper()
	abandoned := strings.Contains(w.stderr.String(), "the tear-downs were left out")
	if abandoned {
		w.endWhatStays()
	} else if left := worldProcesses(w.dir, time.Minute); len(left) > 0 {
		w.errorf("left behind: %s", strings.Join(left, ", "))
	}
	text, err := os.ReadFile(filepath.Join(w.dir, "log"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.log = strings.Split(strings.TrimSpace(string(text)), "\n")
	count := make(map[string]int)
	for _, line := range w.log {
		count[line]++
		if verb, _, _ := strings.Cut(line, " "); !slices.Contains([]string{"up", "down", "test"}, verb) {
			w.errorf("%s", line)
		}
	}
	for line, n := range count {
		if strings.HasPrefix(line, "down ") && n > 1 && !abandoned && line != "down rows.none" { // that one had no name yet
			w.errorf("%d times %s", n, line)
		}
		who, isUp := strings.CutPrefix(line, "up ")
		if down := count["down "+who]; isUp && (n != 1 || down != 1 && !(abandoned && down == 2)) {
			w.errorf("%s was set up %d times and torn down %d times", who, n, down)
		}
	}
	w.checkLives(count)
	harmed := w.harmed()
	switch {
	case !slices.Contains([]int{0, 1, 3, 4, 128 + int(syscall.SIGINT)}, w.code):
		w.errorf("exit code %d", w.code)
	case w.code == 4 && !strings.Contains(w.stdout.String(), "=== FAIL: set-up "):
		w.errorf("exit code 4, and no set-up failed")
	case w.code == 0 && harmed:
		w.errorf("exit code 0, and tests or set-ups failed")
	}
	checkNothingLeft(w.t, filepath.Join(w.dir, "tmp"))
}

// checkLives checks that in a run that went well as many processes ran as there were worlds of
// attempts: two packages have three tests and a group that need one.
func (w *worldRound) checkLives(count map[string]int) {
	w.t.Helper()
	lives := 0
	for line := range count {
		if strings.HasPrefix(line, "up rows.") {
			lives++
		}
	}
	if w.code == 0 && lives < 8 {
		w.errorf("%d worlds of attempts, and the run has passed", lives)
	}
}

// harmed reports whether something failed for which nothing can have made up.
func (w *worldRound) harmed() bool {
	return strings.Contains(w.stdout.String(), "=== FAIL: set-up ") || strings.Contains(w.stdout.String(), "\n=== Interrupted")
}

// endWhatStays runs the commands that cohort has printed, and kills what the set-ups have left: it
// would have died with them.
func (w *worldRound) endWhatStays() {
	for line := range strings.Lines(w.stderr.String()) {
		if command, ok := strings.CutPrefix(line, "    ("); ok {
			cmd := exec.Command("sh", "-c", "("+command)
			cmd.Env = w.cmd.Env
			_ = cmd.Run() // they fail by chance
		}
	}
	for _, name := range worldProcesses(w.dir, 5*time.Second) {
		var pid int
		if _, err := fmt.Sscan(name, &pid); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// worldProcesses returns the processes of a round that still run, once those that were killed have
// had their moment, which lasts no longer than limit.
func worldProcesses(dir string, limit time.Duration) []string {
	var left []string
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		left = nil
		environs, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, name := range environs {
			environ, err := os.ReadFile(name)
			if err != nil || !bytes.Contains(environ, []byte("WORLDS_DIR="+dir+"\x00")) {
				continue // it has ended, or is another's
			}
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline")) // for the message
			left = append(left, fmt.Sprintf("%s %q", filepath.Base(filepath.Dir(name)), line))
		}
		if len(left) == 0 {
			return nil
		}
		<-time.After(10 * time.Millisecond) // a killed process takes a moment
	}
	return left
}
