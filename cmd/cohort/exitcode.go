package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// Exit codes. What go test exited with is passed on: 1 for failed tests, 2 for a
// wrong flag or pattern of go test's, or whatever a raw command returns.
const (
	exitFailed  = 1   // go test's own; also --fail-on-flaky
	exitError   = 3   // cohort could not do what it was asked: usage, files, aborted reruns
	exitSetup   = 4   // a set-up failed, so that tests did not run
	exitUnknown = 127 // the command was killed and has no exit code
	exitSignal  = 128 // plus the number of the signal that ended the run, as shells do
)

// exitCodes says what the codes mean.
func exitCodes() [][2]string {
	return [][2]string{
		{"0", "every test passed, in a rerun at the latest, or there was nothing to run"},
		{strconv.Itoa(exitFailed), "a test failed, a package did not build, or --fail-on-flaky or --no-tests=fail says so"},
		{"2", "go test did not take its arguments"},
		{strconv.Itoa(exitError), "cohort could not do what it was asked: wrong flags, a file it cannot write, reruns that were given up, records that cannot be merged"},
		{strconv.Itoa(exitSetup), "a set-up failed, and the tests that need it did not run"},
		{strconv.Itoa(exitUnknown), "the command was killed and has no exit code"},
		{strconv.Itoa(exitSignal) + "+n", "signal n ended the run"},
	}
}

// exitStatus is a run that was done and did not pass: its code is passed on and
// nothing is printed, as the tests have told their story.
type exitStatus struct{ code int }

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", e.code) }

// statusOf turns what exec.Cmd.Wait returned into nil, an exitStatus, or the error
// that kept the command from being waited for.
func statusOf(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if code := exit.ExitCode(); code >= 0 {
			return exitStatus{code}
		}
		return exitStatus{exitUnknown}
	}
	return err
}

// signalStatus is the status of a run that sig ended.
func signalStatus(sig os.Signal) exitStatus {
	if s, ok := sig.(syscall.Signal); ok {
		return exitStatus{exitSignal + int(s)}
	}
	return exitStatus{exitUnknown}
}

// errUnread says that nobody reads what cohort prints. The run ends as by SIGPIPE and
// nobody is told.
var errUnread = errors.New("nobody reads the output")

// exit maps the outcome of a command to an exit code and prints what went wrong,
// one ERROR line for each problem.
func (c *command) exit(err error) int {
	for _, e := range problems(err) {
		if _, ok := e.(exitStatus); !ok && !errors.Is(e, errUnread) {
			c.tell(e)
		}
	}
	return exitCode(err)
}

// exitCode is the exit code of a command with that outcome.
func exitCode(err error) int {
	code := 0
	for _, e := range problems(err) {
		if errors.Is(e, errUnread) {
			e = signalStatus(syscall.SIGPIPE)
		}
		status, ok := e.(exitStatus)
		switch {
		case !ok:
			code = exitError
		case code == 0:
			code = status.code
		}
	}
	return code
}

// tell prints an error. A usage error is a line for each problem, and then what to do.
func (c *command) tell(err error) {
	wrong, ok := errors.AsType[*usage.Error](err)
	if !ok {
		c.log.errorf("%v", err)
		return
	}
	for _, problem := range wrong.Problems {
		c.log.errorf("%s", problem)
	}
	for _, hint := range wrong.Hints() {
		c.log.print("", "%s", hint)
	}
}

// problems returns the errors that errors.Join put into err; none if err is nil.
func problems(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, problems(e)...)
	}
	return all
}
