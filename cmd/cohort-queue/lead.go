package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// lock is what an engine knows of the lock that it has taken. The zero value is none.
type lock struct {
	fence    remote.Fence // the revision with which it was taken
	revision uint64       // that of the last renewal
	holder   holder
}

// holder is what the key of the leader holds. The nonce tells apart two times that a node leads.
// The fence is that of the lock once it was renewed; before it is the revision of the key.
type holder struct {
	Node, Nonce string
	Fence       remote.Fence `json:",omitempty"`
}

// holderOf reads the key of the leader.
func holderOf(from entry) (h holder, err error) {
	err = read(keyLeader, from, &h)
	if h.Node != "" && h.Fence == 0 {
		h.Fence = remote.Fence(from.revision)
	}
	return h, err
}

// is reports whether h and other are of the same time that the same node leads.
func (h holder) is(other holder) bool { return h.Node == other.Node && h.Nonce == other.Nonce }

// Run implements remote.Engine.
func (e *engine) Run(ctx context.Context) (r remote.Run, err error) {
	facts, err := e.get(ctx, keyRun)
	switch {
	case err != nil:
		return r, err
	case facts.value == nil:
		return r, fmt.Errorf("read run %s: %w: nobody has led it", e.names.run, remote.ErrGone)
	}
	leader, err := e.get(ctx, keyLeader)
	if err != nil {
		return r, err
	}
	state, err := e.get(ctx, keyState)
	if err != nil {
		return r, err
	}
	r, err = runOf(facts, leader, state)
	r.Fence = 0
	return r, err
}

// runOf makes one of three keys, with the fence of the leader.
func runOf(facts, leader, state entry) (r remote.Run, err error) {
	h, err := holderOf(leader)
	err = errors.Join(read(keyRun, facts, &r.Facts), err, read(keyState, state, &r.State))
	r.Leader, r.Fence = h.Node, h.Fence
	return r, err
}

// read reads the JSON that a key holds, if it holds any.
func read(key string, from entry, to any) error {
	if from.value == nil {
		return nil
	}
	if err := json.Unmarshal(from.value, to); err != nil {
		return fmt.Errorf("read key %s: %w", key, err)
	}
	return nil
}

// Lead implements remote.Engine.
func (e *engine) Lead(ctx context.Context, facts remote.Facts) (remote.Run, error) {
	e.leading.Lock()
	defer e.leading.Unlock()
	if err := e.makeStream(ctx, e.names.keyConfig()); err != nil {
		return remote.Run{}, err
	}
	if over, err := e.over(ctx); err != nil || over {
		return e.follow(ctx, err)
	}
	taken, err := e.take(ctx)
	if err != nil || !taken {
		return e.follow(ctx, err)
	}
	r, err := e.begin(ctx, facts)
	if err != nil || r.Fence == 0 { // another machine may have more luck
		err = errors.Join(err, e.release(context.WithoutCancel(ctx), e.held()))
	}
	return r, err
}

// over reports whether the run is done.
func (e *engine) over(ctx context.Context) (bool, error) {
	var s remote.State
	state, err := e.get(ctx, keyState)
	if err == nil {
		err = read(keyState, state, &s)
	}
	return s.Phase == remote.Done, err
}

// follow returns the run for a node that does not lead. One that nobody has begun yet, as its
// leader has only just taken the lock, is empty but for the leader.
func (e *engine) follow(ctx context.Context, err error) (remote.Run, error) {
	if err != nil {
		return remote.Run{}, err
	}
	r, err := e.Run(ctx)
	if !errors.Is(err, remote.ErrGone) {
		return r, err
	}
	leader, err := e.get(ctx, keyLeader)
	if err != nil {
		return remote.Run{}, err
	}
	r, err = runOf(entry{}, leader, entry{})
	r.Fence = 0
	return r, err
}

// take takes the lock, unless another node holds it. If the server has only just come back, the
// node that led before has a little time to take it again.
func (e *engine) take(ctx context.Context) (bool, error) {
	mine := holder{Node: e.node, Nonce: rand.Text()}
	value, err := json.Marshal(mine)
	if err != nil {
		return false, fmt.Errorf("take the lock: %w", err)
	}
	for {
		now, err := e.get(ctx, keyLeader)
		if err != nil {
			return false, err
		}
		h, err := holderOf(now)
		if err != nil {
			return false, err
		}
		if h.Node != "" && h.Node != e.node || h.Node == "" && e.justBack(e.terms.LeaderTTL/2) {
			return false, nil
		}
		revision, err := now.revision, error(nil)
		if !h.is(mine) { // else the answer to the request before was lost
			revision, err = e.put(ctx, keyLeader, writing{value: value, ttl: e.terms.LeaderTTL, expect: &now.revision})
		}
		if errors.Is(err, errStale) {
			continue
		}
		if err != nil {
			return false, err
		}
		// It says who led last, also when the lock has run out: see regain.
		if _, err := e.put(ctx, keyLast, writing{value: value}); err != nil {
			return false, err
		}
		e.hold(lock{remote.Fence(revision), revision, mine})
		return true, nil
	}
}

// regain takes the lock again that has run out while the server was away, if no other node has led
// since.
func (e *engine) regain(ctx context.Context, l lock, value []byte) (uint64, error) {
	now, err := e.get(ctx, keyLeader)
	if err != nil {
		return 0, err
	}
	if h, err := holderOf(now); err != nil || h.Node != "" {
		return e.mine(ctx, l)
	}
	var last holder
	before, err := e.get(ctx, keyLast)
	if err == nil {
		err = read(keyLast, before, &last)
	}
	if err == nil && !last.is(l.holder) {
		err = remote.ErrRefused
	}
	if err != nil {
		return 0, err
	}
	revision, err := e.put(ctx, keyLeader, writing{value: value, ttl: e.terms.LeaderTTL, expect: &now.revision})
	if errors.Is(err, errStale) {
		return e.mine(ctx, l)
	}
	return revision, err
}

func (e *engine) hold(l lock) {
	e.lockMu.Lock()
	defer e.lockMu.Unlock()
	e.lock = l
}

func (e *engine) held() lock {
	e.lockMu.Lock()
	defer e.lockMu.Unlock()
	return e.lock
}

// begin makes what a run needs, for a node that has the lock. The fence is 0 if the run was ended
// in the meantime.
func (e *engine) begin(ctx context.Context, facts remote.Facts) (remote.Run, error) {
	for _, config := range e.names.configs(e.limits) {
		if err := e.makeStream(ctx, config); err != nil {
			return remote.Run{}, err
		}
	}
	if err := e.makeBinaries(ctx); err != nil {
		return remote.Run{}, err
	}
	if err := e.first(ctx, keyRun, facts); err != nil {
		return remote.Run{}, err
	}
	if err := e.first(ctx, keyState, remote.State{Phase: remote.Running}); err != nil {
		return remote.Run{}, err
	}
	r, err := e.Run(ctx)
	if err == nil && r.State.Phase != remote.Done {
		r.Fence = e.held().fence
	}
	return r, err
}

// first writes a key unless it holds something.
func (e *engine) first(ctx context.Context, key string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write key %s: %w", key, err)
	}
	none := uint64(0)
	if _, err := e.put(ctx, key, writing{value: data, expect: &none}); !errors.Is(err, errStale) {
		return err
	}
	return nil
}

// Renew implements remote.Engine.
func (e *engine) Renew(ctx context.Context, f remote.Fence) (remote.Fence, error) {
	e.leading.Lock()
	defer e.leading.Unlock()
	l := e.held()
	if f == 0 || l.fence != f {
		return 0, fmt.Errorf("renew the lock: %w", remote.ErrRefused)
	}
	l.holder.Fence = l.fence
	value, err := json.Marshal(l.holder)
	if err != nil {
		return 0, fmt.Errorf("renew the lock: %w", err)
	}
	revision, err := e.put(ctx, keyLeader, writing{value: value, ttl: e.terms.LeaderTTL, expect: &l.revision})
	if errors.Is(err, errStale) {
		revision, err = e.regain(ctx, l, value)
	}
	if err != nil {
		return 0, fmt.Errorf("renew the lock: %w", err)
	}
	l.revision = revision
	e.hold(l)
	return f, nil
}

// mine returns the revision of the lock if it is l, which a renewal whose answer was lost has
// changed, and remote.ErrRefused if it is not.
func (e *engine) mine(ctx context.Context, l lock) (uint64, error) {
	now, err := e.get(ctx, keyLeader)
	if err != nil {
		return 0, err
	}
	h, err := holderOf(now)
	if err == nil && !h.is(l.holder) {
		err = remote.ErrRefused
	}
	return now.revision, err
}

// Release implements remote.Engine.
func (e *engine) Release(ctx context.Context, f remote.Fence) error {
	e.leading.Lock()
	defer e.leading.Unlock()
	if l := e.held(); l.fence == f && f != 0 {
		return e.release(ctx, l)
	}
	return nil
}

// release gives the lock away if it is l.
func (e *engine) release(ctx context.Context, l lock) error {
	ctx, cancel := context.WithTimeout(ctx, attemptWait)
	defer cancel()
	revision, err := e.mine(ctx, l)
	if err == nil {
		_, err = e.put(ctx, keyLeader, writing{expect: &revision, ttl: e.terms.LeaderTTL})
	}
	e.hold(lock{})
	if errors.Is(err, errStale) || errors.Is(err, remote.ErrRefused) || errors.Is(err, remote.ErrGone) {
		return nil
	}
	return err
}

// check reports whether a fence is that of the node that leads.
func (e *engine) check(ctx context.Context, f remote.Fence) error {
	l := e.held()
	if f == 0 || l.fence != f {
		return remote.ErrRefused
	}
	_, err := e.mine(ctx, l)
	return err
}

// SetState implements remote.Engine.
func (e *engine) SetState(ctx context.Context, f remote.Fence, s remote.State) error {
	op := fmt.Sprintf("set the run's state to %s", s.Phase)
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	for {
		if err := e.check(ctx, f); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		var before remote.State
		now, err := e.get(ctx, keyState)
		if err == nil {
			err = read(keyState, now, &before)
		}
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", op, err)
		case slices.Equal(now.value, data): // the answer to the request before was lost
			return nil
		case before.Phase == remote.Done:
			return fmt.Errorf("%s: %w: it is %s", op, remote.ErrExists, before.Phase)
		}
		_, err = e.put(ctx, keyState, writing{value: data, expect: &now.revision})
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

// Stop implements remote.Engine.
func (e *engine) Stop(ctx context.Context, f remote.Fence, s remote.Stop) error {
	op := "stop batch " + s.Batch
	if err := remote.CheckID(s.Batch); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := e.check(ctx, f); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	_, err = e.put(ctx, keyStop+s.Batch, writing{value: data})
	return err
}
