package enginetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// poll is how often an engine looks for work, and for what time has changed.
const poll = 50 * time.Millisecond

// Engine is a node's engine. Fault, if it is not nil, is called before each call with the name of
// the method: before it has an effect (after false), and once it had one. An error of it is what
// the call returns.
type Engine struct {
	server *Server
	node   string
	closed chan struct{}
	shut   atomic.Bool
	Fault  func(ctx context.Context, op string, after bool) error
}

// Engine returns the engine of a node.
func (s *Server) Engine(node string) *Engine {
	return &Engine{server: s, node: node, closed: make(chan struct{})}
}

var _ remote.Engine = (*Engine)(nil)

// do makes a call.
func (e *Engine) do(ctx context.Context, op string, f func() error) error {
	if e.shut.Load() {
		return remote.ErrClosed
	}
	if e.Fault != nil {
		if err := e.Fault(ctx, op, false); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
	leave, err := e.server.enter(op)
	if err != nil {
		return err
	}
	err = f()
	leave()
	if e.Fault != nil && err == nil {
		err = e.Fault(ctx, op, true)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// Terms returns the server's.
func (e *Engine) Terms() remote.Terms { return e.server.terms }

// Run returns what is known of the run.
func (e *Engine) Run(ctx context.Context) (r remote.Run, err error) {
	err = e.do(ctx, "run", func() error {
		r = e.server.run
		if !e.server.led {
			return remote.ErrGone
		}
		return nil
	})
	return r, err
}

// Lead takes the lock.
func (e *Engine) Lead(ctx context.Context, facts remote.Facts) (r remote.Run, err error) {
	err = e.do(ctx, "lead", func() error { r = e.server.takeLead(e.node, facts); return nil })
	return r, err
}

// Renew keeps the lock.
func (e *Engine) Renew(ctx context.Context, f remote.Fence) (remote.Fence, error) {
	err := e.do(ctx, "renew", func() error {
		if err := e.server.leads(f); err != nil {
			return err
		}
		e.server.lead = e.server.now().Add(e.server.terms.LeaderTTL)
		return nil
	})
	return f, err
}

// Release gives the lock away.
func (e *Engine) Release(ctx context.Context, f remote.Fence) error {
	return e.do(ctx, "release", func() error {
		if e.server.leads(f) == nil {
			e.server.run.Leader = ""
			e.server.tellRun()
		}
		return nil
	})
}

// SetState says how the run stands.
func (e *Engine) SetState(ctx context.Context, f remote.Fence, s remote.State) error {
	return e.do(ctx, "state", func() error { return e.server.setState(f, s) })
}

// Stop tells the agents to stop a batch.
func (e *Engine) Stop(ctx context.Context, f remote.Fence, s remote.Stop) error {
	return e.do(ctx, "stop", func() error {
		if err := e.server.leads(f); err != nil {
			return err
		}
		e.server.tell(remote.Event{Kind: remote.StopEvents, Stop: s})
		return nil
	})
}

// Publish puts work into a lane.
func (e *Engine) Publish(ctx context.Context, lane string, w remote.Work) error {
	return e.do(ctx, "publish", func() error { return e.server.publish(lane, w) })
}

// Holds reports whether work is in the queue.
func (e *Engine) Holds(ctx context.Context, batch string, attempt int) (held bool, err error) {
	err = e.do(ctx, "holds", func() error {
		held = slices.ContainsFunc(e.server.items, func(i *item) bool {
			return i.work.Batch == batch && i.work.Attempt == attempt
		})
		return nil
	})
	return held, err
}

// Queued returns the batches of which work is in the queue.
func (e *Engine) Queued(ctx context.Context) (all []remote.Key, err error) {
	err = e.do(ctx, "queued", func() error {
		for _, i := range e.server.items {
			all = append(all, remote.Key{Batch: i.work.Batch, Attempt: i.work.Attempt})
		}
		return nil
	})
	return all, err
}

// GetWork returns work that is in the queue.
func (e *Engine) GetWork(ctx context.Context, batch string, attempt int) (w remote.Work, err error) {
	err = e.do(ctx, "get-work", func() error {
		for _, i := range e.server.items {
			if i.work.Batch == batch && i.work.Attempt == attempt {
				w = i.work
				return nil
			}
		}
		return remote.ErrGone
	})
	return w, err
}

// Lanes returns how much work is in each lane.
func (e *Engine) Lanes(ctx context.Context) (all []remote.Lane, err error) {
	err = e.do(ctx, "lanes", func() error {
		for _, name := range e.server.lanes {
			lane := remote.Lane{Name: name}
			for _, i := range e.server.items {
				switch {
				case i.lane != name:
				case i.leased:
					lane.Leased++
				default:
					lane.Waiting++
				}
			}
			all = append(all, lane)
		}
		return nil
	})
	return all, err
}

// Repair does nothing: the consumers of a server in memory are never stuck.
func (e *Engine) Repair(ctx context.Context, _ string) error {
	return e.do(ctx, "repair", func() error { return nil })
}

// Fetch leases work. Without a wait it looks once.
func (e *Engine) Fetch(ctx context.Context, lanes []string, wait time.Duration) (l remote.Lease, err error) {
	for until := e.server.now().Add(wait); ; {
		err := e.do(ctx, "fetch", func() (err error) { l, err = e.server.fetch(lanes); return err })
		if err == nil || !errors.Is(err, remote.ErrEmpty) || wait == 0 || !e.server.now().Before(until) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return l, context.Cause(ctx)
		case <-e.closed:
			return l, remote.ErrClosed
		case <-time.After(poll):
		}
	}
}

// Extend makes a lease longer.
func (e *Engine) Extend(ctx context.Context, token string) error {
	return e.do(ctx, "extend", func() error {
		i, err := e.server.leased(token)
		if err == nil {
			i.until = e.server.now().Add(e.server.terms.AckWait)
		}
		return err
	})
}

// Done takes work out of the queue.
func (e *Engine) Done(ctx context.Context, token string) error {
	return e.do(ctx, "done", func() error { e.server.done(token); return nil })
}

// Return gives a lease back.
func (e *Engine) Return(ctx context.Context, token string, delay time.Duration) error {
	return e.do(ctx, "return", func() error {
		i, err := e.server.leased(token)
		if err == nil {
			i.leased, i.after = false, e.server.now().Add(delay)
		}
		return err
	})
}

// PutResult stores a result.
func (e *Engine) PutResult(ctx context.Context, r remote.Result) (stands remote.Result, err error) {
	err = e.do(ctx, "put-result", func() (err error) { stands, err = e.server.putResult(r); return err })
	return stands, err
}

// GetResult returns a result.
func (e *Engine) GetResult(ctx context.Context, batch string, attempt int) (r remote.Result, err error) {
	err = e.do(ctx, "get-result", func() error {
		var ok bool
		if r, ok = e.server.results[remote.Key{Batch: batch, Attempt: attempt}]; !ok {
			return remote.ErrGone
		}
		return nil
	})
	return r, err
}

func chunkName(d remote.Delivery, number int) string { return fmt.Sprintf("%+v %d", d, number) }

// PutOutput stores a chunk.
func (e *Engine) PutOutput(ctx context.Context, d remote.Delivery, number int, chunk []byte) error {
	return e.do(ctx, "put-output", func() error {
		if len(chunk) > remote.MaxChunk {
			return remote.ErrTooLarge
		}
		if name := chunkName(d, number); e.server.outputs[name] == nil {
			e.server.outputs[name] = slices.Concat([]byte{}, chunk)
		}
		return nil
	})
}

// GetOutput returns a chunk.
func (e *Engine) GetOutput(ctx context.Context, d remote.Delivery, number int) (chunk []byte, err error) {
	err = e.do(ctx, "get-output", func() error {
		var ok bool
		if chunk, ok = e.server.outputs[chunkName(d, number)]; !ok {
			return remote.ErrGone
		}
		return nil
	})
	return chunk, err
}

// PutBlob stores a file.
func (e *Engine) PutBlob(ctx context.Context, sum, file string) error {
	return e.do(ctx, "put-blob", func() error { return e.server.putBlob(sum, file) })
}

// GetBlob writes a stored file.
func (e *Engine) GetBlob(ctx context.Context, sum, file string) error {
	return e.do(ctx, "get-blob", func() error { return e.server.getBlob(sum, file) })
}

// Announce says that the node is there.
func (e *Engine) Announce(ctx context.Context, n remote.Node) error {
	return e.do(ctx, "announce", func() error {
		e.server.nodes[n.Name] = e.server.now().Add(e.server.terms.NodeTTL)
		n.Holds, n.Has = slices.Clone(n.Holds), slices.Clone(n.Has)
		e.server.tell(remote.Event{Kind: remote.NodeEvents, Node: n})
		return nil
	})
}

// Leave says that the node is not there.
func (e *Engine) Leave(ctx context.Context) error {
	return e.do(ctx, "leave", func() error {
		if _, ok := e.server.nodes[e.node]; ok {
			delete(e.server.nodes, e.node)
			e.server.tell(remote.Event{Kind: remote.NodeEvents, Node: remote.Node{Name: e.node}, Gone: true})
		}
		return nil
	})
}

// Watch tells of all events since the beginning.
func (e *Engine) Watch(ctx context.Context, kinds remote.Kinds, f func(remote.Event)) error {
	for next := 0; ; {
		var events []remote.Event
		e.server.mu.Lock()
		changed := e.server.changed
		if !e.server.down {
			e.server.tick()
		}
		e.server.mu.Unlock()
		events, next = e.server.Events(next)
		for _, ev := range events {
			if ev.Kind&kinds != 0 {
				f(ev)
			}
		}
		if len(events) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.closed:
			return remote.ErrClosed
		case <-changed:
		case <-time.After(poll):
		}
	}
}

// Close ends all calls.
func (e *Engine) Close() error {
	if !e.shut.Swap(true) {
		close(e.closed)
	}
	return nil
}
