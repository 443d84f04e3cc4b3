package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// store is a server that can be killed and started again, with the same address and store.
type store struct {
	t       *testing.T
	dir     string
	address string
	*process
}

func newStore(t *testing.T) *store {
	s := &store{t: t, dir: filepath.Join(t.TempDir(), "store")}
	s.start("127.0.0.1:0")
	return s
}

func (s *store) start(listen string) {
	s.t.Helper()
	s.process = launch(s.t, "cohort-queue", "serve", "--listen="+listen, "--store="+s.dir)
	s.address = s.line(s.t)
}

func (s *store) restart() {
	s.t.Helper()
	s.start(strings.TrimPrefix(s.address, "nats://"))
}

// TestServerKilled: what was acknowledged is there after the server was killed, clients wait for
// it, and those that watch go on.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	lead, node := steadyAt(t, s.address, "r1", "leader"), steadyAt(t, s.address, "r1", "n1")
	fence := leads(t, lead)
	ctx := limit(t)
	events := watching(t, lead, remote.ResultEvents|remote.NodeEvents|remote.RunEvents|remote.LinkEvents)
	for i := range 3 {
		ok(t, lead.Publish(ctx, "long", remote.Work{Batch: fmt.Sprint("b", i)}))
	}
	held := fetch(t, node, "long")
	_, err := node.PutResult(ctx, remote.Result{Batch: "r", Node: "n1", Nonce: "x"})
	ok(t, err)
	events.await(t, "result", func(e remote.Event) bool { return e.Result.Batch == "r" })
	ok(t, node.PutOutput(ctx, remote.Delivery{Node: "n1", Batch: "r", Delivery: 1, Nonce: "x"}, 0, []byte("out")))
	for round := range 2 {
		s.kill()
		events.await(t, "the server is away", func(e remote.Event) bool { return e.Kind == remote.LinkEvents && !e.Up })
		waited := make(chan error, 3)
		go func() {
			_, err := node.PutResult(ctx, remote.Result{Batch: fmt.Sprint("during", round), Node: "n1", Nonce: "y"})
			waited <- err
		}()
		go func() {
			waited <- lead.Publish(ctx, "long", remote.Work{Batch: fmt.Sprint("during", round)})
		}()
		go func() { waited <- node.Announce(ctx, remote.Node{Name: "n1", Slots: round + 1}) }()
		s.restart()
		for range 3 {
			ok(t, <-waited)
		}
		events.await(t, "what happened meanwhile", func(e remote.Event) bool { return e.Result.Batch == fmt.Sprint("during", round) })
		events.await(t, "the node", func(e remote.Event) bool { return e.Node.Slots == round+1 })
	}
	ok(t, node.Done(ctx, held.Token))
	got := map[string]bool{}
	for range 4 {
		l := fetch(t, node, "long")
		got[l.Work.Batch] = true
		if held.Unsure || !l.Unsure {
			t.Errorf("another machine may have %+v by an earlier lease, and not %+v", l, held)
		}
		ok(t, node.Done(ctx, l.Token))
	}
	if len(got) != 4 || got[held.Work.Batch] {
		t.Errorf("%v, without %s", got, held.Work.Batch)
	}
	if chunk, err := lead.GetOutput(ctx, remote.Delivery{Node: "n1", Batch: "r", Delivery: 1, Nonce: "x"}, 0); err != nil || string(chunk) != "out" {
		t.Errorf("output: %q, %v", chunk, err)
	}
	if r, err := lead.Run(ctx); err != nil || r.Facts.Seed != 7 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := lead.Renew(ctx, fence); err != nil && !errors.Is(err, remote.ErrRefused) { // it may have run out
		t.Error(err)
	}
}

// TestServerGone: a server that does not come back is an error, never a wait without end.
func TestServerGone(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	lead, fence := led(t, s.address, "r1")
	s.kill()
	eventually(t, "it is noticed", func() bool { return !lead.nc.IsConnected() })
	ctx, cancel := withTimeout(t, 2*redial)
	defer cancel()
	_, renewed := lead.Renew(ctx, fence)
	_, fetched := lead.Fetch(ctx, []string{"a"}, patience)
	_, stored := lead.PutResult(ctx, remote.Result{Batch: "b"})
	for name, err := range map[string]error{"renew": renewed, "fetch": fetched, "result": stored, "publish": lead.Publish(ctx, "a", remote.Work{Batch: "b"})} {
		if !errors.Is(err, remote.ErrUnreachable) || strings.Contains(err.Error(), "buffer") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := dial(ctx, &queueFlags{url: s.address, runID: "r1"}, "n"); !errors.Is(err, remote.ErrUnreachable) || !strings.Contains(err.Error(), s.address) {
		t.Errorf("connect: %v", err)
	}
}

// TestAgentKilled: the work of a machine that dies is given to another one, and not before. The lease is as
// short as this machine can bear.
func TestAgentKilled(t *testing.T) {
	t.Parallel()
	untilLong(t, holding(), keepsUntilKilled)
}

// keepsUntilKilled reports false if a machine that lives has lost its lease, and knows: it was too slow.
func keepsUntilKilled(t *testing.T, address, run string, lead *engine) bool {
	t.Helper()
	terms, ctx := lead.terms, limit(t)
	ok(t, lead.Publish(ctx, "long", remote.Work{Batch: "b"}))
	agent := launch(t, "holder", address, run, terms.AckWait.String())
	if got := agent.line(t); got != "b 1" {
		t.Fatalf("the machine has %q", got)
	}
	switch l, err := lead.Fetch(ctx, []string{"long"}, 2*terms.AckWait); {
	case err == nil:
		if code := agent.wait(t); code != exitError || !strings.Contains(agent.stderr.String(), remote.ErrLost.Error()) {
			t.Fatalf("while the machine lives: %+v; it exits with %d: %s", l, code, agent.stderr)
		}
		return false
	case !errors.Is(err, remote.ErrEmpty):
		t.Fatal(err)
	}
	agent.kill()
	if l := fetch(t, lead, "long"); l.Work.Batch != "b" || l.Delivery != 2 {
		t.Errorf("%+v", l)
	}
	return true
}

// TestDeadNodesLane: the work of a machine that has died is found in its lane by machines that look
// at theirs, though not while the machine lives.
func TestDeadNodesLane(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	ctx := limit(t)
	for _, lane := range []string{"n1", "n3"} {
		ok(t, lead.Publish(ctx, lane, remote.Work{Batch: "of-" + lane}))
		fetch(t, lead, lane)
	}
	node := engineAt(t, address, "r1", "n2")
	got := map[string]int{}
	for len(got) < 2 {
		_, err := node.Lanes(ctx)
		ok(t, err)
		l, err := node.Fetch(ctx, []string{"long", "n2"}, brief().AckWait/4)
		if errors.Is(err, remote.ErrEmpty) {
			continue
		}
		ok(t, err)
		got[l.Work.Batch] = l.Delivery
		ok(t, node.Done(ctx, l.Token))
	}
	if got["of-n1"] != 2 || got["of-n3"] != 2 {
		t.Errorf("%v", got)
	}
}

// holdForever is a machine that leases a batch and keeps it as long as it lives.
func holdForever() error {
	ctx, cancel := contextOfProcess()
	defer cancel()
	terms := brief()
	address, run := os.Args[1], os.Args[2]
	wait, err := time.ParseDuration(os.Args[3])
	if err != nil {
		return err
	}
	terms.AckWait = wait
	l, err := dial(ctx, &queueFlags{url: address, runID: run}, "agent")
	if err != nil {
		return err
	}
	e, err := open(l, run, "agent", terms, limits{})
	if err != nil {
		return err
	}
	held, err := e.Fetch(ctx, []string{"long"}, patience)
	if err != nil {
		return err
	}
	fmt.Println(held.Work.Batch, held.Delivery)
	for every := wait / 5; ; pause(ctx, every) {
		if err := e.Extend(ctx, held.Token); err != nil {
			return err
		}
	}
}

// TestPartition: a machine that is cut off from the server notices, calls end when they are to, and
// what was begun goes on when the network is back.
func TestPartition(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead := briefAt(t, address, "r1", "leader")
	leads(t, lead)
	ctx := limit(t)
	cut := newCut(t, address)
	node := engineWith(t, &queueFlags{url: cut.address, runID: "r1", ping: 50 * time.Millisecond}, "n1", brief(), limits{})
	events := watching(t, node, remote.RunEvents|remote.LinkEvents)
	events.await(t, "link", func(e remote.Event) bool { return e.Up })
	ok(t, lead.Publish(ctx, "long", remote.Work{Batch: "b0"}))
	held := fetch(t, node, "long") // not always of the first delivery: a ping may be too short for this machine
	cut.off()
	short, cancel := withTimeout(t, 2*redial)
	defer cancel()
	if _, err := node.PutResult(short, remote.Result{Batch: "b0", Nonce: "x"}); !errors.Is(err, remote.ErrUnreachable) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	events.await(t, "the cut", func(e remote.Event) bool { return e.Kind == remote.LinkEvents && !e.Up })
	stored := make(chan error, 1)
	go func() {
		_, err := node.PutResult(ctx, remote.Result{Batch: "b1", Nonce: "x"})
		stored <- err
	}()
	// The lease of the machine that is cut off has run out, and no other one.
	if l := fetch(t, lead, "long"); l.Delivery < 2 || l.Delivery > held.Delivery+1 {
		t.Errorf("%+v after %+v", l, held)
	}
	_, err := lead.PutResult(ctx, remote.Result{Batch: "b0", Nonce: "other"})
	ok(t, err)
	cut.on()
	ok(t, <-stored)
	if r, err := node.PutResult(ctx, remote.Result{Batch: "b0", Nonce: "x"}); err != nil || r.Nonce != "other" {
		t.Errorf("the late result stands: %+v, %v", r, err)
	}
	events.await(t, "the end of the lock, which nobody renews", func(e remote.Event) bool {
		return e.Kind == remote.RunEvents && e.Run.Leader == ""
	})
}

// cut is a network between a client and a server, which swallows everything while it is off.
type cut struct {
	address string
	mu      sync.Mutex
	gate    chan struct{} // closed while the network is on
	answers chan struct{} // closed unless what the server says is late
	old     []net.Conn    // to be closed when it is on again: their streams have holes
}

func newCut(t *testing.T, server string) *cut {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	c := &cut{address: "nats://" + l.Addr().String(), gate: make(chan struct{}), answers: make(chan struct{})}
	close(c.gate)
	close(c.answers)
	t.Cleanup(func() {
		_ = l.Close()
		c.on()
	})
	go func() { // ends with the listener
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", strings.TrimPrefix(server, "nats://"))
			if err != nil {
				_ = near.Close()
				continue
			}
			c.mu.Lock()
			c.old = append(c.old, near, far)
			c.mu.Unlock()
			go c.copy(near, far, func() chan struct{} { return c.gate }) // these two end with their connections
			go c.copy(far, near, func() chan struct{} {
				if isOpen(c.gate) {
					return c.answers
				}
				return c.gate
			})
		}
	}()
	return c
}

func isOpen(gate chan struct{}) bool {
	select {
	case <-gate:
		return true
	default:
		return false
	}
}

func (c *cut) copy(from, to net.Conn, way func() chan struct{}) {
	defer to.Close()   //nolint:errcheck // it is over
	defer from.Close() //nolint:errcheck // it is over
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		c.mu.Lock()
		gate := way()
		c.mu.Unlock()
		<-gate
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (c *cut) off() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gate = make(chan struct{})
}

// slow keeps what the server says until goOn: nothing is lost.
func (c *cut) slow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = make(chan struct{})
}

func (c *cut) goOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.answers)
}

func (c *cut) on() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if isOpen(c.gate) {
		return
	}
	for _, conn := range c.old {
		_ = conn.Close()
	}
	c.old = nil
	close(c.gate)
}

// TestOldServer: a server that is too old is refused by what it says of itself.
func TestOldServer(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.9.25", "2.10.29", "1.4.1", "", "devel"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			address := fakeServer(t, version)
			_, err := dial(limit(t), &queueFlags{url: address, runID: "r1"}, "n1")
			if !errors.Is(err, remote.ErrTooOld) || !strings.Contains(err.Error(), "2.11 or newer is needed") || !strings.Contains(err.Error(), version) {
				t.Errorf("%v", err)
			}
		})
	}
	for _, good := range []string{"2.11.0", "2.12.1-RC.3", "3.0.0", "2.15.2"} {
		if err := checkVersion(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

// fakeServer says that it is a server of some version, and answers pings.
func fakeServer(t *testing.T, version string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerPings(c, version) // ends with its client
		}
	}()
	return "nats://" + l.Addr().String()
}

func answerPings(c net.Conn, version string) {
	defer c.Close() //nolint:errcheck // the client has gone
	if _, err := fmt.Fprintf(c, "INFO {\"server_id\":\"X\",\"version\":%q,\"proto\":1,\"headers\":true,\"max_payload\":1048576}\r\n", version); err != nil {
		return
	}
	buffer := make([]byte, 4096)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		if strings.Contains(string(buffer[:n]), "PING") {
			if _, err := c.Write([]byte("PONG\r\n")); err != nil {
				return
			}
		}
	}
}
