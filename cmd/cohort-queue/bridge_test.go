package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// piped is the connection to a bridge that runs.
type piped struct {
	*bufio.Reader
	io.WriteCloser
}

// bridged starts a bridge and returns what cohort would see of it.
func bridged(t *testing.T, args ...string) (remote.Engine, *process, error) {
	t.Helper()
	p := launch(t, "cohort-queue", append([]string{"bridge", "--ack-wait=1s", "--leader-ttl=3s", "--node-ttl=2s"}, args...)...)
	e, err := remote.Dial(limit(t), piped{p.out, p.stdin})
	return e, p, err
}

// TestBridge: what cohort asks of the bridge comes to the server, and the bridge ends with cohort.
func TestBridge(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, p, err := bridged(t, "--queue="+address, "--queue-run=r1", "--node=n1")
	ok(t, err)
	if got := lead.Terms(); got != brief() {
		t.Errorf("%+v", got)
	}
	ctx := limit(t)
	r, err := lead.Lead(ctx, remote.Facts{Seed: 7})
	ok(t, err)
	ok(t, lead.Publish(ctx, "long", remote.Work{Batch: "b", Payload: []byte("work")}))
	agent, q, err := bridged(t, "--queue="+address, "--queue-run=r1", "--node=n2")
	ok(t, err)
	l, err := agent.Fetch(ctx, []string{"long"}, patience)
	ok(t, err)
	if string(l.Work.Payload) != "work" || r.Fence == 0 {
		t.Errorf("%+v, %+v", r, l)
	}
	events := make(chan remote.Event, 100)
	watch, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- lead.Watch(watch, remote.ResultEvents, func(e remote.Event) { events <- e })
	}()
	_, err = agent.PutResult(ctx, remote.Result{Batch: "b", Node: "n2", Nonce: "x"})
	ok(t, err)
	if e := <-events; e.Result.Batch != "b" || e.Result.Node != "n2" {
		t.Errorf("%+v", e)
	}
	stop()
	ok(t, <-ended)
	if _, err := agent.Lead(ctx, remote.Facts{}); err != nil {
		t.Error(err)
	}
	if err := agent.SetState(ctx, 1, remote.State{}); !errors.Is(err, remote.ErrRefused) {
		t.Errorf("%v", err)
	}
	ok(t, lead.Close())
	ok(t, agent.Close())
	for _, p := range []*process{p, q} {
		if code := p.wait(t); code != 0 || p.stderr.Len() > 0 {
			t.Errorf("exit code %d, stderr %q", code, p.stderr)
		}
	}
}

// TestBridgeRefuses: what is wrong is said to cohort, once, and to nobody else but a user.
func TestBridgeRefuses(t *testing.T) {
	t.Parallel()
	old := fakeServer(t, "2.9.25")
	_, p, err := bridged(t, "--queue="+old, "--queue-run=r1", "--node=n1")
	if !errors.Is(err, remote.ErrTooOld) || !strings.Contains(err.Error(), "2.9.25") {
		t.Errorf("%v", err)
	}
	if code := p.wait(t); code != exitError || p.stderr.Len() > 0 {
		t.Errorf("exit code %d, %s", code, p.stderr)
	}
	_, p, err = bridged(t, "--queue=nats://127.0.0.1:1", "--queue-run=r1", "--node=n1", "--queue-wait=0.1")
	if !errors.Is(err, remote.ErrUnreachable) {
		t.Errorf("%v", err)
	}
	p.wait(t)
	_, p, err = bridged(t, "--queue=http://ci", "--queue-run=r1", "--node=n1")
	if err == nil || !strings.Contains(err.Error(), "must begin with nats://") {
		t.Errorf("%v", err)
	}
	if code := p.wait(t); code != exitError || p.stderr.Len() > 0 {
		t.Errorf("exit code %d, %s", code, p.stderr)
	}
	for args, want := range map[string]string{
		"":                                     "--queue is missing",
		"--queue=nats://127.0.0.1":             "--queue-run is missing",
		"--queue=http://x --queue-run=r":       "must begin with nats://",
		"--queue=nats://u:geheim@h":            "must not hold a password",
		"--queue=nats://h --queue-run=a.b":     "--queue-run=a.b",
		"--queue=nats://h --queue-run=r":       "--node is missing",
		"--queue=nats://h --queue-wait=soon":   "--queue-wait=soon",
		"--queue=nats://h --queue-cert=c":      "--queue-cert and --queue-key belong together",
		"--queue-creds=a --queue-token-file=b": "exclude each other",
	} {
		code, stdout, stderr := runCommand(nil, append([]string{"bridge"}, strings.Fields(args)...)...)
		if code != exitError || stdout != "" || !strings.Contains(stderr, want) || strings.Contains(stderr, "geheim") {
			t.Errorf("%s: %d, %q, %q", args, code, stdout, stderr)
		}
	}
}

// TestBridgeUnwanted: a bridge that waits for a server ends as soon as nobody wants it, and signals
// of the terminal do not end it.
func TestBridgeUnwanted(t *testing.T) {
	t.Parallel()
	p := launch(t, "cohort-queue", "bridge", "--queue=nats://127.0.0.1:1", "--queue-run=r1", "--node=n1", "--queue-wait=1h")
	ok(t, p.stdin.Close())
	p.wait(t)

	address, _ := serving(t)
	e, q, err := bridged(t, "--queue="+address, "--queue-run=r1", "--node=n1")
	ok(t, err)
	q.terminate(t)
	if _, err := e.Lead(limit(t), remote.Facts{}); err != nil {
		t.Errorf("after a signal: %v", err)
	}
	q.kill()
	eventually(t, "cohort sees that the bridge has ended", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return errors.Is(e.Announce(ctx, remote.Node{Name: "n1"}), remote.ErrClosed)
	})
	_ = e.Close() // the bridge is gone
}
