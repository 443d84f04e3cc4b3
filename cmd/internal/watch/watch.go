// Package watch runs tests again whenever a Go file is saved, or a key is pressed:
// it says when to run what, and the caller's function runs it.
//
// One goroutine (loop) owns all state. It is fed by file system notifications, key
// presses, signals and the end of the run that is going on; a run has a goroutine
// of its own, so that nothing that happens during a run is missed.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Event says what to run.
type Event struct {
	// Packages are the patterns of the packages to test, at least one: directories,
	// absolute or beginning with "./", or "./..." when everything was asked for.
	// They are sorted and without duplicates.
	Packages []string
	// Args are more arguments for go test, to be given after the packages.
	Args []string
	// Debug asks for a debugger instead of a test run (see [Delve]). Ctrl-C is the
	// debugger's then: it does not cancel the run.
	Debug bool
}

// Options is what [Watch] needs. Run is required; every other field may be zero.
type Options struct {
	// Dirs are the directories to watch. With a final "/..." the directories below
	// that have Go files are watched too, as [Watch] says. Empty: "./...".
	Dirs []string
	// Clear clears the screen before each run.
	Clear bool
	// IdleTimeout ends Watch with an error when nothing happened for so long.
	// 0: watch for ever.
	IdleTimeout time.Duration

	// Stdin is where keys are read from if it is a terminal. nil: no keys.
	Stdin *os.File
	// Stdout gets the lines that say what is watched and what is run. nil: nothing
	// is printed. While Run runs nothing is written to it.
	Stdout io.Writer

	// Run runs the tests of an event and returns when that is over. Tests that
	// failed, and a run that was interrupted, are no error: an error says that tests
	// cannot be run, and ends Watch. Run is never called while it is running. Its
	// context is cancelled when the run should stop: by the first Ctrl-C (the
	// context's cause is an [Interrupt]) or at the end of Watch, which waits for
	// Run. While Run runs, the terminal is as the user left it and nobody else
	// reads from it.
	Run func(ctx context.Context, e Event) error

	// Warnf and Debugf print messages that are not part of the output. nil: they
	// are dropped.
	Warnf, Debugf func(format string, args ...any)
}

// Interrupt is the error that Watch returns when a signal ended it, and the cause
// of the cancellation of a run that a signal stopped.
type Interrupt struct{ Signal os.Signal }

// Error names the signal.
func (i *Interrupt) Error() string { return fmt.Sprintf("stopped by signal: %v", i.Signal) }

// Watch watches directories and calls o.Run with the packages that changed, until
// ctx is done (it returns nil), a signal ends it (an *[Interrupt]), or something
// fails. The terminal is given back on every way out.
//
// Watched are the directories with at least one Go file, at most seven levels below
// a root that ends in "/...", but none that is named vendor or testdata or begins
// with a dot, nor anything below one. Directories that appear in a watched one are
// watched from then on. All changes that come in one burst (an editor that writes,
// renames and formats; a git checkout) are one run. What is saved during a run is
// run after it, once; a file that a run writes itself with the content it already
// had does not count.
//
// Keys: r runs the previous packages again, u does so with -update, d debugs them,
// a runs ./..., l looks for new directories, Enter prints an empty line. Ctrl-C
// stops a run; without one, or the second time, it ends Watch. So do SIGTERM and,
// on unix, SIGHUP and SIGQUIT at any time. Watch handles these signals itself: ctx
// must not be cancelled by Ctrl-C.
//
// It must not be called twice at a time for one terminal.
func Watch(ctx context.Context, o Options) error {
	o = o.withDefaults()
	kb, err := newKeyboard(o.Stdin)
	if err != nil {
		o.Warnf("no terminal input -- keyboard shortcuts disabled: %v", err)
		kb = noKeyboard{}
	}
	defer kb.close()

	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("start watching files: %w", err)
	}
	defer func() { _ = w.Close() }() // nothing was written: there is nothing to lose

	signals := make(chan os.Signal, 8)
	for _, sig := range watchedSignals() {
		if !signal.Ignored(sig) { // a nohup'd cohort stays so
			signal.Notify(signals, sig)
		}
	}
	defer signal.Stop(signals)

	l := newLoop(o)
	l.source, l.events, l.errs = w, w.Events, w.Errors
	l.keyboard, l.signals = kb, signals
	return l.watch(ctx)
}

func (o Options) withDefaults() Options {
	if len(o.Dirs) == 0 {
		o.Dirs = []string{"." + recursive}
	}
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	if o.Warnf == nil {
		o.Warnf = func(string, ...any) {}
	}
	if o.Debugf == nil {
		o.Debugf = func(string, ...any) {}
	}
	return o
}

// errNoTerminal is why there are no keys when there is no standard input at all.
var errNoTerminal = errors.New("no standard input")
