package gotest

import (
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// Builds gives turns to the tools with which the go command builds (compile, link, asm, cgo): no
// more than a limit run at a time, however large the go command's -p is. It also tells what is
// being built. All its methods may be called from any goroutine.
//
// A turn is a connection. exec-tool asks and waits for the answer; compile and asm then take its
// place and inherit the connection, link and cgo run as its child. When they end, however they end,
// the kernel closes it.
type Builds struct {
	begun chan struct{}
	ended chan struct{}

	now func() time.Time

	mu    sync.Mutex
	turns turns
	log   buildLog
}

// newBuilds returns a Builds with the limit that the go command sets itself.
func newBuilds() *Builds {
	return &Builds{
		begun: make(chan struct{}), ended: make(chan struct{}, 1), now: time.Now,
		turns: turns{limit: runtime.GOMAXPROCS(0)},
	}
}

// Limit sets how many tools may run at a time, at least one. Without it they are GOMAXPROCS, as
// many as the go command would run without -p.
func (b *Builds) Limit(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.grant(b.turns.setLimit(n))
}

// Building returns how many tools are running, and how many wait for their turn. Links that the
// link cache has answered are neither. While the go command loads packages, and for moments between
// two steps of a build, both are 0.
func (b *Builds) Building() (running, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.turns.running, b.turns.waiting()
}

// Full reports whether tools take all turns that there are, or wait for one: compilers and linkers
// keep the cores busy. It waits for nothing.
func (b *Builds) Full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.turns.full()
}

// Started returns how many tools have been started so far.
func (b *Builds) Started() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.turns.started
}

// Built returns when tools were building so far, in order.
func (b *Builds) Built() []Built {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.built(b.now())
}

// Begun is closed when the first tool has come: something is being built, so that tests are likely
// to run.
func (b *Builds) Begun() <-chan struct{} { return b.begun }

// Ended receives a value when the last tool that was running has ended and none waits. Ends in
// quick succession may be told as one; Building says whether another has begun since. It is never
// closed.
func (b *Builds) Ended() <-chan struct{} { return b.ended }

// serve gives one tool its turn, and returns when the tool has ended.
func (b *Builds) serve(conn net.Conn, tool string) {
	t := &turn{link: tool == "link", yours: make(chan struct{})}
	b.enter(t)
	defer b.leave(t)
	gone := make(chan struct{})
	go func() { // ends when the tool has ended, or the Listener closes the connection
		defer close(gone)
		// Nothing more is said. A read error is an end too.
		_, _ = io.Copy(io.Discard, conn)
	}()
	select {
	case <-t.yours:
		// If the tool is gone, the read above ends.
		_ = reentry.WriteFrame(conn, reentry.FrameTurn, nil)
		<-gone
	case <-gone:
	}
}

func (b *Builds) enter(t *turn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.begun:
	default:
		close(b.begun)
	}
	b.log.enter(b.now())
	b.grant(b.turns.enter(t))
}

func (b *Builds) leave(t *turn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log.leave(t.link, t.since, b.now())
	b.grant(b.turns.leave(t))
	if b.turns.running > 0 || b.turns.waiting() > 0 {
		return
	}
	select {
	case b.ended <- struct{}{}:
	default: // it has not been taken since the last time
	}
}

// grant tells those whose turn it is. The caller holds the lock.
func (b *Builds) grant(next []*turn) {
	for _, t := range next {
		t.since = b.now()
		close(t.yours)
	}
}

// turns is the queue: who runs and who is next. It starts and tells nothing. Links come before all
// else, since each is one step away from a test that can run; otherwise the order is that in which
// they came.
type turns struct {
	limit   int
	running int
	started int
	links   []*turn
	others  []*turn
}

// A turn is one tool's.
type turn struct {
	link  bool
	yours chan struct{} // closed when the tool may start
	since time.Time     // from when on; zero: it may not yet
	has   bool          // the queue's alone: the tool may start
}

// full reports whether no turn is left.
func (q *turns) full() bool { return q.running >= q.limit || q.waiting() > 0 }

func (q *turns) waiting() int { return len(q.links) + len(q.others) }

// enter adds t, and returns those whose turn it is now.
func (q *turns) enter(t *turn) []*turn {
	if t.link {
		q.links = append(q.links, t)
	} else {
		q.others = append(q.others, t)
	}
	return q.next()
}

// leave takes t out, whether or not it had its turn, and returns those whose turn it is now.
func (q *turns) leave(t *turn) []*turn {
	if t.has {
		q.running--
		return q.next()
	}
	is := func(other *turn) bool { return other == t }
	q.links, q.others = slices.DeleteFunc(q.links, is), slices.DeleteFunc(q.others, is)
	return nil
}

// setLimit changes the limit, and returns those whose turn it is now. What runs goes on.
func (q *turns) setLimit(n int) []*turn {
	q.limit = max(n, 1)
	return q.next()
}

func (q *turns) next() []*turn {
	var next []*turn
	for q.running < q.limit && q.waiting() > 0 {
		from := &q.others
		if len(q.links) > 0 {
			from = &q.links
		}
		t := (*from)[0]
		*from = (*from)[1:]
		t.has = true
		q.running++
		q.started++
		next = append(next, t)
	}
	return next
}
