//go:build unix

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// briefTerms are for machines that are to be missed soon.
const briefTerms = "--ack-wait=2s --leader-ttl=2s --node-ttl=3s"

// longTerms are for machines of which none dies: none is missed because this one does much else.
const longTerms = "--ack-wait=20s --leader-ttl=30s --node-ttl=30s"

// small are packages of tests that print much, and that pass.
var small = map[string]string{
	"p/p_test.go": "package p\n\nimport \"testing\"\n\nfunc TestP(*testing.T) {}\n",
	"much/much_test.go": `package much

import (
	"bytes"
	"math/rand"
	"os"
	"strconv"
	"testing"
)

func TestMuch(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("MIB"))
	b := bytes.Repeat([]byte("x"), 1<<20)
	if os.Getenv("RANDOM") != "" {
		for i := range b {
			b[i] = 'a' + byte(rand.Intn(26))
		}
	}
	b[len(b)-1] = '\n'
	for range n {
		os.Stdout.Write(b)
	}
}
`,
}

// refusal is a run that cannot be one, or not pass.
type refusal struct {
	bridge string   // flags of the bridge
	env    []string // added
	args   []string
	code   int
	want   []string
}

// TestQueueRefusals: what is wrong with a server, a machine or a limit is told by cohort, with an
// exit code that is not 0.
func TestQueueRefusals(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs cohort many times")
	}
	programs := buildQueue(t)
	l := newLab(t, programs)
	for name, text := range small {
		l.write(name, text)
	}
	own := []string{"wrong sum", "a unit ends machines", "a machine is sick"}
	for i, test := range []func(*lab){queueWrongSum, queueKiller, queueSick} {
		t.Run(own[i], func(t *testing.T) {
			t.Parallel()
			terms := longTerms
			if own[i] == "a unit ends machines" {
				terms = "--ack-wait=4s --leader-ttl=6s --node-ttl=5s"
			}
			test(newLab(t, programsWith(t, programs, terms)))
		})
	}
	cert, key := certificate(t, "127.0.0.1")
	token := filepath.Join(t.TempDir(), "token")
	wrong := filepath.Join(t.TempDir(), "wrong")
	for file, text := range map[string]string{token: "geheim", wrong: "falsch"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	safe := serving(t, programs, "--token-file="+token, "--tls-cert="+cert, "--tls-key="+key)
	open := l.url()
	asked, had := mutual(t, open, cert, key)
	const p = "./p"
	for name, r := range map[string]refusal{
		"work is full":     {bridge: "--max-work=100", code: 3, want: []string{"ERROR", "full", "stream COHORT_W_", "of at most 100 bytes"}},
		"results are full": {bridge: "--max-results=100", code: 3, want: []string{"ERROR", "full", "stream COHORT_R_", "of at most 100 bytes"}},
		"output is full": {bridge: "--max-output=100000", env: []string{"MIB=2", "RANDOM=1"}, args: []string{"--", "-count=1", "./much"}, code: 1,
			want: []string{"full", "stream COHORT_O_", "of at most 100000 bytes", "TestMuch"}},
		"output is over its limit": {env: []string{"MIB=66"}, args: []string{"--max-output=1MiB", "--", "-count=1", "./much"}, code: 1,
			want: []string{"its output has more than 64 MiB, the limit of one process on another machine", "TestMuch"}},
		"old server":     {args: []string{"--queue=" + oldServer(t, "2.9.25"), "--", "-count=1", p}, code: 3, want: []string{"the server is NATS 2.9.25; 2.11 or newer is needed"}},
		"no program":     {env: []string{"PATH=" + filepath.Join(goEnv(t, "GOROOT"), "bin") + ":/usr/bin:/bin"}, code: 3, want: []string{"--queue needs the program cohort-queue next to cohort or in PATH: go install"}},
		"no token":       {args: []string{"--queue=" + safe, "--queue-ca=" + cert, "--", "-count=1", p}, code: 3, want: []string{"the server does not take these credentials", "--queue-token-file"}},
		"wrong token":    {args: []string{"--queue=" + safe, "--queue-ca=" + cert, "--queue-token-file=" + wrong, "--", "-count=1", p}, code: 3, want: []string{"the server does not take these credentials"}},
		"right token":    {args: []string{"--queue=" + safe, "--queue-ca=" + cert, "--queue-token-file=" + token, "--", "-count=1", p}, want: []string{"DONE 1 tests"}},
		"no token file":  {args: []string{"--queue-token-file=" + token + "x", "--", "-count=1", p}, code: 3, want: []string{"read --queue-token-file", "no such file"}},
		"no authority":   {args: []string{"--queue=" + safe, "--queue-token-file=" + token, "--", "-count=1", p}, code: 3, want: []string{"x509", "see --queue-ca"}},
		"no TLS":         {args: []string{"--queue=" + strings.Replace(open, "127.0.0.1", "LOCALHOST", 1), "--", "-count=1", p}, code: 3, want: []string{"the server has no TLS; --queue-insecure does without"}},
		"no TLS is well": {args: []string{"--queue=" + strings.Replace(open, "127.0.0.1", "LOCALHOST", 1), "--queue-insecure", "--", "-count=1", p}, want: []string{"DONE 1 tests"}},
		"no certificate": {args: []string{"--queue=" + asked, "--queue-ca=" + cert, "--", "-count=1", p}, code: 3, want: []string{"tls: certificate required"}},
		"certificate":    {args: []string{"--queue=" + asked, "--queue-ca=" + cert, "--queue-cert=" + cert, "--queue-key=" + key, "--", "-count=1", p}, want: []string{"DONE 1 tests"}},
		"other key":      {args: []string{"--queue=" + asked, "--queue-cert=" + cert, "--queue-key=" + cert, "--", "-count=1", p}, code: 3, want: []string{"read --queue-cert", "--queue-key"}},
		"secret in URL":  {args: []string{"--queue=nats://me:geheim@127.0.0.1:1", "--", "-count=1", p}, code: 3, want: []string{"must not hold a password or token"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := *l
			own.t = t
			own.env = append(slices.Clone(l.env), "COHORT_QUEUE_RUN="+strings.ReplaceAll(name, " ", "-"), "PATH="+programsWith(t, programs, briefTerms+" "+r.bridge)+":"+os.Getenv("PATH"))
			own.env = append(own.env, r.env...)
			args := r.args
			if args == nil {
				args = []string{"--", "-count=1", p}
			}
			m := own.start(append([]string{"--queue-wait=5s", "--format=standard-quiet"}, args...)...)
			m.wait(r.code, r.want...)
			if strings.Contains(m.out.String(), "geheim") || strings.Contains(m.out.String(), "falsch") {
				t.Errorf("a secret is in\n%.2000s", m.out.String())
			}
			if name == "certificate" && had.Load() == 0 {
				t.Error("no client had the certificate")
			}
		})
	}
}

// programsWith returns a folder with the programs of another one, whose bridge gets some flags.
func programsWith(t *testing.T, programs, flags string) string {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\ncase $1 in bridge) shift; exec " + programs + "/real bridge " + flags + " \"$@\";; esac\nexec " + programs + "/real \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, queueProgram), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// url is the address of the server.
func (l *lab) url() string {
	for _, kv := range l.env {
		if url, ok := strings.CutPrefix(kv, "COHORT_QUEUE="); ok {
			return url
		}
	}
	return ""
}

// serving starts a server until the end of the test, and returns its address.
func serving(t *testing.T, programs string, args ...string) (url string) {
	t.Helper()
	server := exec.Command(filepath.Join(programs, "real"), append([]string{"serve", "--listen=127.0.0.1:0", "--store=" + filepath.Join(t.TempDir(), "store")}, args...)...)
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // it may have ended
		_ = server.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// queueWrongSum: a test binary that is another one than the leader has built does not run. After
// three times its tests fail. The leader's own workers run theirs.
func queueWrongSum(l *lab) {
	l.waiting(4)
	begin := func(run string) (lead *member) {
		lead = l.start("--queue-run="+run, "--explain-failures=off", "--", "-count=1", ".")
		l.file("ran0")
		l.file("ran1")
		l.start("--queue-run="+run, "--queue-binaries=ship", "--queue-role=agent", "--", "-count=1", ".")
		return lead
	}
	lead := begin("r")
	l.file("ran2")
	l.release()
	lead.wait(0)
	newWire(l.t, l.url()).exchange("another program")
	for _, name := range []string{"go", "ran0", "ran1"} {
		if err := os.Remove(filepath.Join(l.module, name)); err != nil {
			l.t.Fatal(err)
		}
	}
	lead = begin("r2")
	for !strings.Contains(l.queue(0, "status", "--json", "--queue-run=r2"), `"done": 2`) {
		if l.t.Context().Err() != nil {
			l.t.FailNow()
		}
		time.Sleep(100 * time.Millisecond) // other processes tell it
	}
	l.release()
	lead.wait(1, "get test binary m.test: fetch file ", ": its SHA-256 is ")
}

// queueKiller: a unit that ends the machines that it runs on ends three. It then fails, and the
// message names them. All other tests pass, whichever machine leads by then: the unit is in a process
// of its own, or the next leader might give it out together with others, as another process.
func queueKiller(l *lab) {
	l.write("k_test.go", `package k

import (
	"os"
	"syscall"
	"testing"
)

//cohort:group killer
func TestKiller(t *testing.T) { syscall.Kill(os.Getppid(), syscall.SIGKILL) }

func TestA(*testing.T) {}

func TestB(*testing.T) {}
`)
	var machines []*member
	for range 4 {
		machines = append(machines, l.start("--format=testname", "--explain-failures=off", "--", "-count=1", "."))
	}
	killed := 0
	for _, m := range machines {
		_ = m.cmd.Wait() // its state says how
		if m.cmd.ProcessState.ExitCode() < 0 {
			killed++
			continue
		}
		m.wait(1, "FAIL TestKiller", "it may end the machine that it runs on: it was given to 3 machines, and none had a result", "DONE 3 tests, 1 failure")
	}
	if killed != 3 {
		l.t.Errorf("%d machines are dead, not 3", killed)
	}
}

// queueSick: a machine on which all fails that passes elsewhere takes no more work.
func queueSick(l *lab) {
	var b strings.Builder
	b.WriteString(`package s

import (
	"os"
	"testing"
	"time"
)

func run(t *testing.T) {
	time.Sleep(50 * time.Millisecond)
	if os.Getenv("SICK") != "" {
		os.WriteFile("sick", nil, 0o600)
		t.Fatal("the disk is full")
	}
	for { // else the other machine might come when all is done
		if _, err := os.Stat("sick"); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
`)
	const units = 60
	for i := range units {
		fmt.Fprintf(&b, "\n//cohort:group g%d\nfunc Test%d(t *testing.T) { run(t) }\n", i, i)
	}
	l.write("s_test.go", b.String())
	well := l.start("--", "-count=1", ".")
	l.env = append(l.env, "SICK=1")
	sick := l.start("--queue-role=agent", "--", "-count=1", ".")
	well.wait(1, "=== Sick: machine ", " takes no more work: its last ", " batches failed, ", " passed elsewhere", "or the machines of the run are not alike")
	sick.wait(1, "exit code 1 on ")
}

// within reports whether something happens that other processes do. It waits for minutes, which only
// ends what would last forever.
func within(happened func() bool) bool {
	for end := time.Now().Add(3 * time.Minute); !happened(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
