package main

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestStatus: what is printed of a run that goes on, and of one that is done.
func TestStatus(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	ctx := limit(t)
	lead := steadyAt(t, address, "r1", "leader")
	fence := leads(t, lead)
	args := []string{"status", "--queue=" + address, "--queue-run=r1"}
	for _, batch := range []string{"b0", "b1", "b2", "b3"} {
		ok(t, lead.Publish(ctx, "long", remote.Work{Batch: batch}))
	}
	l := fetch(t, lead, "long")
	fetch(t, lead, "long")
	_, err := lead.PutResult(ctx, remote.Result{Batch: l.Work.Batch, Node: "leader", Nonce: "x"})
	ok(t, err)
	ok(t, lead.Done(ctx, l.Token))
	ok(t, lead.SetState(ctx, fence, remote.State{Phase: remote.Running, Sick: []string{"leader"}}))
	ok(t, lead.Announce(ctx, remote.Node{Name: "leader", Slots: 8, Holds: []remote.Key{{Batch: "b1"}}, Late: 2}))
	code, stdout, stderr := runCommand(nil, args...)
	want := `run r1: running, led by leader
batches: 2 waiting, 1 running, 1 done

MACHINE  SLOTS  HOLDS  LATE
leader   8      1      2  sick: it gets no more work

LANE  WAITING  RUNNING
long  2        1
`
	if code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d\n%s%s\nwant\n%s", code, stdout, stderr, want)
	}
	ok(t, lead.SetState(ctx, fence, remote.State{Phase: remote.Done, Code: 1, Verdict: "DONE 4 tests"}))
	ok(t, lead.Release(ctx, fence))
	ok(t, lead.Leave(ctx))
	code, stdout, _ = runCommand([]string{"COHORT_QUEUE=" + address, "COHORT_QUEUE_RUN=r1"}, "status", "--json")
	var v view
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || code != 0 || v.Phase != remote.Done || v.Code == nil || *v.Code != 1 ||
		v.Verdict != "DONE 4 tests" || v.Leader != "" || len(v.Nodes) != 0 || v.Done != 1 {
		t.Errorf("%d, %v: %s", code, err, stdout)
	}
	code, stdout, stderr = runCommand(nil, "status", "--queue="+address, "--queue-run=other")
	if code != exitError || stdout != "" || !strings.Contains(stderr, "run other is not known") {
		t.Errorf("%d, %q, %q", code, stdout, stderr)
	}
	code, _, stderr = runCommand(nil, "status", "--queue=nats://127.0.0.1:1", "--queue-run=r1", "--queue-wait=0.1")
	if code != exitError || !strings.Contains(stderr, "no answer from the queue's server") {
		t.Errorf("%d, %q", code, stderr)
	}
}

// TestReport: a report waits for the end of the run and exits as it did; of a run without an end
// there is no verdict.
func TestReport(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	ctx := limit(t)
	early := launch(t, "cohort-queue", "report", "--queue="+address, "--queue-run=r1")
	lead, fence := led(t, address, "r1")
	ok(t, lead.SetState(ctx, fence, remote.State{Phase: remote.Done, Code: 4, Verdict: "a set-up failed"}))
	if line := early.line(t); line != "a set-up failed" || early.wait(t) != 4 || early.stderr.Len() > 0 {
		t.Errorf("%q, %s", line, early.stderr)
	}
	if code, stdout, stderr := runCommand(nil, "report", "--queue="+address, "--queue-run=r1"); code != 4 || stdout != "a set-up failed\n" || stderr != "" {
		t.Errorf("afterwards: %d, %q, %q", code, stdout, stderr)
	}
	pass, fence := led(t, address, "r2")
	ok(t, pass.SetState(ctx, fence, remote.State{Phase: remote.Done, Verdict: "DONE"}))
	if code, stdout, stderr := runCommand(nil, "report", "--queue="+address, "--queue-run=r2"); code != 0 || stdout != "DONE\n" || stderr != "" {
		t.Errorf("of one that passed: %d, %q, %q", code, stdout, stderr)
	}
	for wait := 300 * time.Millisecond; ; wait *= 4 {
		code, stdout, stderr := runCommand(nil, "report", "--queue="+address, "--queue-run=r3", "--queue-wait="+wait.String())
		if strings.Contains(stderr, "no answer from the queue's server") && wait < patience {
			continue // a busy machine does not even connect in that time
		}
		if code != exitError || stdout != "" || !strings.Contains(stderr, "nobody has begun the run for "+wait.String()) {
			t.Errorf("of none: %d, %q, %q", code, stdout, stderr)
		}
		break
	}
	if runtime.GOOS == "windows" {
		return
	}
	waits := launch(t, "cohort-queue", "report", "--queue="+address, "--queue-run=r4")
	eventually(t, "it is ended by a signal", func() bool {
		_ = waits.Process.Signal(syscall.SIGTERM) // it may not have heeded signals yet: then it ends by the first
		select {
		case <-waits.ended:
			return true
		default:
			return false
		}
	})
	if code := waits.wait(t); code != 143 && code != -1 {
		t.Errorf("exit code %d, %s", code, waits.stderr)
	}
}

// TestReportPatience: how long a report waits for what is missing, step by step.
func TestReportPatience(t *testing.T) {
	t.Parallel()
	leads, alone := remote.Event{Kind: remote.RunEvents, Run: remote.Run{Leader: "n1"}}, remote.Event{Kind: remote.RunEvents}
	up, down := remote.Event{Kind: remote.LinkEvents, Up: true}, remote.Event{Kind: remote.LinkEvents}
	for name, row := range map[string]struct {
		steps []remote.Event // one each 40 s
		want  string         // "" if it still waits after a day
	}{
		"nothing":             {nil, "nobody has begun the run for 1m0s"},
		"only a server":       {[]remote.Event{up}, "nobody has begun the run for 1m0s"},
		"a leader":            {[]remote.Event{up, leads}, ""},
		"a leader goes":       {[]remote.Event{up, leads, leads, alone}, "nobody leads the run for 1m0s"},
		"another one comes":   {[]remote.Event{up, leads, alone, leads}, ""},
		"the server goes":     {[]remote.Event{up, leads, down}, "the server has not answered for 1m0s"},
		"it comes back":       {[]remote.Event{up, leads, down, up}, ""},
		"and nobody leads":    {[]remote.Event{up, leads, down, up, alone}, "nobody leads the run for 1m0s"},
		"away before all":     {[]remote.Event{down, down}, "the server has not answered for 1m0s"},
		"a late leader":       {[]remote.Event{down, up, leads}, ""},
		"no new time by news": {[]remote.Event{up, leads, alone, alone, alone}, "nobody leads the run for 1m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				given := make(chan error, 1)
				p := &patienceOf{wait: time.Minute, reason: "nobody has begun the run", missing: "nobody has begun the run", give: func(err error) { given <- err }}
				p.heed()
				for _, ev := range row.steps {
					p.event(ev)
					time.Sleep(40 * time.Second)
				}
				time.Sleep(24 * time.Hour)
				p.stop()
				err := errors.New("")
				select {
				case err = <-given:
				default:
				}
				if !strings.HasPrefix(err.Error(), row.want) || row.want == "" && err.Error() != "" {
					t.Errorf("%v, want %s", err, row.want)
				}
			})
		})
	}
}
