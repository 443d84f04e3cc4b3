package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asEnv has the test binary be another program: the tests run cohort-queue, servers and agents as
// processes of their own, built from go.mod as the tests are.
const asEnv = "COHORT_QUEUE_TEST_AS"

func TestMain(m *testing.M) {
	as := os.Getenv(asEnv)
	if as != "" && (len(os.Args) < 2 || os.Args[1] != "bridge") {
		go endWithTests()
	}
	switch as {
	case "":
		os.Exit(m.Run())
	case "cohort-queue":
		main()
	case "nats-server":
		other(serveConfig)
	case "holder":
		other(holdForever)
	default:
		if f := others()[as]; f != nil {
			other(f)
		} else {
			os.Exit(exitError)
		}
	}
}

// endWithTests ends a program beside the tests when they have ended, however they have: they hold
// the other end of its stdin.
func endWithTests() {
	_, _ = io.Copy(io.Discard, os.Stdin) // what it ends with is its end
	os.Exit(exitError)
}

// other is the main function of another program.
func other(f func() error) {
	if err := f(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitError)
	}
}

// contextOfProcess is that of a program beside the tests: it ends in any case.
func contextOfProcess() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 2*patience)
}

// pause waits, as a program does.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// withTimeout is a context that ends soon.
func withTimeout(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

// patience bounds every wait of the tests for a process or a server: it only ends what would last
// forever, also where a machine has much else to do.
const patience = 20 * time.Minute

// tick is how often a condition is looked at.
const tick = 10 * time.Millisecond

// eventually waits until ok reports true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(tick) {
		if time.Now().After(end) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}

// limit ends with the test, or when it has waited for too long.
func limit(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// process is another program that runs beside a test.
type process struct {
	*exec.Cmd
	stdin  io.WriteCloser
	out    *bufio.Reader // its stdout
	stderr *bytes.Buffer // to be read once it has ended
	ended  chan struct{}
	err    error // how it ended
}

// launch starts the test binary as another program. It is killed at the end of the test, if it has
// not ended by then.
func launch(t testing.TB, as string, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(exe, args...), stderr: new(bytes.Buffer), ended: make(chan struct{})}
	p.Env = append(os.Environ(), asEnv+"="+as, "COHORT_QUEUE=", "COHORT_QUEUE_RUN=")
	p.Stderr = p.stderr
	if p.stdin, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Stdout, p.out = w, bufio.NewReader(r)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	go func() { // ends with the process, which the clean-up kills
		p.err = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		_ = r.Close()
	})
	return p
}

// kill ends the process without a chance to tidy up.
func (p *process) kill() {
	_ = p.Process.Kill()
	<-p.ended
}

// wait waits for the end of the process and returns its exit code.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("%v did not end", p.Args)
	}
	return p.ProcessState.ExitCode()
}

// line reads a line of stdout.
func (p *process) line(t testing.TB) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		<-p.ended
		t.Fatalf("%v: %v\n%s", p.Args, err, p.stderr)
	}
	return strings.TrimSpace(line)
}

// serving starts cohort-queue serve with a store of its own and returns the address.
func serving(t testing.TB, args ...string) (string, *process) {
	t.Helper()
	store := filepath.Join(t.TempDir(), "store")
	p := launch(t, "cohort-queue", append([]string{"serve", "--listen=127.0.0.1:0", "--store=" + store}, args...)...)
	return p.line(t), p
}

// command runs cohort-queue in this process.
func runCommand(env []string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(""), &out, &errs, env)
	return code, out.String(), errs.String()
}

// terminate asks the process to end.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// port is that of an address.
func port(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}
