package main

import (
	"context"
	"io"
	"iter"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report/record"
)

// source returns src so that all that passes through it is recorded.
func (rec *recording) source(src source, owners *ownerBook) source {
	if rec == nil {
		return src
	}
	rec.part = partOf(src)
	if s, ok := src.(*scheduledSource); ok {
		s.observe(recordObserver{w: rec.w, owners: owners})
		rec.describe, rec.scheduled = s.describe, s
	}
	return &recordingSource{src, rec}
}

// recordingSource is a source whose streams and answers are recorded.
type recordingSource struct {
	source
	rec *recording
}

// First starts the first pass, and the record's file: a run that did not start leaves that of the
// last one alone.
func (s *recordingSource) First(ctx context.Context) (*stream, error) {
	first, err := s.source.First(ctx)
	if err != nil {
		return nil, err
	}
	s.rec.file.open()
	go func() { s.rec.goVersion <- s.rec.cmd.findGo() }() // ends with go version; finish waits for it
	go func() { s.rec.sourceSum <- s.rec.findSource() }() // ends with git; finish waits for it
	go func() { s.rec.goEnv <- s.rec.findGoEnv() }()      // ends with go env; finish waits for it
	tee := s.rec.w.Stream(record.Attempt{})
	out := &stream{Stdout: io.TeeReader(first.Stdout, tee.Stdout())}
	if first.Stderr != nil {
		out.Stderr = io.TeeReader(first.Stderr, tee.Stderr())
	}
	out.Wait = func() error {
		tee.Close()
		s.rec.first = first.Wait()
		return s.rec.first
	}
	return out, nil
}

// CheckRerun passes the question on.
func (s *recordingSource) CheckRerun(exitErr error, exec *testjson.Execution) error {
	err := s.source.CheckRerun(exitErr, exec)
	s.rec.verdict.Refused = message(err)
	return err
}

// Reruns records each attempt while it is read.
func (s *recordingSource) Reruns(ctx context.Context, exec *testjson.Execution) iter.Seq2[attempt, error] {
	return func(yield func(attempt, error) bool) {
		for a, err := range s.source.Reruns(ctx, exec) {
			if err != nil {
				s.rec.verdict.Broken = message(err)
				yield(a, err)
				return
			}
			tee := s.rec.w.Stream(record.Attempt{Number: a.RunID, Package: a.Package, Unit: a.Unit, Tests: a.Tests})
			a.Stdout = io.TeeReader(a.Stdout, tee.Stdout())
			if a.Stderr != nil {
				a.Stderr = io.TeeReader(a.Stderr, tee.Stderr())
			}
			more := yield(a, nil)
			tee.Close()
			if !more {
				return
			}
		}
	}
}

func (s *recordingSource) seed() string {
	if seeded, ok := s.source.(seededSource); ok {
		return seeded.seed()
	}
	return ""
}

// machineOf is where a test failed first, if it may have been elsewhere.
func (s *recordingSource) machineOf(pkg, test string) string {
	if m, ok := s.source.(machineSource); ok {
		return m.machineOf(pkg, test)
	}
	return ""
}
