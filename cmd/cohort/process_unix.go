//go:build unix

package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// endSignals are the signals that end a run.
func endSignals() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}
}

// heededSignals are those of endSignals to listen for. Who started cohort with nohup
// wants it to outlive the terminal; the other two are heeded whatever they were, as
// shells ignore them for all that runs in the background. SIGQUIT (Ctrl-\) makes tests
// print their goroutines: it is for them.
func heededSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// dieTime is how long a signal may take to end this process: another thread takes it, which has to get
// its turn on a machine that is busy.
const dieTime = 5 * time.Second

// dieOf ends this process as the signal would have ended it, or with its exit code if that is ignored, as
// a shell has it for what runs in the background. It does not return.
func dieOf(sig os.Signal) {
	signal.Reset(sig)
	if s, ok := sig.(syscall.Signal); ok {
		_ = syscall.Kill(os.Getpid(), s) // cannot fail, and returns before the process has ended
		time.Sleep(dieTime)
	}
	syscall.Exit(signalStatus(sig).code)
}

// survivePipes catches SIGPIPE, to no end, until the function it returns is called. The
// signal follows any write that nobody reads: to stdout (cohort | head), which must not
// kill cohort before it has ended its children, but also to an exec-test that was
// killed, which ends one package only. The error of the write tells them apart.
func survivePipes() (stop func()) {
	signals := make(chan os.Signal, 1) // nobody reads it
	signal.Notify(signals, syscall.SIGPIPE)
	return func() { signal.Stop(signals) }
}

// isUnread reports whether err says that a pipe has lost its reader.
func isUnread(err error) bool { return errors.Is(err, syscall.EPIPE) }
