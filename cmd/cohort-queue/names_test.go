package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

func TestNames(t *testing.T) {
	t.Parallel()
	n, err := namesOf("42-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][2]string{
		{n.workStream(), "COHORT_W_42-1"},
		{n.resultStream(), "COHORT_R_42-1"},
		{n.outputStream(), "COHORT_O_42-1"},
		{n.keyBucket(), "COHORT_K_42-1"},
		{n.keyStream(), "KV_COHORT_K_42-1"},
		{n.key(keyNode + "n7"), "$KV.COHORT_K_42-1.node.n7"},
		{n.live(keyState), "cohort.42-1.live.state"},
		{n.subject("result", "b1", "0"), "cohort.42-1.result.b1.0"},
	} {
		if row[0] != row[1] {
			t.Errorf("%s, want %s", row[0], row[1])
		}
	}
	for _, bad := range []string{"", "42.1", "*", ">", "a b", "é", strings.Repeat("x", 65)} {
		if _, err := namesOf(bad); err == nil || !strings.Contains(err.Error(), "run id") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzWorkOf checks that what is taken for work is what Publish puts on that subject.
func FuzzWorkOf(f *testing.F) {
	f.Add("cohort.r.work.long.b.0", "b", "0", "0")
	f.Add("cohort.r.work.long.b.1", "b", "0", "0")
	f.Add("cohort.r.work.a.b.c.0", "b.c", "0", "0")
	f.Add("a.b.0", "b", "0", "0")
	f.Add("cohort.r.work.a.b.+1", "b", "+1", "0")
	n := names{"r"}
	f.Fuzz(func(t *testing.T, subject, batch, attempt, round string) {
		header := nats.Header{headerBatch: {batch}, headerAttempt: {attempt}, headerRound: {round}, headerFence: {"7"}, headerBefore: {"0"}}
		lane, w, err := n.workOf(subject, header, nil)
		if err == nil && n.workSubject(lane, w.Batch, w.Attempt) != subject {
			t.Errorf("%q is %+v of lane %q", subject, w, lane)
		}
	})
}

// FuzzResultOf checks that a subject is read as what PutResult stores under it.
func FuzzResultOf(f *testing.F) {
	f.Add("cohort.r.result.b.0")
	f.Add("cohort.r.result.b.0.0")
	f.Add("cohort.r.result..0")
	f.Add("b.0")
	f.Add("cohort.r.result.b.+1")
	e := &engine{names: names{"r"}}
	f.Fuzz(func(t *testing.T, subject string) {
		r, ok := e.resultOf(subject, nil)
		if ok && (e.names.resultSubject(r.Batch, r.Attempt) != subject || remote.CheckID(r.Batch) != nil) {
			t.Errorf("%q is %+v", subject, r)
		}
	})
}

// TestTokens: a server that was killed may deliver a message again with the token that it had. No
// two leases of a machine have the same one, and none is given out while the machine holds it.
func TestTokens(t *testing.T) {
	t.Parallel()
	e := &engine{link: new(link), names: names{"r"}, terms: brief(), leases: map[string]held{}}
	m := nats.NewMsg("cohort.r.work.long.b.0")
	m.Reply = "$JS.ACK.COHORT_W_r.long.1.7.3.1795659780155230373.0"
	m.Header.Set(headerBatch, "b")
	m.Header.Set(headerAttempt, "0")
	m.Header.Set(headerRound, "0")
	m.Header.Set(headerFence, "7")
	m.Header.Set(headerBefore, "0")
	start := time.Now()
	first, err := e.leased(m, start)
	if err != nil || first.Delivery != 1 || first.Lane != "long" {
		t.Fatalf("%+v, %v", first, err)
	}
	if _, err := e.leased(m, start.Add(brief().AckWait-1)); !errors.Is(err, errHeld) {
		t.Errorf("while it is held: %v", err)
	}
	subject, number, err := split(first.Token)
	if err != nil || subject != m.Reply {
		t.Errorf("%q, %v", subject, err)
	}
	e.tear(start) // the server was away
	later := start.Add(brief().AckWait)
	second, err := e.leased(m, later)
	if err != nil || second.Token == first.Token || second.Delivery != 2 {
		t.Errorf("%+v, %v", second, err)
	}
	if !e.runOut(subject, number, start) {
		t.Error("the first lease goes on")
	}
	e.extended(subject, number, later)
	e.forget(subject, number)
	if _, number, _ := split(second.Token); e.runOut(subject, number, later) {
		t.Error("the second lease has run out")
	}
}
