package scheduler

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// Attempt is one rerun of a unit, or of a package, that has ended.
type Attempt struct {
	// Number is 1 for the first rerun of the unit.
	Number int
	// Package is the import path, Unit the name of the group or test, "" for
	// the whole package. Tests are the names of its tests.
	Package, Unit string
	Tests         []string
	// Passed reports whether everything in it was good.
	Passed bool

	file string
	err  error
}

// Open returns the attempt's events, lines as `go test -json` prints them. The
// caller closes the reader.
func (a *Attempt) Open() (io.ReadCloser, error) {
	if a.err != nil {
		return nil, fmt.Errorf("rerun %s %s: %w", a.Package, a.Unit, a.err)
	}
	return os.Open(a.file)
}

// attemptFile takes the events of a rerun, as the go command writes those of a package.
type attemptFile struct {
	pkg    string
	file   *os.File
	events *bufio.Writer
	coder  *testbin.Encoder
	out    *stream.Merger
}

func createAttempt(name, pkg string) (*attemptFile, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	a := &attemptFile{pkg: pkg, file: file, events: bufio.NewWriter(file)}
	a.coder = testbin.NewEncoder(a.events, pkg, time.Now)
	a.out = stream.New(a.coder, true, func() (*os.File, error) { return nil, errors.ErrUnsupported })
	return a, nil
}

// runAttempt runs the job of a rerun and writes its events to the file called name. What a is
// missing is filled in.
func runAttempt(ctx context.Context, w *worker.Run, j *job, a *Attempt, name string) *worker.Result {
	file, err := createAttempt(name, a.Package)
	if err != nil {
		a.err = err
		return &worker.Result{Err: err, Transcript: ledger.NewTranscript(j.Owed)}
	}
	a.file = name
	covers := j.Files.Profile != "" // then the line with the percentage is that of all attempts
	j.Out = file.out.Process(stream.ProcessOptions{Verbatim: !covers, ShuffleLine: j.shuffleLine()})
	r := w.Do(ctx, &j.Job)
	a.Passed = r.Good(j.Known)
	a.err = errors.Join(r.Err, j.suite.addRerun(j), file.close(j, r, a.Passed))
	a.Passed = a.Passed && a.err == nil
	return r
}

// attemptName is the file of the events of a rerun.
func attemptName(dir string, j *job) string {
	return filepath.Join(dir, fmt.Sprint("attempt", j.Number))
}

// refuseAttempt writes the events of a rerun that is not to run, as runAttempt does those of one that
// ran. It has not passed: its tests that had failed fail, or else they would not where the last attempt
// is what counts, and the others are skipped, all with the reason.
func refuseAttempt(j *job, a *Attempt, name string) *worker.Result {
	r := &worker.Result{Transcript: ledger.NewTranscript(nil)}
	r.PackageFailure = j.broken.Error()
	for _, t := range j.Tests {
		if u := j.suite.account.UnitOf(t.Name); u != nil && slices.Contains(u.Failed, t.Name) {
			r.Lost = append(r.Lost, t)
		} else {
			r.Dropped = append(r.Dropped, t)
		}
	}
	file, err := createAttempt(name, a.Package)
	if err == nil {
		a.file = name
		out := file.out.Process(stream.ProcessOptions{Verbatim: true})
		out.Settle(ledger.Settlement{Lost: r.Lost}, r.PackageFailure, nil)
		out.Close()
		err = file.close(j, r, false)
	}
	a.err = err
	return r
}

const notInThisAttempt = "it did not run in this attempt"

// close ends the events as the go command ends a package's.
func (a *attemptFile) close(j *job, r *worker.Result, good bool) error {
	out := a.out.Process(stream.ProcessOptions{Verbatim: true})
	left := slices.Concat(r.Again, r.Idle)
	if !r.Stopped { // or else what was dropped has been told as interrupted
		left = append(left, r.Dropped...)
	}
	for _, t := range left {
		t.Why = notInThisAttempt
		if r.PackageFailure != "" {
			t.Why += ": " + r.PackageFailure
		}
		out.Settle(ledger.Settlement{Skipped: []ledger.Planned{t}}, "", nil)
	}
	for _, name := range r.Transcript.Missing() {
		out.Settle(ledger.Settlement{Skipped: []ledger.Planned{{Name: name, Want: 1, Why: notInThisAttempt}}}, "", nil)
		a.out.Add("cohort: " + name + " failed in an earlier attempt: without it this one shows nothing\n")
	}
	out.Close()
	a.closing(j, r)
	result, prefix := "ok  ", ""
	var exit error
	if !good {
		result, prefix, exit = "FAIL", "\x16", errors.New("failed")
		if r.PackageFailure != "" {
			a.out.Add("cohort: " + r.PackageFailure + "\n")
		}
	}
	a.out.Add(fmt.Sprintf("%s%s\t%s\t%.3fs\n", prefix, result, a.pkg, r.Exit.End.Sub(r.Exit.Start).Seconds()))
	a.coder.Exited(exit)
	return errors.Join(a.out.Err(), a.coder.Close(), a.events.Flush(), a.file.Close())
}

// closing writes the lines with which a test binary ends, if the process has come so far and has
// not written them itself. The percentage is that of all attempts.
func (a *attemptFile) closing(j *job, r *worker.Result) {
	if r.Transcript.Finals == 0 || j.Files.Profile == "" {
		return
	}
	line := "\x16PASS\n"
	if r.Exit.Code != 0 {
		line = "\x16FAIL\n"
	}
	if r.Transcript.HasCoverage {
		line += j.suite.cover.line(r.Transcript.Coverage)
	}
	a.out.Add(line)
}
