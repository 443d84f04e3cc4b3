// Package ctrf writes a recorded run in the Common Test Report Format, version 0.1.0: JSON that tools of
// many languages share.
package ctrf

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/gotestcohort/cohort/report/record"
)

const specVersion = "0.1.0"

type document struct {
	ReportFormat string  `json:"reportFormat"`
	SpecVersion  string  `json:"specVersion"`
	Timestamp    string  `json:"timestamp,omitempty"`
	GeneratedBy  string  `json:"generatedBy,omitempty"`
	Results      results `json:"results"`
}

type results struct {
	Tool        tool           `json:"tool"`
	Summary     summary        `json:"summary"`
	Tests       []test         `json:"tests"`
	Environment environment    `json:"environment"`
	Extra       map[string]any `json:"extra,omitempty"`
}

type tool struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

type summary struct {
	Tests    int   `json:"tests"`
	Passed   int   `json:"passed"`
	Failed   int   `json:"failed"`
	Skipped  int   `json:"skipped"`
	Pending  int   `json:"pending"`
	Other    int   `json:"other"`
	Flaky    int   `json:"flaky"`
	Suites   int   `json:"suites"`
	Start    int64 `json:"start"`
	Stop     int64 `json:"stop"`
	Duration int64 `json:"duration"`
}

type environment struct {
	OSPlatform string `json:"osPlatform,omitempty"`
}

type test struct {
	Name      string         `json:"name"`
	Status    string         `json:"status"`
	Duration  int64          `json:"duration"`
	Start     int64          `json:"start,omitempty"`
	Stop      int64          `json:"stop,omitempty"`
	Suite     []string       `json:"suite"`
	Message   string         `json:"message,omitempty"`
	Trace     string         `json:"trace,omitempty"`
	RawStatus string         `json:"rawStatus"`
	Tags      []string       `json:"tags,omitempty"`
	Labels    map[string]any `json:"labels,omitempty"`
	Retries   int            `json:"retries,omitempty"`
	Attempts  []retryAttempt `json:"retryAttempts,omitempty"`
	Flaky     bool           `json:"flaky,omitempty"`
	ThreadID  string         `json:"threadId,omitempty"`
}

type retryAttempt struct {
	Attempt  int    `json:"attempt"`
	Status   string `json:"status"`
	Duration int64  `json:"duration"`
	Message  string `json:"message,omitempty"`
	Trace    string `json:"trace,omitempty"`
}

// Write writes run to out. Its tests are those of the run, subtests too; a package that failed without a
// failed test is a test of its own.
func Write(out io.Writer, run *record.Run) error {
	m := run.Manifest
	doc := document{ReportFormat: "CTRF", SpecVersion: specVersion, Timestamp: m.End.UTC().Format(time.RFC3339), GeneratedBy: "cohort"}
	r := &doc.Results
	r.Tool = tool{"cohort", m.Cohort}
	r.Environment.OSPlatform = m.System.OS
	r.Extra = map[string]any{"exit": m.Verdict.Exit, "go": m.Go, "seed": m.Seed, "workers": m.Workers}
	r.Tests = []test{}
	workers := map[int]int{}
	for _, p := range run.Processes {
		workers[p.Number] = p.Worker
	}
	for _, t := range run.Tests {
		one := newTest(t)
		if worker, ok := workers[t.Last().Process]; ok {
			one.ThreadID = fmt.Sprint(worker)
		}
		r.Tests = append(r.Tests, one)
		r.Summary.count(one)
	}
	r.Summary.Suites = len(run.Packages)
	r.Summary.Start, r.Summary.Stop = milliseconds(m.Start), milliseconds(m.End)
	r.Summary.Duration = m.End.Sub(m.Start).Milliseconds()
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", " ")
	return encoder.Encode(doc)
}

func (s *summary) count(t test) {
	s.Tests++
	switch t.Status {
	case "passed":
		s.Passed++
	case "failed":
		s.Failed++
	case "skipped":
		s.Skipped++
	default:
		s.Other++
	}
	if t.Flaky {
		s.Flaky++
	}
}

// milliseconds is a time as the format has it, 0 if it is not known.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func newTest(t *record.Test) test {
	last := t.Last()
	one := test{
		Name: t.Name, Status: status(t.Status()), RawStatus: string(t.Raw()), Duration: last.Elapsed.Milliseconds(),
		Suite: []string{t.Package}, Tags: t.Unit.Labels, Flaky: t.Flaky(), Retries: last.Number,
	}
	if t.Name == "" {
		one.Name = "(package)"
	}
	if !last.Start.IsZero() {
		one.Start, one.Stop = milliseconds(last.Start), milliseconds(last.Start.Add(last.Elapsed))
	}
	switch t.Status() {
	case record.Failed:
		one.Message, one.Trace = last.Message(), last.Output
	case record.Quarantined:
		one.Message, one.Trace = t.Excused.String()+": "+last.Message(), last.Output
	}
	labels := map[string]any{}
	for name, value := range map[string]string{"group": t.Unit.Group, "owner": t.Unit.Owner} {
		if value != "" {
			labels[name] = value
		}
	}
	if len(labels) > 0 {
		one.Labels = labels
	}
	for i, a := range t.Attempts[:len(t.Attempts)-1] {
		one.Attempts = append(one.Attempts, retryAttempt{
			Attempt: i + 1, Status: status(a.Status), Duration: a.Elapsed.Milliseconds(), Message: a.Message(), Trace: a.Output,
		})
	}
	return one
}

// status is a status in the words of the format.
func status(s record.Status) string {
	switch s {
	case record.Passed:
		return "passed"
	case record.Failed:
		return "failed"
	case record.Skipped, record.Quarantined:
		return "skipped"
	}
	return "other"
}
