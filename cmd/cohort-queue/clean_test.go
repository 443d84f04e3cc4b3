package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

func TestOld(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, row := range map[string]struct {
		created, last time.Duration // ago
		messages      uint64
		want          bool
	}{
		"forgotten":       {50 * time.Hour, 49 * time.Hour, 0, true},
		"never used":      {50 * time.Hour, 1e6 * time.Hour, 0, true},
		"new":             {time.Hour, 1e6 * time.Hour, 0, false},
		"long, goes on":   {50 * time.Hour, time.Hour, 3, false},
		"ended yesterday": {50 * time.Hour, 30 * time.Hour, 0, false},
		"odd, but used":   {50 * time.Hour, 49 * time.Hour, 1, false},
	} {
		info := &jetstream.StreamInfo{Created: now.Add(-row.created), State: jetstream.StreamState{Msgs: row.messages, LastTime: now.Add(-row.last)}}
		if got := old(info, now); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestClean: what is removed are all streams of old runs, and no others.
func TestClean(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	ctx := limit(t)
	lead, _ := led(t, address, "r1")
	gone := engineAt(t, address, "gone", "n1")
	for _, config := range append(gone.names.configs(limits{}), gone.names.keyConfig()) {
		ok(t, gone.makeStream(ctx, config))
	}
	_, err := lead.js.CreateStream(ctx, jetstream.StreamConfig{Name: "OTHERS", Subjects: []string{"others"}})
	ok(t, err)
	code, stdout, stderr := runCommand(nil, "clean", "--queue="+address)
	if code != 0 || stdout != "there is nothing to remove\n" || stderr != "" {
		t.Errorf("%d, %q, %q", code, stdout, stderr)
	}
	runs, err := removeOld(ctx, lead.js, time.Now().Add(forgotten+time.Hour))
	if err != nil || strings.Join(runs, " ") != "gone" {
		t.Errorf("%q, %v", runs, err)
	}
	var left []string
	list := lead.js.StreamNames(ctx)
	for name := range list.Name() {
		left = append(left, name)
	}
	if got := len(left); got != 6 || strings.Contains(strings.Join(left, " "), "gone") { // four of r1, the binaries, OTHERS
		t.Errorf("%q", left)
	}
	ok(t, lead.Publish(ctx, "long", remote.Work{Batch: "b"}))
	if code, _, stderr := runCommand(nil, "clean"); code != exitError || !strings.Contains(stderr, "--queue is missing") {
		t.Errorf("%d, %s", code, stderr)
	}
}

// TestStoreTaken: two servers do not share a store.
func TestStoreTaken(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	code, _, stderr := runCommand(nil, "serve", "--listen=127.0.0.1:0", "--store="+s.dir)
	if code != exitError || !strings.Contains(stderr, "another server uses it") {
		t.Errorf("%d, %s", code, stderr)
	}
	if code, _, stderr := runCommand(nil, "serve", "--listen=127.0.0.1:0", "--store="+filepath.Join(s.dir, "lock")); code != exitError {
		t.Errorf("%d, %s", code, stderr)
	}
}
