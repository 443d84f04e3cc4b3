package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// world is a loop whose surroundings are fakes. It lives in a synctest bubble: time
// only passes in time.Sleep, and synctest.Wait lets everything come to rest.
type world struct {
	t       *testing.T
	dir     string
	events  chan fsnotify.Event
	errs    chan error
	signals chan os.Signal
	press   chan byte
	finish  chan error // ends the run that is going on
	cancel  context.CancelFunc

	mu       sync.Mutex
	hold     bool // runs last until finish or the end of their context
	stubborn bool // runs do not care about their context
	keysOn   bool
	out      strings.Builder
	dirs     []string // every directory added so far
	addErr   error
	started  []Event // every run so far
	ctx      context.Context
	err      error // what watch returned
	ended    bool
}

// The world is the loop's source of notifications, its standard output and its
// keyboard.

func (w *world) Add(dir string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dirs = append(w.dirs, dir)
	return w.addErr
}

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

func (w *world) start() error      { w.set(func() { w.keysOn = true }); return nil }
func (w *world) stop()             { w.set(func() { w.keysOn = false }) }
func (w *world) keys() <-chan byte { return w.press }
func (w *world) close()            {}

// set changes the world.
func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// inWorld runs test in a bubble with a loop that watches a directory, in which there
// are the packages a and b, and that has come to rest.
func inWorld(t *testing.T, o Options, test func(w *world)) {
	t.Helper()
	dir := t.TempDir()
	write(t, "package a\n", dir, "a", "a.go")
	write(t, "package b\n", dir, "b", "b.go")
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, dir: dir, events: make(chan fsnotify.Event), errs: make(chan error),
			signals: make(chan os.Signal), press: make(chan byte), finish: make(chan error)}
		o.Dirs = []string{dir + "/..."}
		o.Stdout = w
		o.Run = w.run
		l := newLoop(o.withDefaults())
		l.source, l.events, l.errs, l.keyboard, l.signals = w, w.events, w.errs, w, w.signals
		ctx, cancel := context.WithCancel(t.Context())
		w.cancel = cancel
		done := make(chan struct{})
		go func() {
			defer close(done)
			err := l.watch(ctx)
			w.set(func() { w.err, w.ended = err, true })
		}()
		synctest.Wait()
		test(w)
		cancel()
		<-done
		if w.keysOn {
			t.Error("the keyboard is still on at the end")
		}
	})
}

func (w *world) run(ctx context.Context, e Event) error {
	w.mu.Lock()
	if w.keysOn {
		w.t.Error("the keyboard is on during a run")
	}
	w.started, w.ctx = append(w.started, e), ctx
	hold, stop := w.hold, ctx.Done()
	if w.stubborn {
		stop = nil
	}
	w.mu.Unlock()
	if !hold {
		return nil
	}
	select {
	case err := <-w.finish:
		return err
	case <-stop:
		return context.Cause(ctx)
	}
}

// printed returns what was written to standard output since the last call.
func (w *world) printed() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.out.Reset()
	return w.out.String()
}

// added returns the directories that were added so far.
func (w *world) added() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.dirs)
}

// runs returns every run so far.
func (w *world) runs() []Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.started)
}

// cause is why the context of the latest run is cancelled, nil if it is not.
func (w *world) cause() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return context.Cause(w.ctx)
}

// result returns what watch returned, and whether it did.
func (w *world) result() (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended, w.err
}

// wantGoingOn checks that watch has not returned.
func (w *world) wantGoingOn(when string) {
	w.t.Helper()
	if ended, err := w.result(); ended {
		w.t.Fatalf("%s: watch ended with %v", when, err)
	}
}

// wantInterrupt checks that watch has returned because of sig.
func (w *world) wantInterrupt(sig os.Signal) {
	w.t.Helper()
	ended, err := w.result()
	if i, ok := errors.AsType[*Interrupt](err); !ok || i.Signal != sig {
		w.t.Errorf("%v: watch ended: %v, with %v", sig, ended, err)
	}
}

// save reports a change of a file of dir.
func (w *world) save(name string) {
	w.events <- fsnotify.Event{Name: filepath.Join(w.dir, filepath.FromSlash(name)), Op: fsnotify.Write}
	synctest.Wait()
}

// settle lets the time pass that ends a burst.
func (w *world) settle() {
	time.Sleep(quiet)
	synctest.Wait()
}

func (w *world) key(k byte) {
	w.press <- k
	synctest.Wait()
}

func (w *world) signal(sig os.Signal) {
	w.signals <- sig
	synctest.Wait()
}

// pkgs are the patterns of packages of dir.
func (w *world) pkgs(names ...string) []string {
	var all []string
	for _, name := range names {
		all = append(all, pattern(filepath.Join(w.dir, name)))
	}
	return all
}

// wantRuns checks the packages of every run so far.
func (w *world) wantRuns(when string, want ...[]string) {
	w.t.Helper()
	var got [][]string
	for _, e := range w.runs() {
		got = append(got, e.Packages)
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		w.t.Errorf("%s: runs of %q, want %q", when, got, want)
	}
}
