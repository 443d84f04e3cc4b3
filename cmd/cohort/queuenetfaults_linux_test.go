package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// site is a run on machines of a network: a server, and three that run tests. Their connections are
// encrypted, and the server asks for a token.
type site struct {
	*lab   // the module, and what all machines are started with
	net    *network
	tools  string // the folder of programs
	store  string
	gate   string   // the folder by which tests tell that they run, and are let go on
	serves []string // what the server is started with
	// hosts of the server and of three machines
	at, one, two, three *host
	login               []string // flags
}

// netTerms have machines missed soon, though not because of much else that this one does.
const netTerms = "--ack-wait=3s --leader-ttl=3s --node-ttl=2s"

// newSite starts the server of a network, for the tests of a module.
func newSite(t *testing.T, tools, module string) *site {
	t.Helper()
	n := newNetwork(t, 4)
	s := &site{net: n, at: n.hosts[0], one: n.hosts[1], two: n.hosts[2], three: n.hosts[3], tools: tools, store: filepath.Join(t.TempDir(), "store"), gate: t.TempDir()}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(secretToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cert, key := certificate(t, s.at.addr)
	s.serves = []string{filepath.Join(tools, queueProgram), "serve", "--listen=" + s.at.addr + ":4222", "--store=" + s.store, "--token-file=" + token, "--tls-cert=" + cert, "--tls-key=" + key}
	s.login = []string{"--queue-token-file=" + token, "--queue-ca=" + cert, "--queue-wait=40s"}
	s.lab = &lab{t: t, module: module}
	s.env = append(cleanEnv(), "COHORT_QUEUE=nats://"+s.at.addr+":4222", "COHORT_QUEUE_RUN=r", "PATH="+tools+":"+os.Getenv("PATH"),
		"COHORT_HISTORY=off", "TMPDIR="+t.TempDir(), "GATE="+s.gate)
	s.serve()
	t.Cleanup(s.lab.stop)
	return s
}

// secretToken is the token of the server.
const secretToken = "g3h31m-T0k3n"

// serve starts the server.
func (s *site) serve() {
	s.t.Helper()
	s.server = s.at.command(s.serves...)
	s.server.Stderr = os.Stderr
	out, err := s.server.StdoutPipe()
	if err == nil {
		err = s.server.Start()
	}
	if err == nil {
		_, err = bufio.NewReader(out).ReadString('\n')
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// on starts cohort on a machine, with two workers.
func (s *site) on(h *host, args ...string) *member {
	s.t.Helper()
	m := &member{t: s.t}
	m.cmd = h.command(append(append([]string{"cohort", "-n=2"}, s.login...), args...)...)
	m.cmd.Dir, m.cmd.Env, m.cmd.Stdout, m.cmd.Stderr = s.module, s.env, &m.out, &m.out
	if err := m.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if m.cmd.ProcessState == nil {
			_ = m.cmd.Process.Signal(syscall.SIGABRT) // the test has failed: what does it wait for?
			kill := time.AfterFunc(10*time.Second, func() { _ = m.cmd.Process.Kill() })
			_ = m.cmd.Wait()
			kill.Stop()
			s.t.Logf("a machine that did not end:\n%s", m.out.String())
		}
	})
	return m
}

// execution is a process that runs a test of gated.
type execution struct {
	test        string
	pid, worker int
	file        string // lets it go on, with .go behind it
}

// marked is how a test tells that it runs: by a file that is locked until it may go on, or its process ends.
const marked = `
func stay(t *testing.T, name string) {
	f, err := os.Create(name + ".begins")
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		for _, file := range []string{name + ".go", filepath.Join(filepath.Dir(name), "all.go")} {
			if _, err := os.Stat(file); err == nil {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func runs(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}
`

// gated are four tests that wait until they may go on, and fail if a process still runs them that
// began before. Each is a group: where processes start slowly, tests that are none share some.
const gated = `package w

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func wait(t *testing.T) {
	gate := os.Getenv("GATE")
	others, _ := filepath.Glob(filepath.Join(gate, t.Name()+".*"))
	for _, file := range others {
		if os.Getenv("COPIES") == "" && strings.Count(filepath.Base(file), ".") == 2 && runs(file) {
			t.Errorf("%s runs this too", filepath.Base(file))
		}
	}
	stay(t, filepath.Join(gate, fmt.Sprintf("%s.%d.%s", t.Name(), os.Getpid(), os.Getenv("COHORT_WORKER"))))
}

` + marked + `
//cohort:group zero
func Test0(t *testing.T) { wait(t) }

//cohort:group one
func Test1(t *testing.T) { wait(t) }

//cohort:group two
func Test2(t *testing.T) { wait(t) }

//cohort:group three
func Test3(t *testing.T) { wait(t) }
`

// executions are those that have begun.
func (s *site) executions() (all []execution) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.gate, "Test*.*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range files {
		parts := strings.Split(filepath.Base(file), ".")
		if len(parts) != 3 {
			continue // it lets one go on
		}
		pid, err := strconv.Atoi(parts[1])
		worker, err2 := strconv.Atoi(parts[2])
		if err := errors.Join(err, err2); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, execution{parts[0], pid, worker, file})
	}
	return all
}

// await waits until so many executions have begun, and returns them.
func (s *site) await(n int) []execution {
	s.t.Helper()
	if !within(func() bool { return len(s.executions()) >= n }) {
		s.t.Fatalf("%v, not %d executions", s.executions(), n)
	}
	return s.executions()
}

// ended waits for the end of executions.
func (s *site) ended(all []execution) {
	s.t.Helper()
	for _, e := range all {
		if !within(func() bool { return errors.Is(syscall.Kill(e.pid, 0), syscall.ESRCH) }) {
			s.t.Fatalf("%v runs on", e)
		}
	}
}

// open lets executions go on.
func (s *site) open(file string) {
	s.t.Helper()
	if err := os.WriteFile(file+".go", nil, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// release lets all go on.
func (s *site) release() { s.t.Helper(); s.open(filepath.Join(s.gate, "all")) }

// workersOf returns the executions of workers from some number on.
func workersOf(all []execution, from int) (some []execution) {
	for _, e := range all {
		if e.worker >= from {
			some = append(some, e)
		}
	}
	return some
}

// events is the file that a machine writes if it leads, from the module on.
func (s *site) events() string { return "events-" + filepath.Base(filepath.Dir(s.gate)) + ".json" }

// leads are flags of a machine that leads, args those of the run.
func (s *site) leads() []string {
	return append([]string{"--format=testname", "--jsonfile=" + s.events()}, runArgs...)
}

// agent are flags of a machine that never leads.
func (s *site) agent() []string { return append([]string{"--queue-role=agent"}, runArgs...) }

var runArgs = []string{"--", "-count=1", "."}

// passed checks that each test has passed once, and that nothing is left on the machines.
func (s *site) passed() {
	s.t.Helper()
	want := "pass example.com/m \npass example.com/m Test0\npass example.com/m Test1\npass example.com/m Test2\npass example.com/m Test3"
	if got := s.results(s.events()); got != want {
		s.t.Errorf("results:\n%s", got)
	}
	s.stop()
	s.net.empty()
}

// TestQueueNetwork: machines in network namespaces share a run while their network, they themselves
// and the server fail. All tests pass once in the end.
func TestQueueNetwork(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for leases to run out")
	}
	newNetwork(t, 0) // or skip before anything is built
	tools := programsWith(t, buildQueue(t), netTerms)
	l := &lab{t: t, module: t.TempDir()}
	l.write("go.mod", "module example.com/m\n\ngo 1.26\n")
	l.write("w_test.go", gated)
	for name, test := range map[string]func(*site){
		"an agent is cut off": netAgentCut, "an agent stands still": netAgentStands, "the leader is cut off": netLeaderCut,
		"the leader is cut off for a while": netLeaderBack, "the server dies": netServerDies, "an acknowledgement is lost": netDeaf,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newSite(t, tools, l.module))
		})
	}
	t.Run("the same as on one machine", func(t *testing.T) {
		t.Parallel()
		netSame(newSite(t, tools, t.TempDir()))
	})
}

// netAgentCut: an agent that is cut off ends its processes before others run their tests, and takes
// part again when the network is back.
func netAgentCut(s *site) {
	lead := s.on(s.one, s.leads()...)
	s.await(2)
	two := s.on(s.two, s.agent()...)
	s.await(4)
	three := s.on(s.three, s.agent()...)
	s.two.cut()
	s.await(6)
	s.two.heal()
	s.release()
	lead.wait(0, "DONE 4 tests")
	two.wait(0, "exit code 0 on ")
	three.wait(0, "exit code 0 on ")
	s.passed()
}

// netAgentStands: an agent that stands still for longer than its leases last ends its processes when
// it goes on, though another one runs their tests by then.
func netAgentStands(s *site) {
	s.env = append(s.env, "COPIES=1")
	lead := s.on(s.one, s.leads()...)
	s.await(2)
	two := s.on(s.two, s.agent()...)
	late := workersOf(s.await(4), 2)
	three := s.on(s.three, s.agent()...)
	two.signal(syscall.SIGSTOP)
	s.await(6)
	two.signal(syscall.SIGCONT)
	s.ended(late)
	s.release()
	lead.wait(0, "DONE 4 tests")
	two.wait(0, "exit code 0 on ")
	three.wait(0, "exit code 0 on ")
	s.passed()
}

// netLeaderCut: if the leader is cut off another machine takes over, and the old leader is none when
// the network is back: its exit code is 3.
func netLeaderCut(s *site) {
	lead := s.on(s.one, append([]string{"--jsonfile=" + filepath.Join(s.gate, "old.json"), "--junitfile=" + filepath.Join(s.gate, "old.xml")}, runArgs...)...)
	s.await(2)
	heir := s.on(s.two, s.leads()...)
	s.await(4)
	three := s.on(s.three, s.agent()...)
	s.one.cut()
	s.await(6)
	s.release()
	heir.wait(0, "this machine leads", "DONE 4 tests")
	three.wait(0, "exit code 0 on ")
	s.one.heal()
	lead.wait(3, "ERROR --queue: ", "this machine has lost the run: stopping ", "=== Interrupted")
	lead.failedNothing()
	if junit, err := os.ReadFile(filepath.Join(s.gate, "old.xml")); err != nil || bytes.Contains(junit, []byte("<failure")) || bytes.Count(junit, []byte("<skipped")) == 0 {
		s.t.Errorf("JUnit of the old leader: %v\n%s", err, junit)
	}
	s.passed()
}

// netLeaderBack: a leader that was cut off leads on if no other has led meanwhile.
func netLeaderBack(s *site) {
	lead := s.on(s.one, s.leads()...)
	mine := s.await(2)
	two := s.on(s.two, s.agent()...)
	s.await(4)
	s.one.cut()
	s.ended(mine)
	s.one.heal()
	s.await(6)
	s.release()
	lead.wait(0, "DONE 4 tests")
	two.wait(0, "exit code 0 on ")
	s.passed()
}

// netServerDies: a run goes on when its server comes back.
func netServerDies(s *site) {
	lead := s.on(s.one, s.leads()...)
	s.await(2)
	two := s.on(s.two, s.agent()...)
	all := s.await(4)
	s.stop()
	s.ended(all) // the leases have run out by the machines' own clocks
	s.serve()
	s.await(8)
	s.release()
	lead.wait(0, "DONE 4 tests")
	two.wait(0, "exit code 0 on ")
	s.passed()
}

// netDeaf: the server has the result of a machine to which its answer is lost. Nobody runs that test
// again. On a starved machine the result may not be on its way before the sender stops for want of
// answers: then the run passes all the same, and another one is tried.
func netDeaf(s *site) {
	for range 5 {
		if netDeafOnce(s) {
			return
		}
		s.t.Log("the machine was deaf before its result was out")
		s = newSite(s.t, s.tools, s.module)
	}
	s.t.Error("no result was out before its machine was deaf")
}

// netDeafOnce reports whether the result was heard.
func netDeafOnce(s *site) bool {
	lead := s.on(s.one, s.leads()...)
	s.await(2)
	two := s.on(s.two, s.agent()...)
	ready := workersOf(s.await(4), 2)
	s.two.deaf()
	s.open(ready[0].file)
	pass, gaveUp := "PASS "+ready[0].test+" ", "the queue's server has not answered for "
	if !within(func() bool {
		return strings.Contains(lead.out.String(), pass) || strings.Contains(two.out.String(), gaveUp)
	}) {
		s.t.Fatalf("no %q in\n%s\nand no %q in\n%s", pass, lead.out.String(), gaveUp, two.out.String())
	}
	if !strings.Contains(lead.out.String(), pass) {
		s.two.heal()
		s.release()
		lead.wait(0, "DONE 4 tests")
		two.wait(3, gaveUp)
		s.passed()
		return false
	}
	three := s.on(s.three, s.agent()...)
	s.await(5)
	s.two.heal()
	s.release()
	lead.wait(0, "DONE 4 tests")
	two.wait(0, "exit code 0 on ")
	three.wait(0, "exit code 0 on ")
	all := slices.DeleteFunc(s.executions(), func(e execution) bool { return e.test != ready[0].test })
	if len(all) != 1 {
		s.t.Errorf("%v: it ran again", all)
	}
	s.passed()
	return true
}
