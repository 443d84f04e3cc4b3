package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// The times of watching.
const (
	// relist is how often all keys are read although nothing says that a change was lost.
	relist = 30 * time.Second
	// retry is how soon they are read again if that failed, or if nobody has begun the run.
	retry = 300 * time.Millisecond
	// pendingChanges is how many changes may wait; more are lost, which is noticed.
	pendingChanges = 4096
)

// Watch implements remote.Engine.
func (e *engine) Watch(ctx context.Context, kinds remote.Kinds, f func(remote.Event)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.closing, func() { cancel(context.Cause(e.closing)) })()
	w := &watcher{engine: e, kinds: kinds, tell: f, keys: map[string]entry{}, deadlines: map[string]time.Time{}, torn: -1}
	err := w.run(ctx)
	if closed := context.Cause(e.closing); closed != nil {
		return fmt.Errorf("watch: %w", closed)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// watcher is one call of Watch. All of it belongs to the goroutine of that call.
//
// What changes in the bucket is told by the server to whoever listens. That may be lost, so all
// keys are read again whenever the connection was away, and from time to time. That the time of a
// key has run out is not told: the watcher looks when it should have.
type watcher struct {
	*engine
	kinds     remote.Kinds
	tell      func(remote.Event)
	keys      map[string]entry     // as told
	deadlines map[string]time.Time // of keys with a time to live: when to look whether they are there
	torn      int                  // the count of the link when all keys were read
	up        *bool                // as told
	results   *results             // nil: not watched, or not yet
	missed    missed
}

// prefixes are the keys that the watched kinds need.
func (w *watcher) prefixes() (all []string) {
	if w.kinds&remote.RunEvents != 0 {
		all = append(all, keyRun, keyLeader, keyState)
	}
	if w.kinds&remote.NodeEvents != 0 {
		all = append(all, keyNode)
	}
	if w.kinds&remote.StopEvents != 0 {
		all = append(all, keyStop)
	}
	return all
}

// run tells of events until ctx ends.
func (w *watcher) run(ctx context.Context) error {
	link, stop := w.watch()
	defer stop()
	changes := make(chan *nats.Msg, pendingChanges)
	prefixes := w.prefixes()
	if len(prefixes) > 0 {
		sub, err := w.nc.ChanSubscribe(w.names.live(">"), changes)
		if err != nil {
			return fmt.Errorf("watch: %w", err)
		}
		defer sub.Unsubscribe() //nolint:errcheck // it fails only if the connection is gone
	}
	defer func() { w.results.stop() }()
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case m := <-changes:
			if err := w.change(m); err != nil {
				return err
			}
		case r := <-w.results.channel():
			w.tell(remote.Event{Kind: remote.ResultEvents, Result: r})
			continue // many come at a time, and change nothing here
		case <-link:
		case <-again.C:
			next, err := w.refresh(ctx, prefixes)
			if err != nil {
				return err
			}
			again.Reset(next)
			continue
		}
		if w.linked() || w.expired() {
			again.Reset(0)
		}
	}
}

// linked tells whether the server is there, if that has changed. It reports whether changes may
// have been lost since all keys were read.
func (w *watcher) linked() bool {
	torn, up := w.state()
	if w.kinds&remote.LinkEvents != 0 && (w.up == nil || *w.up != up) {
		w.up = &up
		w.tell(remote.Event{Kind: remote.LinkEvents, Up: up})
	}
	return up && torn != w.torn
}

// expired reports whether the time of a key should have run out.
func (w *watcher) expired() bool {
	now := time.Now()
	for _, at := range w.deadlines {
		if !now.Before(at) {
			return true
		}
	}
	return false
}

// refresh reads all keys and begins to watch results. It returns after what time it is to be called
// again.
func (w *watcher) refresh(ctx context.Context, prefixes []string) (time.Duration, error) {
	w.linked()
	torn, up := w.state()
	if !up {
		return retry, nil // or when the connection is back
	}
	if w.kinds&remote.ResultEvents != 0 && w.results == nil {
		results, err := w.watchResults(ctx)
		if err != nil && !errors.Is(err, remote.ErrGone) {
			return 0, err
		}
		w.results = results
	}
	if len(prefixes) > 0 {
		err := w.read(ctx, prefixes)
		switch {
		case errors.Is(err, remote.ErrGone):
			if w.missed.look(time.Now(), torn, w.keys[keyRun].value != nil) {
				return 0, errForgotten(w.names.run)
			}
			return retry, nil
		case errors.Is(err, remote.ErrUnreachable), errors.Is(err, errAway):
			return retry, nil
		case err != nil:
			return 0, err
		}
		w.missed = missed{}
	}
	w.torn = torn
	if w.kinds&remote.ResultEvents != 0 && w.results == nil {
		return retry, nil
	}
	return w.next(), nil
}

// read reads all keys, unless the connection breaks, and tells of what has changed.
func (w *watcher) read(ctx context.Context, prefixes []string) error {
	ctx, stop := w.whileUp(ctx)
	defer stop()
	all, err := w.list(ctx, prefixes)
	if err == nil && w.keys[keyRun].value != nil && all[keyRun].value == nil {
		err = fmt.Errorf("read the run: %w", remote.ErrGone) // another one may be about to begin
	}
	if err == nil && anotherRun(w.keys[keyRun], all[keyRun]) {
		err = errForgotten(w.names.run)
	}
	if err == nil {
		w.compare(all)
	}
	return err
}

// next is how long it is until a key's time should have run out, or all keys are to be read anyway.
func (w *watcher) next() time.Duration {
	next := relist
	for _, at := range w.deadlines {
		next = min(next, time.Until(at))
	}
	return max(next, retry)
}

// compare tells of the differences between the keys as they are and as they were told.
func (w *watcher) compare(all map[string]entry) {
	run := false
	for key := range w.keys {
		if _, ok := all[key]; !ok {
			run = w.set(key, entry{}) || run
		}
	}
	for key, e := range all {
		run = w.set(key, e) || run
	}
	if run {
		w.tellRun()
	}
}

// change takes a change that the server tells of. An error says that the run is lost.
func (w *watcher) change(m *nats.Msg) error {
	key := strings.TrimPrefix(m.Subject, w.names.live(""))
	sequence, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	if err != nil || m.Header.Get("Nats-Stream") != w.names.keyStream() || !hasPrefix(key, w.prefixes()) {
		return nil // it did not come from the bucket, or is of a kind that is not watched
	}
	now := entryOf(m.Header, m.Data, sequence)
	if key == keyRun && anotherRun(w.keys[key], now) {
		return errForgotten(w.names.run)
	}
	if w.set(key, now) {
		w.tellRun()
	}
	return nil
}

// set notes what a key holds, and tells of it if that is news. It reports whether the run has
// changed, which the caller tells. An older change than the one that was told comes late: it was
// among the keys that were read.
func (w *watcher) set(key string, now entry) (run bool) {
	before := w.keys[key]
	if now.revision != 0 && now.revision <= before.revision {
		return false
	}
	w.keys[key] = now
	delete(w.deadlines, key)
	if now.revision == 0 {
		delete(w.keys, key)
	}
	if now.value != nil {
		w.watchTime(key)
	}
	switch {
	case before.value == nil && now.value == nil:
	case strings.HasPrefix(key, keyNode):
		w.tellNode(strings.TrimPrefix(key, keyNode), now)
	case strings.HasPrefix(key, keyStop):
		w.tellStop(now)
	default:
		return key != keyLeader || !sameLeader(before, now)
	}
	return false
}

// watchTime notes when a key should have run out. The server looks once a second.
func (w *watcher) watchTime(key string) {
	switch {
	case key == keyLeader:
		w.deadlines[key] = time.Now().Add(seconds(w.terms.LeaderTTL) + retry)
	case strings.HasPrefix(key, keyNode):
		w.deadlines[key] = time.Now().Add(seconds(w.terms.NodeTTL) + retry)
	}
}

// tellNode tells of a node. What cannot be read is left out: only who may write the key can have
// written it, and the next change may be better.
func (w *watcher) tellNode(name string, now entry) {
	n := remote.Node{Name: name}
	if now.value == nil {
		w.tell(remote.Event{Kind: remote.NodeEvents, Node: n, Gone: true})
		return
	}
	if json.Unmarshal(now.value, &n) == nil {
		n.Name = name
		w.tell(remote.Event{Kind: remote.NodeEvents, Node: n})
	}
}

// tellStop tells of a batch that is to be stopped.
func (w *watcher) tellStop(now entry) {
	var s remote.Stop
	if now.value != nil && json.Unmarshal(now.value, &s) == nil {
		w.tell(remote.Event{Kind: remote.StopEvents, Stop: s})
	}
}

// tellRun tells of the run, once its first leader has begun it.
func (w *watcher) tellRun() {
	facts, state := w.keys[keyRun], w.keys[keyState]
	if facts.value == nil || state.value == nil {
		return
	}
	if r, err := runOf(facts, w.keys[keyLeader], state); err == nil {
		w.tell(remote.Event{Kind: remote.RunEvents, Run: r})
	}
}

// sameLeader reports whether two values of the leader's key are of the same lock.
func sameLeader(before, now entry) bool {
	a, err1 := holderOf(before)
	b, err2 := holderOf(now)
	return err1 == nil && err2 == nil && a.Node != "" && a.is(b)
}
