package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

func TestBurstIsOneRun(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		for range 3 {
			w.save("a/a.go")
			time.Sleep(quiet - 1)
			synctest.Wait()
			w.wantRuns("in the burst")
		}
		w.settle()
		w.wantRuns("after the burst", w.pkgs("a"))
		time.Sleep(time.Hour)
		synctest.Wait()
		w.wantRuns("much later", w.pkgs("a"))
	})
}

func TestBurstOfPackagesIsOneRun(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		w.save("b/b.go")
		w.save("a/a.go")
		w.settle()
		w.wantRuns("after the burst", w.pkgs("a", "b"))
		w.key('r')
		w.wantRuns("again", w.pkgs("a", "b"), w.pkgs("a", "b"))
	})
}

// TestSavedFileRunsWithinASecond: also when files do not stop changing.
func TestSavedFileRunsWithinASecond(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		start := time.Now()
		for len(w.runs()) == 0 && time.Since(start) < 2*time.Second {
			w.save("a/a.go")
			time.Sleep(quiet / 2)
		}
		if took := time.Since(start); took >= time.Second {
			t.Errorf("the run started after %v", took)
		}
	})
}

func TestSaveDuringRunIsRunAfterIt(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		w.set(func() { w.hold = true })
		w.save("a/a.go")
		w.settle()
		for range 3 {
			write(t, "package b // "+time.Now().String(), w.dir, "b/b.go")
			w.save("b/b.go")
			w.settle()
		}
		w.wantRuns("during the run", w.pkgs("a"))
		w.finish <- nil
		synctest.Wait()
		w.wantRuns("after the run", w.pkgs("a"), w.pkgs("b"))
		w.finish <- nil
		w.settle()
		w.wantRuns("after both", w.pkgs("a"), w.pkgs("b"))
	})
}

// TestSaveJustBeforeRunEnds: the burst outlasts the run.
func TestSaveJustBeforeRunEnds(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		w.set(func() { w.hold = true })
		w.save("a/a.go")
		w.settle()
		write(t, "package a // saved\n", w.dir, "a/a.go")
		w.save("a/a.go")
		w.finish <- nil
		synctest.Wait()
		w.settle()
		w.wantRuns("after the run", w.pkgs("a"), w.pkgs("a"))
	})
}

// TestRunThatWritesItsSource: a generator's test must not start itself for ever, not
// even if what it wrote is reported when it has ended.
func TestRunThatWritesItsSource(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		inWorld(t, Options{}, func(w *world) {
			w.set(func() { w.hold = true })
			w.save("a/a.go")
			w.settle()
			for run := 1; run == len(w.runs()) && run < 10; run++ {
				write(t, "package a // generated\n", w.dir, "a/gen.go")
				if late {
					w.finish <- nil
					synctest.Wait()
					w.save("a/gen.go")
				} else {
					w.save("a/gen.go")
					w.finish <- nil
				}
				w.settle()
				w.settle()
			}
			// The second run is for the generated file, whose content was new.
			w.wantRuns("in the end", w.pkgs("a"), w.pkgs("a"))
		})
	}
}

func TestNewDirectories(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		before := len(w.added())
		write(t, "package c\n", w.dir, "c/deep/c.go")
		write(t, "package v\n", w.dir, "c/vendor/v/v.go")
		w.events <- fsnotify.Event{Name: filepath.Join(w.dir, "c"), Op: fsnotify.Create}
		w.settle()
		w.wantRuns("after it appeared", w.pkgs("c/deep"))
		want := []string{filepath.Join(w.dir, "c"), filepath.Join(w.dir, "c", "deep")}
		if got := w.added()[before:]; !slices.Equal(got, want) {
			t.Errorf("watched: %q, want %q", got, want)
		}
	})
}

func TestNewDirectoryThatCanNotBeWatched(t *testing.T) {
	t.Parallel()
	var warnings []string
	o := Options{Warnf: func(f string, a ...any) { warnings = append(warnings, fmt.Sprintf(f, a...)) }}
	inWorld(t, o, func(w *world) {
		w.set(func() { w.addErr = syscall.ENOSPC })
		write(t, "package c\n", w.dir, "c/c.go")
		w.events <- fsnotify.Event{Name: filepath.Join(w.dir, "c"), Op: fsnotify.Create}
		w.settle()
		if len(warnings) != 1 || !strings.Contains(warnings[0], "max_user_watches") {
			t.Errorf("warnings: %q", warnings)
		}
		w.save("a/a.go")
		w.settle()
		w.wantRuns("still", w.pkgs("a"))
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		const watching = "Watching 2 directories. Use Ctrl-c to stop a run or exit.\n"
		a, all := w.pkgs("a"), []string{"./..."}
		steps := []struct {
			key   byte
			run   *Event
			print string
		}{
			{'r', nil, "\nNothing has run yet: save a file, or press a to run all tests.\n"},
			{'d', nil, "\nNothing has run yet: save a file, or press a to run all tests.\n"},
			{'x', nil, ""},
			{'\n', nil, "\n"},
			{'\r', nil, "\n"},
			{'l', nil, watching},
			{'s', &Event{Packages: a}, "\nRunning tests in " + a[0] + "\n"}, // no key: a save
			{'r', &Event{Packages: a}, "\nRunning tests in " + a[0] + "\n"},
			{'u', &Event{Packages: a, Args: []string{"-update"}}, "\nRunning tests in " + a[0] + "\n"},
			{'d', &Event{Packages: a, Debug: true}, "\nRunning tests in " + a[0] + "\n"},
			{'a', &Event{Packages: all}, "\nRunning tests in ./...\n"},
			{'r', &Event{Packages: all}, "\nRunning tests in ./...\n"},
		}
		if got := w.printed(); got != watching {
			t.Errorf("at the start: printed %q", got)
		}
		for _, s := range steps {
			before := len(w.runs())
			if s.key == 's' {
				w.save("a/a.go")
				w.settle()
			} else {
				w.key(s.key)
			}
			if got := w.printed(); got != s.print {
				t.Errorf("key %q: printed %q, want %q", s.key, got, s.print)
			}
			var want []Event
			if s.run != nil {
				want = []Event{*s.run}
			}
			if got, want := fmt.Sprintf("%+v", w.runs()[before:]), fmt.Sprintf("%+v", want); got != want {
				t.Errorf("key %q: runs %s, want %s", s.key, got, want)
			}
			w.set(func() {
				if !w.keysOn {
					t.Errorf("key %q: the keyboard is off afterwards", s.key)
				}
			})
		}
	})
}

func TestNewDirectoriesByKey(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		write(t, "package c\n", w.dir, "c/c.go")
		w.printed()
		w.key('l')
		if got := w.printed(); !strings.HasPrefix(got, "Watching 3 directories.") {
			t.Errorf("printed %q", got)
		}
		if !slices.Contains(w.added(), filepath.Join(w.dir, "c")) {
			t.Errorf("not watched: c; watched: %q", w.added())
		}
	})
}

func TestClear(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{Clear: true}, func(w *world) {
		w.printed()
		w.key('a')
		if got, want := w.printed(), "\033[H\033[2J\n\nRunning tests in ./...\n"; got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	})
}

func TestSignalWhileIdleEnds(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		inWorld(t, Options{}, func(w *world) {
			w.signal(sig)
			w.wantInterrupt(sig)
		})
	}
}

func TestFirstInterruptStopsRun(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		w.set(func() { w.hold = true })
		w.key('a')
		write(t, "package b // saved\n", w.dir, "b/b.go")
		w.save("b/b.go")
		w.settle()
		w.signal(os.Interrupt)
		w.wantRuns("after the first Ctrl-C", []string{"./..."}, w.pkgs("b"))
		if err := w.cause(); err != nil {
			t.Errorf("the run of what was saved was cancelled too: %v", err)
		}
		w.signal(os.Interrupt)
		if _, ok := errors.AsType[*Interrupt](w.cause()); !ok {
			t.Errorf("cause of the end of the second run: %v", w.cause())
		}
		w.wantGoingOn("after one Ctrl-C for each of two runs")
		w.signal(os.Interrupt)
		w.wantInterrupt(os.Interrupt)
	})
}

// TestSignalsEndDuringRun: watch ends when the run has.
func TestSignalsEndDuringRun(t *testing.T) {
	t.Parallel()
	for _, signals := range [][]os.Signal{
		{syscall.SIGTERM}, {os.Interrupt, os.Interrupt}, {os.Interrupt, syscall.SIGTERM},
	} {
		inWorld(t, Options{}, func(w *world) {
			w.set(func() { w.hold, w.stubborn = true, true })
			w.key('a')
			for _, sig := range signals {
				w.signal(sig)
				if w.cause() == nil {
					t.Errorf("%v: the run was not cancelled", sig)
				}
			}
			w.wantGoingOn("before the run ended")
			w.finish <- nil
			synctest.Wait()
			w.wantInterrupt(signals[len(signals)-1])
		})
	}
}

func TestDebuggerKeepsInterrupt(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		w.key('a')
		w.set(func() { w.hold = true })
		w.key('d')
		w.signal(os.Interrupt)
		w.signal(os.Interrupt)
		w.wantGoingOn("after Ctrl-C in the debugger")
		if err := w.cause(); err != nil {
			t.Errorf("Ctrl-C cancelled the debugger: %v", err)
		}
		w.signal(syscall.SIGTERM)
		w.wantInterrupt(syscall.SIGTERM)
	})
}

func TestErrorsEndWatch(t *testing.T) {
	t.Parallel()
	broken := errors.New("no go command")
	tests := []struct {
		name string
		do   func(w *world)
		want string
	}{
		{"run", func(w *world) { w.set(func() { w.hold = true }); w.key('a'); w.finish <- broken }, "run tests for ./...: no go command"},
		{"source", func(w *world) { w.errs <- broken }, "watch files: no go command"},
		{"source during a run", func(w *world) { w.set(func() { w.hold = true }); w.key('a'); w.errs <- broken }, "watch files: no go command"},
		{"cancelled by nobody", func(w *world) { w.set(func() { w.hold = true }); w.key('a'); w.finish <- context.Canceled },
			"run tests for ./...: context canceled"},
		{"idle", func(*world) { time.Sleep(time.Hour) }, "exceeded idle timeout while watching files"},
		{"add", func(w *world) { w.set(func() { w.addErr = broken }); w.key('l') }, "no go command"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, Options{IdleTimeout: time.Hour}, func(w *world) {
				tt.do(w)
				synctest.Wait()
				if _, err := w.result(); err == nil || !strings.HasSuffix(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
			})
		})
	}
}

func TestIdleTimeoutCountsFromLastEvent(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{IdleTimeout: time.Hour}, func(w *world) {
		w.set(func() { w.hold = true })
		w.key('a')
		time.Sleep(5 * time.Hour) // a run is not idle
		w.finish <- nil
		for range 3 {
			time.Sleep(time.Hour - 1)
			synctest.Wait()
			w.wantGoingOn("an hour less a nanosecond later")
			w.key('x')
		}
	})
}

func TestLostNotificationsRunEverything(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		w.errs <- fsnotify.ErrEventOverflow
		synctest.Wait()
		w.wantRuns("after the loss", []string{w.dir + "/..."})
	})
}

func TestEndOfContextWaitsForRun(t *testing.T) {
	t.Parallel()
	inWorld(t, Options{}, func(w *world) {
		w.set(func() { w.hold = true })
		w.key('a')
		w.cancel()
		synctest.Wait()
		if ended, err := w.result(); !ended || err != nil || w.cause() == nil {
			t.Errorf("ended %v with %v; the run's context: %v", ended, err, w.cause())
		}
	})
}
