package node

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// killWait is how long after a process was to be killed its end is waited for: it is to be told before
// everything else is killed.
const killWait = time.Second

// errUnheard is of a process that was to be killed, and of which no machine has said in time that it was.
var errUnheard = errors.New("no machine has said in time that the process was killed")

// over reports whether an error of a process is that the run is over, with nothing known of the process.
// A server that does not know something may not know the run any more: then it waits until the leader
// has found that out, or the server does know it.
func (r *Runner) over(ctx context.Context, err error) bool {
	switch {
	case isClosed(r.lead.loop.ended), errors.Is(err, errUnheard):
		return true
	case remote.EndsRun(err):
		r.lead.loop.tell(func(time.Time) { r.lead.machine.Broken(err) })
		return true
	case errors.Is(err, remote.ErrGone):
		return r.forgotten(ctx)
	}
	return false
}

// forgotten waits while the server does not know the run. It reports whether the leader, or the run here,
// has ended meanwhile.
func (r *Runner) forgotten(ctx context.Context) bool {
	for {
		_, err := r.cfg.Engine.Run(ctx)
		if !errors.Is(err, remote.ErrGone) && !errors.Is(err, remote.ErrUnreachable) {
			return isClosed(r.lead.loop.ended)
		}
		select {
		case <-r.lead.loop.ended:
			return true
		case <-ctx.Done():
			return true
		case <-time.After(pause):
		}
	}
}

// running is what is heard of a process before its result: the test that has run for long. It may be
// used concurrently.
type running struct {
	tell func(test string, since time.Time) // nil: nobody

	mu    sync.Mutex // guards what follows
	test  string     // "" for none
	since time.Time
}

// hear takes that a test has run for long.
func (r *running) hear(test string, since time.Time) {
	r.mu.Lock()
	r.test, r.since = test, since
	r.mu.Unlock()
	if r.tell != nil {
		r.tell(test, since)
	}
}

// ended takes that the process has ended.
func (r *running) ended() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.test = ""
}

// cutOff returns the end of a process of which no more will be heard, and writes that the test has begun
// that it is known to have run.
func (r *running) cutOff(now time.Time, out io.Writer) testbin.Exit {
	exit := testbin.Exit{Code: -1, Canceled: true}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.test == "" {
		return exit
	}
	exit.Start, exit.End = r.since, now
	w := relocated{out: out, start: r.since}
	if err := w.put([]byte("\x16=== RUN   " + r.test + "\n")); err != nil {
		exit.Err = err
	}
	return exit
}
