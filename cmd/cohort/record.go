package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// recordOptions says whether a run is recorded, and which reports are made of the record.
type recordOptions struct {
	file      string // "": no record is kept
	redact    regexpsValue
	html      string // "": no report
	trace     string // "": no report
	arguments []string
	flags     map[string]string // what the flags of the output are: a replay sets them
}

// bindRecord binds what is kept of a run, and shown of it.
func bindRecord(t *flagTable, o *recordOptions) {
	t.text(&o.file, "", usage.Flag{Name: "record", Path: usage.OutputFile, Own: true,
		Help: "write all that happens in the run, for cohort tool replay and report"})
	t.text(&o.html, "", usage.Flag{Name: "htmlfile", Path: usage.OutputFile, Own: true, Help: "write an HTML report of the run"})
	t.text(&o.trace, "", usage.Flag{Name: "tracefile", Path: usage.OutputFile, Own: true,
		Help: "write a trace of the run, for Perfetto or chrome://tracing"})
	t.add(&o.redact, usage.Flag{Name: "redact", Takes: "REGEXP", Repeat: true, Own: true,
		Help: "replace what matches in the record, its reports and the JUnit file"})
}

func (o recordOptions) wanted() bool { return o.file != "" || o.html != "" || o.trace != "" }

// remember keeps the command line for the record.
func (o *recordOptions) remember(args []string, table *flagTable, env environ) {
	o.arguments, o.flags = args, map[string]string{}
	for _, name := range replayedFlags() {
		o.flags[name] = table.set.Lookup(name).Value.String()
	}
	// testjson takes one format for the other by itself.
	if f := o.flags["format"]; (f == "testname" || f == "short-verbose") && env.get("GITHUB_ACTIONS") == "true" {
		o.flags["format"] = "github-actions"
	}
}

// replayedFlags are the flags that decide what a run's output looks like.
func replayedFlags() []string {
	return []string{
		"format", "format-hide-empty-pkg", "format-hivis", "format-icons", "no-color", "hide-summary", "max-fails",
		"ignore-non-json-output-lines", "rerun-fails", "rerun-fails-abort-on-data-race", "rerun-fails-max-failures",
		"rerun-fails-run-root-test", "rerun-show-only-last", "hide-rerun-details", "fail-on-flaky",
		"junitfile-testsuite-name", "junitfile-testcase-classname", "junitfile-project-name", "junitfile-hide-empty-pkg",
		"junitfile-hide-skipped-tests", "junitfile-reruns", "junitfile-details", "no-tests", "raw-command", "max-output",
	}
}

// recording writes the record of one run. A nil one does nothing.
type recording struct {
	cmd    *command
	opts   *options
	dir    string // of the run; "": the current one
	file   *lateFile
	w      *record.Writer
	start  time.Time
	cmdLog io.Writer // where cohort's messages went before

	// byRules reports that something was to run again because of rules alone.
	byRules   bool
	goVersion chan string            // receives once
	sourceSum chan string            // receives once: a hash of the source, "" if there is none
	goEnv     chan map[string]string // receives once: see record.Shard
	first     error                  // how the first pass ended
	verdict   record.Verdict
	describe  func(*record.Manifest) // nil: the source has nothing to add
	scheduled *scheduledSource       // nil: the go command ran the tests
	part      *shardPart             // of the suite; nil: all of it
}

// newRecording begins to record if opts say so: from here on also what the command logs.
func (c *command) newRecording(dir string, opts *options) *recording {
	if !opts.record.wanted() {
		return nil
	}
	rec := &recording{
		cmd: c, opts: opts, dir: dir, file: &lateFile{name: opts.record.file}, start: time.Now(),
		cmdLog: c.log.out, goVersion: make(chan string, 1), sourceSum: make(chan string, 1), goEnv: make(chan map[string]string, 1),
	}
	rec.w = record.Start(rec.file, record.Options{
		Redact: record.NewRedactor(opts.record.redact), Shard: opts.shard.shard.String(), MaxOutput: int(opts.limits.maxOutput),
	})
	c.log.out = io.MultiWriter(c.log.out, writerFunc(func(p []byte) { rec.w.Log(string(p)) }))
	return rec
}

// writerFunc is a writer that does not fail.
type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// mayRerun hears whether something that failed may run again, and returns that.
func (rec *recording) mayRerun(may bool) bool {
	if rec != nil {
		rec.byRules = may && rec.opts.rerun.maxAttempts == 0
	}
	return may
}

// flags are those that decide what the output looks like. A record knows no rules, which may have
// turned reruns on.
func (rec *recording) flags() map[string]string {
	flags := maps.Clone(rec.opts.record.flags)
	if rec.byRules {
		flags["rerun-fails"] = "1"
	}
	return flags
}

// finish completes the record of a run that ended with err, and makes the reports of it.
func (rec *recording) finish(end runEnd, err error) error {
	if rec == nil {
		return nil
	}
	rec.cmd.log.out = rec.cmdLog
	if !rec.file.opened() {
		return rec.w.Abandon() // nothing ran
	}
	m := rec.manifest(end, err)
	cover, coverErr := rec.coverage()
	if coverErr != nil {
		return errors.Join(coverErr, rec.w.Abandon())
	}
	var content io.Reader // a nil *os.File is not a nil reader
	if cover != nil {
		defer cover.Close() // it was only read
		content = cover
	}
	added, err := rec.additions()
	if err := errors.Join(err, rec.w.Close(m, content, added)); err != nil {
		return err
	}
	return errors.Join(rec.reports(), rec.file.discard(rec.opts.record.file == ""))
}

// additions returns what the run adds to the history, as a record holds it; nil: nothing.
func (rec *recording) additions() (io.Reader, error) {
	if rec.scheduled == nil {
		return nil, nil
	}
	return encoded(rec.scheduled.added)
}

func (rec *recording) manifest(end runEnd, err error) record.Manifest {
	v := rec.verdict
	v.Exit = exitCode(err)
	if s, ok := end.signal.(syscall.Signal); ok {
		v.Signal = int(s)
	}
	v.Lost = message(end.lost)
	if status, ok := rec.first.(exitStatus); ok {
		v.First = status.code
	} else if rec.first != nil {
		v.First, v.Problem = -1, rec.first.Error()
	}
	for _, e := range problems(err) {
		if _, ok := e.(exitStatus); !ok {
			v.Errors = append(v.Errors, e.Error())
		}
	}
	m := record.Manifest{
		Go: <-rec.goVersion, System: record.System{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()},
		Arguments: rec.opts.record.arguments, Command: rec.opts.args, Flags: rec.flags(), Env: rec.cmd.env.own(),
		Start: rec.start, End: time.Now(), Verdict: v,
	}
	m.Module, _ = history.FindModule(cmp.Or(rec.dir, ".")) // without one, package paths are shown in full
	if info, ok := debug.ReadBuildInfo(); ok {
		m.Cohort = info.Main.Version
	}
	if rec.describe != nil {
		rec.describe(&m)
	}
	goEnv := <-rec.goEnv
	m.Source = <-rec.sourceSum
	if rec.part != nil {
		m.Shard, m.Source = rec.part.record(), rec.part.source
		m.Shard.GoEnv = goEnv
	}
	return m
}

// describe adds what the scheduler was told, and when it has seen builds.
func (s *scheduledSource) describe(m *record.Manifest) {
	m.Builds = s.builds()
	m.Run, m.Workers, m.Seed, m.History = s.config.ID, s.config.Workers, s.seed(), s.memory.hash
	if lead := s.opts.queue.leads; lead != nil {
		m.Workers = lead.crew.most()
	}
}

// own returns the variables that are cohort's own.
func (e environ) own() map[string]string {
	own := map[string]string{}
	for name, value := range e.vars {
		if strings.HasPrefix(name, "COHORT_") {
			own[name] = value
		}
	}
	return own
}

// findSource returns a hash of the source that is tested; "": the record is not kept, or there is
// neither a checkout nor a module.
func (rec *recording) findSource() string {
	if rec.opts.record.file == "" || rec.part != nil {
		return "" // a part of a suite has it from its plan
	}
	sum, err := rec.cmd.source(rec.opts.sourceFolder(rec.dir))
	if err != nil {
		return ""
	}
	return sum
}

// findGo returns the version that the JUnit file names.
func (c *command) findGo() string {
	if version, ok := c.env.lookup("GOVERSION"); ok {
		return version
	}
	if version := c.archive.goVersion(); version != "" {
		return version
	}
	out, err := exec.Command("go", "version").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimPrefix(strings.TrimSpace(string(out)), "go version ")
}

// findGoEnv returns what a shard has in common with all others of its run; nil: it is of none, or that is
// not known.
func (rec *recording) findGoEnv() map[string]string {
	if rec.part == nil || rec.cmd.archive != nil { // of an archive all is decided when it is made
		return nil
	}
	found, err := gotest.BuildEnv(context.Background(), rec.opts.sourceFolder(rec.dir), rec.cmd.env.list)
	if err != nil {
		return nil // go test says what is wrong; nothing is compared then
	}
	return found
}

// coverage opens the profile that the run wrote; nil: it wrote none.
func (rec *recording) coverage() (*os.File, error) {
	if rec.opts.rawCommand {
		return nil, nil
	}
	args, err := gotest.ParseArgs(testCommand(rec.opts, rerunArgs{})[2:], rec.cmd.env.list)
	if err != nil {
		return nil, nil // the run has said so
	}
	name := args.Profile(rec.dir)
	if name == "" {
		return nil, nil
	}
	info, err := os.Stat(name)
	if err != nil || info.ModTime().Before(rec.start) {
		return nil, nil // no package got as far as to write it
	}
	return os.Open(name)
}

// reports writes the reports that are made of the record.
func (rec *recording) reports() error {
	o := rec.opts.record
	return rec.cmd.writeReports([]string{rec.file.name}, reportFiles{html: o.html, trace: o.trace})
}
