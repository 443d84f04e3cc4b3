package record

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/report/cover"
	"github.com/gotestcohort/cohort/report/progress"
)

// Manifest is what is known of a run at its end. The package comment describes the fields.
type Manifest struct {
	Version   int               `json:"version"`
	Cohort    string            `json:"cohort,omitempty"`
	Go        string            `json:"go,omitempty"`
	System    System            `json:"system"`
	Arguments []string          `json:"arguments,omitempty"`
	Command   []string          `json:"command,omitempty"`
	Flags     map[string]string `json:"flags,omitempty"`
	Env       map[string]string `json:"env,omitempty"`
	Module    string            `json:"module,omitempty"`
	Source    string            `json:"source,omitempty"`
	Run       string            `json:"run,omitempty"`
	Shard     *Shard            `json:"shard,omitempty"`
	History   string            `json:"history,omitempty"`
	Seed      string            `json:"seed,omitempty"`
	Workers   int               `json:"workers,omitempty"`
	Start     time.Time         `json:"start"`
	End       time.Time         `json:"end"`
	// Builds are when the go command was building, as far as cohort gave its tools their turns.
	Builds   []progress.Build `json:"builds,omitempty"`
	Verdict  Verdict          `json:"verdict"`
	Packages []Package        `json:"packages,omitempty"`
	Entries  []Entry          `json:"entries,omitempty"`
}

// Shard says which part of a suite a run was of, and by which plan it was divided.
type Shard struct {
	// Index is from 1 to Count, or 0 for all of them, merged.
	Index int `json:"index"`
	Count int `json:"count"`
	// Digest is that of the plan. It is never redacted.
	Digest string `json:"digest"`
	// Idle are the packages whose tests may all not run although they pass: those that have a TestMain,
	// or all under -exec.
	Idle []string `json:"idle,omitempty"`
	// GoEnv are short hashes of those settings of the go command that decide what is built, by name. One
	// that is not there is not known.
	GoEnv map[string]string `json:"goEnv,omitempty"`
	// Plan is the whole plan, as cohort tool plan --json prints it.
	Plan json.RawMessage `json:"plan"`
}

// String returns the shard as a person writes it: 2/5.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// Relative returns a package's path as a person names it inside of the run's module.
func (m Manifest) Relative(path string) string {
	if m.Module == "" {
		return path
	}
	if path == m.Module {
		return "."
	}
	return strings.TrimPrefix(path, m.Module+"/")
}

// System is the machine of the run.
type System struct {
	OS   string `json:"os,omitempty"`
	Arch string `json:"arch,omitempty"`
	CPUs int    `json:"cpus,omitempty"`
}

// Verdict is what came of the run.
type Verdict struct {
	Exit   int `json:"exit"`
	Signal int `json:"signal,omitempty"`
	// Lost is what the run had lost that it could not do without, which ended it; "" for nothing.
	Lost    string    `json:"lost,omitempty"`
	First   int       `json:"first"`
	Problem string    `json:"problem,omitempty"`
	Refused string    `json:"refused,omitempty"`
	Broken  string    `json:"broken,omitempty"`
	Errors  []string  `json:"errors,omitempty"`
	Flaky   []Outcome `json:"flaky,omitempty"`
	Failed  []Outcome `json:"failed,omitempty"`
	Seed    string    `json:"seed,omitempty"`
	More    string    `json:"more,omitempty"`
	Order   []Order   `json:"order,omitempty"`
	// Excused are units whose failure does not fail the run, Ready tests that may leave the quarantine.
	Excused []Excused `json:"excused,omitempty"`
	Ready   []Known   `json:"ready,omitempty"`
	// InQuarantine are the tests that cannot fail the run.
	InQuarantine []string `json:"inQuarantine,omitempty"`
	// Interrupted are tests that the end of the run cut off, NotStarted those it kept from starting.
	Interrupted []Timed `json:"interrupted,omitempty"`
	NotStarted  []Timed `json:"notStarted,omitempty"`

	Setups  []Setup `json:"setups,omitempty"`
	Slow    []Timed `json:"slow,omitempty"`
	Slowest []Timed `json:"slowest,omitempty"`
	// Coverage is the answer to --cover-min and --cover-min-changed.
	Coverage *cover.Verdict `json:"coverage,omitempty"`
	// Annotations are the lines that were printed for GitHub.
	Annotations string `json:"annotations,omitempty"`
	// Bound is the sentence that said what the time of the run was bounded by.
	Bound string `json:"bound,omitempty"`
}

// CutOff reports whether something ended the run before its tests had ended.
func (v Verdict) CutOff() bool { return v.Signal != 0 || v.Lost != "" }

// Passed reports whether the run ended with exit code 0.
func (v Verdict) Passed() bool { return v.Exit == 0 }

// Outcome is a unit that failed at least once.
type Outcome struct {
	Package  string   `json:"package"`
	Name     string   `json:"name,omitempty"` // of the group or test; "": the package as a whole
	Tests    []string `json:"tests,omitempty"`
	Attempts int      `json:"attempts,omitempty"`
	Command  string   `json:"command,omitempty"` // repeats the process that failed
	Again    string   `json:"again,omitempty"`   // runs the unit alone
	Alone    string   `json:"alone,omitempty"`   // whether it fails alone: yes, no, or not known
	Note     string   `json:"note,omitempty"`
	Machine  string   `json:"machine,omitempty"` // where it failed first, of a run on several machines
}

// Excused is a unit that failed, of tests in quarantine.
type Excused struct {
	Outcome
	Known []Known `json:"known"`
}

// Known is a test in quarantine.
type Known struct {
	Package string    `json:"package"`
	Test    string    `json:"test"`
	Owner   string    `json:"owner,omitempty"`
	Issue   string    `json:"issue,omitempty"`
	Until   string    `json:"until"`
	Since   time.Time `json:"since,omitzero"` // when it began to fail
	Passes  int       `json:"passes,omitempty"`
	Place   string    `json:"place,omitempty"` // of its entry
}

// Order is a unit whose result depends on the tests that ran before it.
type Order struct {
	Package  string `json:"package"`
	Name     string `json:"name,omitempty"`
	Tests    int    `json:"tests,omitempty"`    // that ran with it
	Alone    string `json:"alone,omitempty"`    // whether it fails alone: yes, no, or not known
	Again    string `json:"again,omitempty"`    // whether it fails in the same process, run again
	Parts    bool   `json:"parts,omitempty"`    // it failed in one of several processes that ran a part of it each
	Machines bool   `json:"machines,omitempty"` // it may have failed on another machine than the one on which it passes
	Hunt     string `json:"hunt,omitempty"`
	Keep     string `json:"keep,omitempty"`
}

// Setup is what came of a set-up, or of its tear-down.
type Setup struct {
	Name     string        `json:"name"`
	Worker   int           `json:"worker"`            // -1: it was for the whole run
	Machine  string        `json:"machine,omitempty"` // where it was run, in a run that several share
	For      string        `json:"for,omitempty"`     // whose attempt it was for, if it is run for each
	TearDown bool          `json:"tearDown,omitempty"`
	Command  string        `json:"command,omitempty"`
	Problem  string        `json:"problem,omitempty"` // absent: it went well
	Warning  bool          `json:"warning,omitempty"` // the problem does not fail the run
	Output   string        `json:"output,omitempty"`
	Start    time.Time     `json:"start,omitzero"`
	Elapsed  time.Duration `json:"nanoseconds"`
}

// Timed is a test and what it took.
type Timed struct {
	Package string        `json:"package"`
	Test    string        `json:"test"`
	Elapsed time.Duration `json:"nanoseconds"`
}

// Package is a package of the run.
type Package struct {
	Path     string    `json:"path"`
	Passed   bool      `json:"passed"`
	Start    time.Time `json:"start,omitzero"`
	End      time.Time `json:"end,omitzero"` // zero: it did not end
	Binary   string    `json:"binary,omitempty"`
	Estimate float64   `json:"estimate,omitempty"` // seconds that its tests were expected to take
	Units    []Unit    `json:"units,omitempty"`
}

// Unit is what is scheduled: a group, or a test that is in none.
type Unit struct {
	Name   string   `json:"name"`
	Tests  []string `json:"tests,omitempty"` // absent: the one test that the unit is named after
	Group  string   `json:"group,omitempty"`
	Labels []string `json:"labels,omitempty"`
	Owner  string   `json:"owner,omitempty"`
	// Locks are what a process of it holds while it runs. Serial: nothing else runs then.
	Locks  []string `json:"locks,omitempty"`
	Serial bool     `json:"serial,omitempty"`
}

// Entry is a file in the archive.
type Entry struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`             // of its content
	SHA256 string `json:"sha256,omitempty"` // of its content; in records of version 1
	Packed string `json:"packed,omitempty"` // SHA-256 of what the archive holds of it; from version 2
}

// start is what a record begins with.
type start struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Start   time.Time `json:"start"`
	Shard   string    `json:"shard,omitempty"`
}
