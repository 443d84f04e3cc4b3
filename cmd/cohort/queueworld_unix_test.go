//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestQueueWorld runs tests that need set-ups of their workers on several machines, which are processes
// here, and share a real server.
func TestQueueWorld(t *testing.T) {
	t.Parallel()
	programs := buildQueue(t)
	for name, test := range map[string]func(l *worldLab){
		"once for each worker": worldOnce, "for some tests": worldSome, "each attempt": worldAttempts,
		"fails on one machine": worldFailsThere, "takes too long": worldHangs, "tear-down fails": worldBadEnd,
		"a machine is interrupted": worldQuits, "the leader is interrupted": worldCanceled, "a machine is killed": worldKilled,
		"kept": worldKept, "a second leader": worldHeir, "a second leader's own": worldOther,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terms := longTerms
			if name == "a machine is killed" || strings.HasPrefix(name, "a second leader") {
				terms = briefTerms
			}
			l := &worldLab{newLab(t, programsWith(t, programs, terms))}
			l.waiting(0)
			for i := range 6 { // each has a process of its own
				l.write(fmt.Sprintf("g%d_test.go", i), fmt.Sprintf("package w\n\nimport \"testing\"\n\n//cohort:group g%d\nfunc Test%d(t *testing.T) { check(t); wait(t) }\n", i, i))
			}
			l.write("check_test.go", "package w\n\nimport \"testing\"\n\nfunc check(*testing.T) {}\n")
			test(l)
		})
	}
}

// worldLab is a lab whose set-ups write what they do into the file world.
type worldLab struct{ *lab }

// databases is a set-up of each worker, for tests that check that it is their own. More lines follow.
func (l *worldLab) databases(more string) {
	l.write("check_test.go", `package w

import (
	"os"
	"testing"
)

func check(t *testing.T) {
	if got := os.Getenv("DB"); got != "db"+os.Getenv("COHORT_WORKER")+" of "+os.Getenv("NET") {
		t.Fatal("worker " + os.Getenv("COHORT_WORKER") + " has " + got)
	}
}
`)
	l.config(`setup:
  - {name: net, run: 'echo NET=lan >>"$COHORT_ENV"', teardown: echo net down >>world}
worker-setup:
  - name: db
    run: 'if [ -n "$SICK" ]; then echo no db here; touch sick; exit 7; fi; echo up $COHORT_WORKER >>world; echo "DB=db$COHORT_WORKER of $NET" >>"$COHORT_ENV"'
    teardown: 'if [ -n "$DB" ]; then echo down $COHORT_WORKER $DB >>world; else touch cleaned; fi'
` + more)
}

func (l *worldLab) config(text string) {
	l.write(".cohort.yaml", "version: 1\n"+text)
}

// join starts a machine that never leads, with more variables.
func (l *worldLab) join(env ...string) *member {
	l.t.Helper()
	other := *l.lab
	other.env = slices.Concat(l.env, env)
	return other.start("--queue-role=agent", "--", "-count=1", ".")
}

// both starts a leader and another machine, once each has its tests.
func (l *worldLab) both(env ...string) (lead, other *member) {
	l.t.Helper()
	lead = l.start("--rerun-fails", "--junitfile=j.xml", "--", "-count=1", ".")
	l.file("ran0")
	l.file("ran1")
	other = l.join(env...)
	return lead, other
}

// world checks what set-ups have done: lines in any order, but that those of the run end last.
func (l *worldLab) world(want ...string) {
	l.t.Helper()
	data, err := os.ReadFile(filepath.Join(l.module, "world"))
	if err != nil {
		l.t.Error(err)
	}
	got := strings.Split(strings.TrimSpace(string(data)), "\n")
	if last := got[len(got)-1]; slices.Contains(want, "net down") && last != "net down" {
		l.t.Errorf("the last was %s, want the tear-down of the run", last)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		l.t.Errorf("the world was\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// lives are the lines of workers that were set up and torn down once, and of the run.
func lives(workers ...int) (lines []string) {
	for _, w := range workers {
		lines = append(lines, fmt.Sprint("up ", w), fmt.Sprintf("down %d db%d of lan", w, w))
	}
	return append(lines, "net down")
}

// signal sends a signal to a machine.
func (m *member) signal(sig syscall.Signal) {
	m.t.Helper()
	if err := m.cmd.Process.Signal(sig); err != nil {
		m.t.Fatal(err)
	}
}

// worldOnce: each worker has its own world, on its machine, and tests see no other.
func worldOnce(l *worldLab) {
	l.databases("")
	lead, other := l.both()
	l.file("ran2")
	l.file("ran3")
	l.release()
	lead.wait(0, "DONE 6 tests")
	other.wait(0)
	l.world(lives(0, 1, 2, 3)...)
	if report, err := os.ReadFile(filepath.Join(l.module, "j.xml")); strings.Count(string(report), `name="setup/db"`) != 1 {
		l.t.Errorf("%v: no setup/db in\n%s", err, report)
	}
}

// worldSome: a machine whose tests need no set-up runs none.
func worldSome(l *worldLab) {
	l.write("a/a_test.go", "package a\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestA(t *testing.T) {\n\tif os.Getenv(\"DB\") != \"a\" {\n\t\tt.Fail()\n\t}\n}\n")
	l.config("worker-setup:\n  - {name: db, run: 'echo up >>world; echo DB=a >>\"$COHORT_ENV\"', teardown: 'echo down >>world', when: {package: ./a}}\n")
	l.release()
	lead := l.start("--", "-count=1", "./...")
	lead.wait(0, "DONE 7 tests")
	l.world("up", "down")
}

// worldAttempts: each attempt has its own, and a rerun one after the failure.
func worldAttempts(l *worldLab) {
	l.write("flaky_test.go", `package w

import (
	"os"
	"testing"
)

func TestFlaky(t *testing.T) {
	if os.Getenv("FRESH") != "TestFlaky"+os.Getenv("COHORT_ATTEMPT") {
		t.Fatal(os.Getenv("FRESH"))
	}
	if os.Getenv("COHORT_ATTEMPT") == "0" {
		t.Error("the first time")
	}
}

func TestOther(t *testing.T) {}
`)
	l.config(`worker-setup:
  - {name: fresh, per: attempt, when: {test: TestFlaky}, run: 'echo up $COHORT_ATTEMPT >>world; echo FRESH=TestFlaky$COHORT_ATTEMPT >>"$COHORT_ENV"', teardown: echo down $COHORT_ATTEMPT >>world}
`)
	l.start("--rerun-fails", "--explain-failures=off", "--", "-count=1", "-run=Flaky|Other", ".").wait(0, "DONE 2 runs, 3 tests, 1 failure")
	l.world("up 0", "down 0", "up 1", "down 1")
}

// worldFailsThere: a set-up that fails on one machine fails the run everywhere, and is told with the
// machine. Nothing is rerun, and no test counts as passed that has not run.
func worldFailsThere(l *worldLab) {
	l.databases("")
	lead, other := l.both("SICK=yes")
	l.file("sick")
	l.release()
	lead.wait(4, "=== Set-up", "set-up db of worker ", " on ", "exit status 7", "no db here", "set-up db failed", "no reruns: a set-up failed")
	other.wait(4, "exit code 4 on ", "=== Queue: set-up db of worker ")
	l.world(lives(0, 1)...)
	if _, err := os.Stat(filepath.Join(l.module, "cleaned")); err != nil {
		l.t.Errorf("what has failed was not torn down: %v", err)
	}
}

// worldHangs: a set-up that does not end is a failure after its time, in which its shell can begin.
func worldHangs(l *worldLab) {
	l.config("worker-setup:\n  - {name: slow, timeout: 10s, run: 'echo up >>world; sleep 1000', teardown: echo down >>world, when: {test: Test1}}\n")
	l.release()
	l.start("--", "-count=1", ".").wait(4, "set-up slow of worker ", "timed out after 10s", "DONE 6 tests, 1 skipped")
	l.world("up", "down")
}

// worldBadEnd: a tear-down that fails is a warning, or a failure if the user says so.
func worldBadEnd(l *worldLab) {
	l.config("worker-setup:\n  - {name: db, run: 'echo DB=db$COHORT_WORKER of >>\"$COHORT_ENV\"', teardown: 'echo stuck; exit 5', when: {test: Test1}}\n")
	l.release()
	l.start("--", "-count=1", ".").wait(0, "=== WARN: tear-down of set-up db of worker ", " on ", "stuck")
	l.start("--queue-run=r2", "--strict-teardown", "--", "-count=1", ".").wait(1, "=== FAIL: tear-down of set-up db of worker ")
}

// worldQuits: a machine that its user ends tears down what it has, at once, and others run its tests in
// their own world.
func worldQuits(l *worldLab) {
	l.databases("")
	lead, other := l.both()
	l.file("ran2")
	l.file("ran3")
	other.signal(syscall.SIGINT)
	other.wait(130, "what ran here is left to others")
	l.world("up 0", "up 1", "up 2", "up 3", "down 2 db2 of lan", "down 3 db3 of lan")
	l.release()
	lead.wait(0, "DONE 6 tests")
	if strings.Contains(lead.out.String(), "may still be there") {
		l.t.Errorf("what was torn down is said to stand:\n%s", lead.out.String())
	}
	l.world(lives(0, 1, 2, 3)...)
}

// worldCanceled: a signal to the leader ends the worlds of all machines.
func worldCanceled(l *worldLab) {
	l.databases("")
	lead, other := l.both()
	l.file("ran2")
	l.file("ran3")
	lead.signal(syscall.SIGTERM)
	lead.wait(143)
	other.wait(143, "exit code 143 on ")
	l.world(lives(0, 1, 2, 3)...)
}

// worldKilled: what a machine that was killed has run runs in the world of another, and what stood on it is
// told of.
func worldKilled(l *worldLab) {
	l.databases("")
	lead, other := l.both()
	l.file("ran2")
	l.file("ran3")
	for strings.Count(l.queue(0, "status", "--json"), `"stands": true`) < 2 {
		time.Sleep(100 * time.Millisecond) // other processes tell it
	}
	if err := other.cmd.Process.Kill(); err != nil {
		l.t.Fatal(err)
	}
	_ = other.cmd.Wait()
	l.release()
	lead.wait(0, "DONE 6 tests", "went away: what its set-ups have started may still be there")
	l.world("up 0", "up 1", "up 2", "up 3", "down 0 db0 of lan", "down 1 db1 of lan", "net down")
}

// worldKept: --keep-env holds on all machines, each of which says how to end what is there.
func worldKept(l *worldLab) {
	l.config("worker-setup:\n  - {name: db, run: 'echo up >>world; echo DB=x >>\"$COHORT_ENV\"', teardown: ./drop}\n")
	l.release()
	l.start("-n=1", "--keep-env=always", "--", "-count=1", ".").wait(0, "the environment is kept (--keep-env); to end it", "it has set DB=x", "./drop")
	l.world("up")
}

// worldHeir: when the leader is killed, another one has tests run in the worlds that its set-ups make.
func worldHeir(l *worldLab) {
	l.databases("")
	lead, heir := l.start("--", "-count=1", "."), (*member)(nil)
	l.file("ran0")
	l.file("ran1")
	heir = l.start("--", "-count=1", ".")
	l.file("ran2")
	l.file("ran3")
	if err := lead.cmd.Process.Kill(); err != nil {
		l.t.Fatal(err)
	}
	_ = lead.cmd.Wait()
	l.release()
	heir.wait(0, "this machine leads", "DONE 6 tests")
	l.world("up 0", "up 1", "up 2", "down 2 db2 of lan", "up 3", "down 3 db3 of lan", "net down")
}

// worldOther: what a process runs with variables of a dead leader's set-up ends before the next leader's runs
// with its own: no test runs twice at a time.
func worldOther(l *worldLab) {
	l.write("check_test.go", `package w

import (
	"os"
	"syscall"
	"testing"
)

func check(t *testing.T) {
	f, err := os.Create(t.Name() + ".lock") // open until the process ends
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err == nil {
		err = os.WriteFile("net-"+os.Getenv("NET"), nil, 0o600)
	}
	if err != nil {
		t.Fatal("it runs twice at a time: ", err)
	}
	t.Cleanup(func() { f.Close() })
}
`)
	l.config(`setup: [{name: net, run: 'echo NET=$LAN >>"$COHORT_ENV"'}]` + "\n")
	begin := func(lan string) *member {
		other := *l.lab
		other.env = slices.Concat(l.env, []string{"LAN=" + lan})
		return other.start("--", "-count=1", ".")
	}
	lead := begin("a")
	l.file("ran0")
	heir := begin("b")
	l.file("ran2")
	if err := lead.cmd.Process.Kill(); err != nil {
		l.t.Fatal(err)
	}
	_ = lead.cmd.Wait()
	if !within(func() bool { _, err := os.Stat(filepath.Join(l.module, "net-b")); return err == nil }) {
		l.t.Error("what the first leader has handed out is not ended for what the second one does")
	}
	l.release()
	heir.wait(0, "this machine leads", "DONE 6 tests")
}
