package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/record"
)

// doorWriter asks, whenever something is written, whether lines of other machines go through what shows
// the tests.
type doorWriter struct {
	door   *queueDoor
	opened []bool
}

func (w *doorWriter) Write(p []byte) (int, error) {
	w.door.mu.Lock()
	defer w.door.mu.Unlock()
	w.opened = append(w.opened, w.door.shown != nil)
	return len(p), nil
}

// TestQueueDoor: lines about machines go through what shows the tests, while it shows them.
func TestQueueDoor(t *testing.T) {
	t.Parallel()
	var outside, shown bytes.Buffer
	door := newQueueDoor(&logger{out: &outside})
	door.say("one")
	door.through(&logger{out: &shown})
	door.say("two %d")
	door.through(nil)
	door.say("three")
	if outside.String() != "one\nthree\n" || shown.String() != "two %d\n" {
		t.Errorf("outside %q, shown %q", outside.String(), shown.String())
	}

	w := &doorWriter{door: door}
	c := &command{stdout: w, stderr: &outside, env: newEnviron(cleanEnv()), log: &logger{out: &outside}}
	line, err := c.parse([]string{"--raw-command", "--", "true"})
	if err != nil {
		t.Fatal(err)
	}
	line.opts.queue.leads = &queueLead{door: door, left: newQueueReports(t.TempDir()), crew: newQueueCrew(1)}
	if _, err := c.runTestsIn(context.Background(), "", line.opts); err != nil {
		t.Error(err)
	}
	for i, opened := range w.opened {
		if !opened {
			t.Errorf("write %d of %d: lines about machines go past what shows the tests", i+1, len(w.opened))
		}
	}
	if door.shown != nil || len(w.opened) == 0 {
		t.Errorf("%d writes; they go through it though the run is over: %v", len(w.opened), door.shown != nil)
	}
}

// TestQueueDoorRecorded: lines about machines are in the record, as a replay prints what the run printed.
func TestQueueDoorRecorded(t *testing.T) {
	t.Parallel()
	in, end := io.Pipe() // the command waits until it is closed
	var stderr bytes.Buffer
	door := newQueueDoor(&logger{out: io.Discard})
	c := &command{stdin: in, stdout: io.Discard, stderr: &stderr, env: newEnviron(cleanEnv()), log: &logger{out: &stderr}}
	file := filepath.Join(t.TempDir(), "r.cohort")
	line, err := c.parse([]string{"--raw-command", "--record=" + file, "--", "cat"})
	if err != nil {
		t.Fatal(err)
	}
	line.opts.queue.leads = &queueLead{door: door, left: newQueueReports(t.TempDir()), crew: newQueueCrew(1)}
	ended := make(chan error, 1)
	go func() { // ends with the run; received below
		_, err := c.runTestsIn(context.Background(), "", line.opts)
		ended <- err
	}()
	shown := func() bool {
		door.mu.Lock()
		defer door.mu.Unlock()
		return door.shown != nil
	}
	for !shown() {
		select {
		case err := <-ended:
			t.Fatalf("ended before it was shown: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	const said = "machine b joins"
	door.say(said)
	if err := end.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	r, err := record.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // it was only read
	var logged []string
	for l, err := range r.Lines() {
		if err != nil {
			t.Fatal(err)
		}
		if l.Side == record.Log {
			logged = append(logged, string(l.Text))
		}
	}
	if !slices.Contains(logged, said) || !bytes.Contains(stderr.Bytes(), []byte(said)) {
		t.Errorf("recorded %q, printed %q", logged, stderr.String())
	}
}
