package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// clearScreen moves the cursor to the top left corner and erases the screen.
const clearScreen = "\033[H\033[2J"

// errIdle ends a Watch whose IdleTimeout is over.
var errIdle = errors.New("exceeded idle timeout while watching files")

// source is where file system notifications come from: an fsnotify.Watcher.
type source interface {
	// Add starts notifications about the files in dir; again is no error.
	Add(dir string) error
}

// loop is the state of a Watch. Only the goroutine that called watch touches it.
type loop struct {
	o    Options
	tree *tree

	source   source
	events   <-chan fsnotify.Event
	errs     <-chan error
	keyboard keyboard
	signals  <-chan os.Signal

	changes *changes
	settle  *time.Timer // ends the burst of changes
	idle    *time.Timer // nil: no idle timeout
	ended   time.Time   // when the last run did

	pending []string // packages to run next
	last    []string // packages of the latest run
	run     *run     // nil: nothing runs
	quit    *Interrupt
}

// run is a call of Options.Run that has not returned.
type run struct {
	packages []string
	debug    bool
	cancel   context.CancelCauseFunc
	done     chan error // gets the result of Options.Run, once
	stopped  bool       // by the user
}

func newLoop(o Options) *loop {
	l := &loop{o: o, tree: newTree(o.Dirs, o), changes: newChanges()}
	l.settle = time.NewTimer(0)
	l.settle.Stop()
	if o.IdleTimeout > 0 {
		l.idle = time.NewTimer(o.IdleTimeout)
	}
	return l
}

// watch is the loop. Whatever way it ends, nothing runs any more and the terminal is
// given back: here and not later, while signals are still handled.
func (l *loop) watch(ctx context.Context) error {
	defer l.keyboard.stop()
	defer l.settle.Stop()
	if l.idle != nil {
		defer l.idle.Stop()
	}
	if err := l.loadDirs(); err != nil {
		return err
	}
	l.keysOn()
	for {
		if l.run == nil && len(l.pending) > 0 {
			packages := l.pending
			l.pending = nil
			if err := l.start(ctx, Event{Packages: packages}); err != nil {
				return err
			}
		}
		if err := l.step(ctx); err != nil {
			l.stopRun(err)
			if errors.Is(err, errDone) {
				return nil
			}
			return err
		}
	}
}

// errDone is why the loop ends when its context is done.
var errDone = errors.New("context done")

// step waits for one thing to happen and handles it. An error ends the loop.
func (l *loop) step(ctx context.Context) error {
	var keys <-chan byte
	var done <-chan error
	var idle <-chan time.Time
	if l.run == nil {
		keys = l.keyboard.keys()
	} else {
		done = l.run.done
	}
	if l.idle != nil {
		idle = l.idle.C
	}
	select {
	case <-ctx.Done():
		return errDone
	case sig := <-l.signals:
		return l.onSignal(sig)
	case err := <-done:
		return l.onRunEnd(err)
	case <-idle:
		if l.run == nil {
			return errIdle
		}
		l.touched()
		return nil
	case key := <-keys:
		l.touched()
		return l.onKey(ctx, key)
	case e := <-l.events:
		l.touched()
		l.onFile(e)
		return nil
	case err := <-l.errs:
		return l.onError(err)
	case <-l.settle.C:
		l.queue(l.changes.take())
		return nil
	}
}

// touched starts the idle time anew.
func (l *loop) touched() {
	if l.idle != nil {
		l.idle.Reset(l.o.IdleTimeout)
	}
}

// queue has packages run as soon as nothing else does, together with those that wait.
func (l *loop) queue(packages []string) {
	l.pending = append(l.pending, packages...)
	slices.Sort(l.pending)
	l.pending = slices.Compact(l.pending)
}

// loadDirs looks for the directories to watch and watches them.
func (l *loop) loadDirs() error {
	dirs := l.tree.dirs()
	for _, dir := range dirs {
		if err := l.add(dir); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(l.o.Stdout, "Watching %v directories. Use Ctrl-c to stop a run or exit.\n", len(dirs))
	return err
}

func (l *loop) add(dir string) error {
	err := l.source.Add(dir)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC): // inotify's way to say it
		return fmt.Errorf("watch directory %v: the OS grants no more watches (fs.inotify.max_user_watches): %w", dir, err)
	default:
		return fmt.Errorf("watch directory %v: %w", dir, err)
	}
}

// onFile handles a file system notification.
func (l *loop) onFile(e fsnotify.Event) {
	l.o.Debugf("handling event %v", e)
	if e.Has(fsnotify.Create) {
		if info, err := os.Stat(e.Name); err == nil && info.IsDir() {
			l.onNewDir(e.Name)
			return
		}
	}
	if matters(e) {
		l.changed(e)
	}
}

// onNewDir watches a new directory and takes the files that were written to it
// before it was watched as changed.
func (l *loop) onNewDir(dir string) {
	for _, dir := range l.tree.newDirs(dir) {
		if err := l.add(dir); err != nil {
			l.o.Warnf("%v", err)
			continue
		}
		for _, file := range goFiles(dir) {
			l.changed(fsnotify.Event{Name: file, Op: fsnotify.Create})
		}
	}
}

func (l *loop) changed(e fsnotify.Event) {
	now := time.Now()
	// What a run wrote at its very end may be reported after it.
	running := l.run != nil || !l.ended.IsZero() && now.Sub(l.ended) < quiet
	l.settle.Reset(l.changes.add(e, running, now))
}

// onError handles an error of the file system notifications.
func (l *loop) onError(err error) error {
	if errors.Is(err, fsnotify.ErrEventOverflow) {
		// Which files it was is lost, so it may have been any.
		l.o.Warnf("too many files changed at once: running everything that is watched")
		l.queue(slices.Clone(l.o.Dirs))
		return nil
	}
	return fmt.Errorf("watch files: %w", err)
}

// onKey handles a key. Nothing runs.
func (l *loop) onKey(ctx context.Context, key byte) error {
	switch key {
	case 'r':
		return l.again(ctx, Event{})
	case 'u':
		return l.again(ctx, Event{Args: []string{"-update"}})
	case 'd':
		return l.again(ctx, Event{Debug: true})
	case 'a':
		return l.start(ctx, Event{Packages: []string{"." + recursive}})
	case 'l':
		return l.loadDirs()
	case '\n', '\r': // a console that does not translate sends the latter
		_, err := fmt.Fprintln(l.o.Stdout)
		return err
	}
	return nil
}

// again starts e for the packages of the latest run.
func (l *loop) again(ctx context.Context, e Event) error {
	if len(l.last) == 0 {
		_, err := fmt.Fprintln(l.o.Stdout, "\nNothing has run yet: save a file, or press a to run all tests.")
		return err
	}
	e.Packages = slices.Clone(l.last)
	return l.start(ctx, e)
}

// start starts a run. Nothing runs.
func (l *loop) start(ctx context.Context, e Event) error {
	l.keyboard.stop()
	l.last = slices.Clone(e.Packages)
	text := "\nRunning tests in " + strings.Join(e.Packages, " ") + "\n"
	if l.o.Clear {
		text = clearScreen + "\n" + text
	}
	if _, err := fmt.Fprint(l.o.Stdout, text); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r := &run{packages: e.Packages, debug: e.Debug, cancel: cancel, done: make(chan error, 1)}
	l.run = r
	// It ends when Run does; the loop waits for that in step or in stopRun.
	go func() { r.done <- l.o.Run(ctx, e) }()
	return nil
}

// onRunEnd handles the end of the run.
func (l *loop) onRunEnd(err error) error {
	r := l.run
	l.run = nil
	r.cancel(nil)
	l.ended = time.Now()
	l.touched()
	if l.quit != nil {
		return l.quit
	}
	if err != nil && !(r.stopped && interrupted(err)) {
		return fmt.Errorf("run tests for %v: %w", strings.Join(r.packages, " "), err)
	}
	l.keysOn()
	return nil
}

// interrupted reports whether a run ended with err because it was told to.
func interrupted(err error) bool {
	_, ok := errors.AsType[*Interrupt](err)
	return ok || errors.Is(err, context.Canceled)
}

// onSignal handles a signal: it stops the run, or ends the loop, or both.
func (l *loop) onSignal(sig os.Signal) error {
	switch {
	case isResume(sig):
		// The shell had the terminal in the meantime.
		if l.run == nil {
			l.keyboard.stop()
			l.keysOn()
		}
		return nil
	case l.run == nil:
		return &Interrupt{sig}
	case sig == os.Interrupt && l.run.debug:
		return nil // the debugger's own
	case sig != os.Interrupt || l.run.stopped:
		l.quit = &Interrupt{sig} // when the run has ended
	}
	l.run.stopped = true
	l.run.cancel(&Interrupt{sig})
	l.forgetKeys()
	return nil
}

// forgetKeys drops the keys that were typed ahead, as terminals do at Ctrl-C.
func (l *loop) forgetKeys() {
	for {
		select {
		case <-l.keyboard.keys():
		default:
			return
		}
	}
}

// keysOn starts reading keys. That there are none is not worth ending for.
func (l *loop) keysOn() {
	if err := l.keyboard.start(); err != nil {
		l.o.Warnf("keyboard shortcuts disabled: %v", err)
	}
}

// stopRun cancels the run, if there is one, and waits for it.
func (l *loop) stopRun(cause error) {
	if l.run == nil {
		return
	}
	l.run.cancel(cause)
	<-l.run.done // its result does not matter any more
	l.run = nil
}
