package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestForgotten: a run that a server does not know any more has ended for those who watch it, also if
// another one has its name.
func TestForgotten(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(address string){
		"empty": func(string) {},
		"another run": func(address string) {
			r, err := briefAt(t, address, "r1", "new").Lead(limit(t), remote.Facts{Protocol: remote.Protocol, Seed: 8})
			if err != nil || r.Fence == 0 {
				t.Errorf("%+v, %v", r, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			lead := briefAt(t, s.address, "r1", "leader")
			leads(t, lead)
			known, ended := make(chan struct{}, 100), make(chan error, 1)
			go func() { // ends with the watch; received below
				ended <- lead.Watch(limit(t), remote.RunEvents, func(remote.Event) { known <- struct{}{} })
			}()
			<-known
			s.kill()
			ok(t, os.RemoveAll(s.dir))
			s.restart()
			next(s.address)
			if err := <-ended; err == nil || !strings.Contains(err.Error(), "does not know run r1 any more") {
				t.Errorf("the watch ended with %v", err)
			}
		})
	}
}

// TestChangeOfAnotherRun: a change says so too, whatever number the new store gives it. All keys are read
// later, and then look as they were told.
func TestChangeOfAnotherRun(t *testing.T) {
	t.Parallel()
	n, err := namesOf("r1")
	ok(t, err)
	change := func(sequence, value string) error {
		w := &watcher{
			engine: &engine{names: n}, kinds: remote.RunEvents, tell: func(remote.Event) {},
			keys: map[string]entry{keyRun: {value: []byte("old"), revision: 3}}, deadlines: map[string]time.Time{},
		}
		return w.change(&nats.Msg{
			Subject: n.live(keyRun), Header: nats.Header{"Nats-Sequence": {sequence}, "Nats-Stream": {n.keyStream()}}, Data: []byte(value),
		})
	}
	for _, sequence := range []string{"2", "3", "40"} {
		if err := change(sequence, "new"); err == nil {
			t.Errorf("%s: another run is none", sequence)
		}
		ok(t, change(sequence, "old"))
	}
}

// TestRunIsGone: a store that has the bucket of a run, as another one of the same name is about to begin, but
// not the run does not know it, and the run that was told of is not forgotten by that.
func TestRunIsGone(t *testing.T) {
	t.Parallel()
	e := briefAt(t, newStore(t).address, "r1", "new")
	ok(t, e.makeStream(limit(t), e.names.keyConfig()))
	w := &watcher{engine: e, kinds: remote.RunEvents, tell: func(remote.Event) {}, keys: map[string]entry{}, deadlines: map[string]time.Time{}}
	ok(t, w.read(limit(t), w.prefixes()))
	w.keys[keyRun] = entry{value: []byte("old"), revision: 3}
	if err := w.read(limit(t), w.prefixes()); !errors.Is(err, remote.ErrGone) {
		t.Errorf("%v", err)
	}
	leads(t, e)
	if err := w.read(limit(t), w.prefixes()); err == nil || !strings.Contains(err.Error(), "does not know run r1 any more") {
		t.Errorf("another run: %v", err)
	}
}

// TestMissed: a run is lost that a server does not know for some looks and some time, and that was known.
func TestMissed(t *testing.T) {
	t.Parallel()
	type look struct {
		after time.Duration // of the first
		torn  int
		known bool
	}
	for name, tc := range map[string]struct {
		looks []look
		want  bool
	}{
		"once":             {[]look{{0, 0, true}}, false},
		"often and soon":   {[]look{{0, 0, true}, {1, 0, true}, {2, 0, true}, {3, 0, true}}, false},
		"twice":            {[]look{{0, 0, true}, {missedFor, 0, true}}, false},
		"for long":         {[]look{{0, 0, true}, {1, 0, true}, {missedFor, 0, true}}, true},
		"another server":   {[]look{{0, 0, true}, {1, 0, true}, {missedFor, 1, true}}, false},
		"that lasts":       {[]look{{0, 0, true}, {1, 1, true}, {2, 1, true}, {missedFor + 1, 1, true}}, true},
		"nobody has begun": {[]look{{0, 0, false}, {1, 0, false}, {2 * missedFor, 0, false}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m missed
			got := false
			for _, l := range tc.looks {
				got = m.look(time.Unix(1000, 0).Add(l.after), l.torn, l.known)
			}
			if got != tc.want {
				t.Errorf("lost: %v", got)
			}
		})
	}
}

// TestAnotherRun: what a run is never changes.
func TestAnotherRun(t *testing.T) {
	t.Parallel()
	a, b := entry{value: []byte("a"), revision: 5}, entry{value: []byte("b"), revision: 3}
	for _, tc := range []struct {
		told, now entry
		want      bool
	}{{entry{}, a, false}, {a, entry{}, false}, {a, a, false}, {a, entry{value: []byte("a"), revision: 3}, false}, {a, b, true}} {
		if got := anotherRun(tc.told, tc.now); got != tc.want {
			t.Errorf("%v after %v: %v", tc.now, tc.told, got)
		}
	}
}
