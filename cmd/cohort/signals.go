package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report/progress"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// grace is how long what runs may take to end after a signal, before it is killed: as long as test
// processes have.
const grace = worker.Grace

// echo is how soon after a signal the same one is no second one: timeout(1) sends its signal to
// cohort and then to its process group, and npm passes on a Ctrl-C that the terminal has sent to all.
// No human is that fast.
const echo = 150 * time.Millisecond

// watchSignals forwards the first signal that ends a run to what runs, and kills it
// when that takes too long or a second one comes. A second one also leaves out what is
// to be torn down, which has time-outs of its own. That nobody reads what cohort
// prints any more counts as SIGPIPE, and a run that is lost ends in the same way. The
// function it returns ends that.
func (r *testRun) watchSignals(kill func()) (stop func()) {
	signals := make(chan os.Signal, 2)
	r.cmd.archive.handOver(signals)
	mortal := survivePipes()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // ends with done
		var first os.Signal
		select {
		case <-done:
			return
		case first = <-signals:
		case <-r.unread:
			first = syscall.SIGPIPE
		case why := <-r.opts.queue.lostBy():
			r.lose(why)
		}
		came := time.Now()
		if first != nil {
			r.interrupt(first)
		}
		r.hurry(done, signals, func(sig os.Signal) bool { return sig != first || time.Since(came) >= echo }, kill)
	})
	return func() {
		holdSignals()
		signal.Stop(signals)
		mortal()
		close(done)
		wg.Wait()
	}
}

// holdTime is how long signals are held back after a run: its files are complete in a moment.
const holdTime = 5 * time.Second

// holdSignals keeps signals from ending cohort while it puts away what a run has left, with an exit code
// that is not the run's. After holdTime they end it again, as whatever is put away then hangs.
func holdSignals() {
	held := make(chan os.Signal, 1) // nobody reads it
	signal.Notify(held, heededSignals()...)
	time.AfterFunc(holdTime, func() { signal.Stop(held) })
}

// hurry kills the tests after the grace time, or at the next signal that counts, and then what has
// not ended a little later. It returns when done is closed.
func (r *testRun) hurry(done <-chan struct{}, signals <-chan os.Signal, counts func(os.Signal) bool, kill func()) {
	patience := time.After(grace)
	var last <-chan time.Time
	hurry := func() {
		if patience != nil {
			patience, last = nil, time.After(r.src.Hurry())
		}
	}
	for {
		select {
		case <-done:
			return
		case sig := <-signals:
			if counts(sig) {
				hurry()
				r.world.abandon()
			}
		case <-patience:
			hurry()
		case <-last:
			last = nil
			kill()
		}
	}
}

func (r *testRun) interrupt(sig os.Signal) {
	r.stopAs(runEnd{signal: sig}, sig.String(), "a second Ctrl-C", sig)
}

// stopAs ends the run by a signal, and says why: end is what ends it, kills what would be quicker.
func (r *testRun) stopAs(end runEnd, why, kills string, sig os.Signal) {
	r.mu.Lock()
	r.end = end
	if sig != syscall.SIGPIPE { // else nobody reads
		r.cmd.log.infof("%s", stopping(why, kills, r.live.Running(time.Now()), r.world.owes()))
	}
	if r.hook != nil {
		_ = r.hook.Signal(sig) // it may have ended by itself
	}
	r.mu.Unlock()
	r.src.Interrupt(sig)
}

// stopping says why the run is stopped and what runs, and what kills that at once. tearsDown reports that
// there are tear-downs that are to come.
func stopping(why, kills string, running []progress.RunningTest, tearsDown bool) string {
	var names []string
	for i, t := range running {
		if i == stoppingListed {
			names = append(names, fmt.Sprintf("%d more", len(running)-i))
			break
		}
		pkg := strings.TrimPrefix(testjson.RelativePackagePath(t.Package)+".", "..") // none of the package here
		name := strings.TrimSuffix(pkg+t.Test, ".")                                  // a TestMain has no test to name
		names = append(names, fmt.Sprintf("%s (%s)", name, t.Age.Round(100*time.Millisecond)))
	}
	what := "the run"
	if len(names) > 0 {
		what = strings.Join(names, ", ")
	}
	also := ""
	if tearsDown {
		also = " and leaves the tear-downs out"
	}
	return fmt.Sprintf("%s: stopping %s; %s kills at once%s", why, what, kills, also)
}

// stoppingListed is how many tests a line names.
const stoppingListed = 3

// interrupted reports whether the run was ended before its tests had.
func (r *testRun) interrupted() bool { return r.endedBy().early() }

// endedBy returns what ended the run before its tests had ended.
func (r *testRun) endedBy() runEnd {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end
}

// A pipeWriter is stdout or stderr, of which somebody may stop reading.
type pipeWriter struct {
	io.Writer
	unread chan<- struct{} // holds one: it is told once, whatever is written afterwards
}

// Write writes p. If there is no reader it tells so and returns errUnread.
func (w pipeWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if !isUnread(err) {
		return n, err
	}
	select {
	case w.unread <- struct{}{}:
	default:
	}
	return n, errUnread
}
