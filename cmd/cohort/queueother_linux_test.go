package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// guarded are tests that wait until they may go on, and fail if a process that lives still runs something
// that must not run at the same time: themselves, one that holds the same lock, and if one of the two is
// serial any. They say with which variables they run.
const guarded = `package w

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)
` + marked + `
func wait(t *testing.T, not ...string) {
	gate := os.Getenv("GATE")
	for _, test := range append(not, t.Name(), "TestSerial") {
		others, _ := filepath.Glob(filepath.Join(gate, test+".*"))
		for _, file := range others {
			if strings.Count(filepath.Base(file), ".") == 2 && runs(file) {
				t.Errorf("%s runs", filepath.Base(file))
			}
		}
	}
	mine := filepath.Join(gate, fmt.Sprintf("%s.%d.%s", t.Name(), os.Getpid(), os.Getenv("COHORT_WORKER")))
	if err := os.WriteFile(mine+"."+os.Getenv("NET"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	stay(t, mine)
}

//cohort:serial
func TestSerial(t *testing.T) { wait(t, "Test*") }

//cohort:lock db
func TestLockA(t *testing.T) { wait(t, "TestLock*") }

//cohort:lock db
func TestLockB(t *testing.T) { wait(t, "TestLock*") }

//cohort:lock db
func TestLockC(t *testing.T) { wait(t, "TestLock*") }
`

// guardedTests is how many tests there are: more than three machines run at a time.
const guardedTests = 12

// newOther starts the server of machines whose set-ups give other variables, so that each leader hands out
// processes of its own.
func newOther(t *testing.T, tools string) *site {
	t.Helper()
	l := &lab{t: t, module: t.TempDir()}
	l.write("go.mod", "module example.com/m\n\ngo 1.26\n")
	l.write("w_test.go", guarded)
	for i := range guardedTests - 4 {
		l.write(fmt.Sprintf("g%d_test.go", i), fmt.Sprintf("package w\n\nimport \"testing\"\n\n//cohort:group g%d\nfunc Test%d(t *testing.T) { wait(t) }\n", i, i))
	}
	l.write(".cohort.yaml", "version: 1\nsetup: [{name: net, run: 'echo NET=$LAN >>\"$COHORT_ENV\"'}]\n")
	return newSite(t, tools, l.module)
}

// of is the site as a machine sees it whose set-ups give other variables.
func (s *site) of(lan string) *site {
	other, l := *s, *s.lab
	l.env = slices.Concat(s.env, []string{"LAN=" + lan})
	other.lab = &l
	return &other
}

// ran waits until so many executions have begun with a machine's variables, and returns those. What earlier
// leaders have handed out may begin too, where a worker is free before the new one's work is there: it is let
// go on, or that work would wait for its worker.
func (s *site) ran(lan string, before []execution, n int) (with []execution) {
	s.t.Helper()
	if !within(func() bool {
		with = nil
		for _, e := range s.executions() {
			if slices.Contains(before, e) {
				continue
			}
			if _, err := os.Stat(e.file + "." + lan); err == nil {
				with = append(with, e)
			} else {
				s.open(e.file)
			}
		}
		return len(with) >= n
	}) {
		s.t.Fatalf("%v, and only %v of them have the variables of %s", s.executions(), with, lan)
	}
	return with
}

// over checks that all tests have passed once, and that nothing is left.
func (s *site) over() {
	s.t.Helper()
	if got := s.results(s.events()); strings.Count(got, "pass ") != guardedTests+1 || strings.Count(got, "\n") != guardedTests {
		s.t.Errorf("results:\n%s", got)
	}
	s.stop()
	s.net.empty()
}

// TestQueueOther: a machine takes over whose set-up gives other variables than that of the leader before.
// What that one has handed out ends before the same tests run again, and before any runs that must not run
// at the same time, on all machines that are there, and on the old leader's, which is cut off or has died.
func TestQueueOther(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for leases to run out")
	}
	newNetwork(t, 0) // or skip before anything is built
	tools := programsWith(t, buildQueue(t), netTerms)
	for name, test := range map[string]func(*site){"cut off": otherCut, "killed": otherKilled, "twice": otherTwice} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newOther(t, tools))
		})
	}
}

// otherEnds has a leader with two other machines come to an end, after which one of those leads the run to
// its end, and returns the old leader.
func (s *site) otherEnds(end func(lead *member)) *member {
	s.t.Helper()
	lead := s.of("a").on(s.one, append([]string{"--jsonfile=" + filepath.Join(s.gate, "old.json")}, runArgs...)...)
	s.await(2)
	heir := s.of("b").on(s.two, s.leads()...)
	s.await(4)
	three := s.on(s.three, s.agent()...)
	old := s.await(6)
	end(lead)
	s.ran("b", old, 4)
	s.ended(old)
	s.release()
	heir.wait(0, "this machine leads", fmt.Sprintf("DONE %d tests", guardedTests))
	three.wait(0, "exit code 0 on ")
	return lead
}

// otherCut: the old leader is cut off.
func otherCut(s *site) {
	lead := s.otherEnds(func(*member) { s.one.cut() })
	s.one.heal()
	lead.wait(3, "ERROR --queue: ")
	s.over()
}

// otherKilled: the old leader is killed.
func otherKilled(s *site) {
	s.otherEnds(func(lead *member) {
		lead.signal(syscall.SIGKILL)
		_ = lead.cmd.Wait()
	})
	s.over()
}

// otherTwice: the one that has taken over is killed too.
func otherTwice(s *site) {
	lead := s.of("a").on(s.one, append([]string{"--jsonfile=" + filepath.Join(s.gate, "old.json")}, runArgs...)...)
	first := s.await(2)
	heir := s.of("b").on(s.two, append([]string{"--jsonfile=" + filepath.Join(s.gate, "old2.json")}, runArgs...)...)
	old := s.await(4)
	lead.signal(syscall.SIGKILL)
	_ = lead.cmd.Wait()
	second := s.ran("b", old, 2)
	last := s.of("c").on(s.three, s.leads()...)
	if !within(func() bool { return len(workersOf(s.executions(), 4)) >= 2 }) {
		s.t.Fatalf("%v, and none of the third machine", s.executions())
	}
	old = s.executions()
	heir.signal(syscall.SIGKILL)
	_ = heir.cmd.Wait()
	again := 2
	for _, e := range second {
		if slices.ContainsFunc(first, func(x execution) bool { return x.test == e.test }) {
			again = 1 // that test may have ended both machines: it runs alone on the third
		}
	}
	s.ran("c", old, again)
	s.ended(old)
	s.release()
	last.wait(0, "this machine leads", fmt.Sprintf("DONE %d tests", guardedTests))
	s.over()
}

// TestQueueFailedBefore: a test that has failed for a leader that was killed does not pass since the next one,
// whose set-up gives other variables, has it run once more.
func TestQueueFailedBefore(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for leases to run out")
	}
	newNetwork(t, 0) // or skip before anything is built
	l := &lab{t: t, module: t.TempDir()}
	l.write("go.mod", "module example.com/m\n\ngo 1.26\n")
	l.write("w_test.go", strings.ReplaceAll(guarded, "//cohort:lock db\nfunc TestLock", "func lock")+`
func TestFirst(t *testing.T) {
	file := filepath.Join(os.Getenv("GATE"), "failed")
	if _, err := os.Stat(file); err != nil {
		os.WriteFile(file, nil, 0o600)
		t.Fatal("the first time")
	}
}
`)
	l.write(".cohort.yaml", "version: 1\nsetup: [{name: net, run: 'echo NET=$LAN >>\"$COHORT_ENV\"'}]\n")
	s := newSite(t, programsWith(t, buildQueue(t), netTerms), l.module)
	lead := s.of("a").on(s.one, runArgs...)
	lead.awaits("the first time")
	old := s.await(1)
	heir := s.of("b").on(s.two, append([]string{"--explain-failures=off"}, runArgs...)...)
	lead.signal(syscall.SIGKILL)
	_ = lead.cmd.Wait()
	s.ran("b", old, 1)
	s.ended(old)
	s.release()
	heir.wait(1, "this machine leads", "    cohort: this failed on machine ", " before this machine led the run, and passed when it ran again: the failure counts. There it printed:\n", "the first time", "DONE 2 tests, 1 failure")
	s.stop()
	s.net.empty()
}
