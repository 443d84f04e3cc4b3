package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fatih/color"
	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/scratch"
)

const replayUsage = `Usage:
    cohort tool replay [flags] RECORD

Print what a recorded run printed: the same bytes on stdout, the go command's and
cohort's messages on stderr, and the same exit code. Every flag of cohort that
says how output looks or which files are written can be given, and replaces the
run's own: --format, --hide-summary, --junitfile, ...

Flags:
`

// replayFrom names the folder in which a replay that was started again began.
const replayFrom = "COHORT_REPLAY_FROM"

// replayOptions is the command line of cohort tool replay.
type replayOptions struct {
	process int // -1: the whole run
	failed  bool
}

// replayFlags binds the flags of cohort tool replay: its own, and all of a run.
func (c *command) replayFlags(o *replayOptions) (*flagTable, *options) {
	t, opts := newFlags(c.env)
	t.section = sectionReplay
	t.number(&o.process, -1, usage.Flag{Name: "process", Own: true,
		Help: "print the command, the variables and the tests of the process of that number"})
	t.toggle(&o.failed, false, usage.Flag{Name: "failed", Own: true,
		Help: "show only tests that failed at least once, and their packages"})
	return t, opts
}

const sectionReplay = "Replay"

// replay is cohort tool replay.
func (c *command) replay(args []string) error {
	var o replayOptions
	table, opts := c.replayFlags(&o)
	cmd := usage.Command{Name: "cohort tool replay", Flags: table.flags, Help: "cohort tool replay --help"}
	flags, names := flagsFirst(table.flags, args)
	scanned := c.scan(cmd, flags)
	if scanned.Help && len(scanned.Problems) == 0 {
		own := slices.DeleteFunc(table.flags, func(f usage.Flag) bool { return f.Section != sectionReplay })
		_, err := io.WriteString(c.stdout, replayUsage+usage.Describe(own, 80))
		return err
	}
	var problems []string
	if len(names) != 1 {
		problems = append(problems, fmt.Sprintf("cohort tool replay: want one record, got %d", len(names)))
	}
	if err := scanned.Err(&cmd, problems...); err != nil {
		return err
	}
	if from := c.env.get(replayFrom); from != "" {
		if err := os.Chdir(from); err != nil {
			return err
		}
	}
	r, err := openForReplay(names[0])
	if err != nil {
		return err
	}
	settings := resolve(table.flags, flagLayer(scanned.Settings, ""), recordedLayer(r.Manifest.Flags))
	if err := scanned.Err(&cmd, table.apply(settings)...); err != nil {
		return errors.Join(err, r.Close())
	}
	_, process := settings.find("process")
	switch {
	case process:
		return errors.Join(c.printProcess(r, o.process), r.Close())
	case c.env.get(replayFrom) == "" && c.printsElse(r.Manifest, opts):
		return errors.Join(r.Close(), c.replayElsewhere(r.Manifest.Module, args))
	}
	return errors.Join(c.replayRun(r, opts, o.failed), r.Close())
}

// openForReplay opens a record, also one that is not complete.
func openForReplay(name string) (*record.Reader, error) {
	r, err := record.Open(name)
	if errors.Is(err, record.ErrIncomplete) {
		return record.Recover(name)
	}
	return r, err
}

// flagsFirst takes apart flags and names, which may come in any order.
func flagsFirst(known []usage.Flag, args []string) (flags, names []string) {
	takesNext := func(arg string) bool {
		name := strings.TrimLeft(arg, "-")
		for _, f := range known {
			if (f.Name == name || f.Short == name) && name != "" {
				return f.Kind != usage.Switch && f.Bare == ""
			}
		}
		return false
	}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return flags, append(names, args[i+1:]...)
		case !strings.HasPrefix(arg, "-") || arg == "-":
			names = append(names, arg)
		case takesNext(arg) && i+1 < len(args):
			flags = append(flags, arg, args[i+1])
			i++
		default:
			flags = append(flags, arg)
		}
	}
	return flags, names
}

// recordedLayer is what the flags of the output were in the run.
func recordedLayer(recorded map[string]string) layer {
	var l layer
	for _, name := range replayedFlags() {
		if value, ok := recorded[name]; ok && value != "" {
			l = append(l, setting{name: name, values: []string{value}, origin: "--" + name + " of the record"})
		}
	}
	return l
}

// replayRun plays a record through all that a run goes through.
func (c *command) replayRun(r *record.Reader, opts *options, failed bool) error {
	color.NoColor = opts.noColor // as in runTests
	var keep func(record.Line) bool
	if failed {
		var err error
		if keep, err = onlyFailed(r); err != nil {
			return err
		}
	}
	run, src := c.newReplay(r, opts, keep)
	err := run.do(context.Background())
	return errors.Join(err, src.Close())
}

// newReplay returns a run that plays a record. keep says which lines of stdout are played; nil: all.
func (c *command) newReplay(r *record.Reader, opts *options, keep func(record.Line) bool) (*testRun, *recordedSource) {
	opts.args = r.Manifest.Command
	// Nothing takes time, and what was printed for GitHub is in the record.
	opts.telling = tellingOptions{progress: "off", github: "off", junitDetails: opts.telling.junitDetails}
	if !opts.rerunsEnabled() && reran(r.Manifest.Verdict) {
		opts.rerun.maxAttempts = 1 // rules of the configuration said so, which is not here
	}
	if s := r.Manifest.Shard; s != nil && s.Index > 0 && plannedTests(s) > 0 {
		opts.noTests = "pass" // as in the run
	}
	src := newRecordedSource(r, c.stderr, keep)
	screen, style, shown := c.onScreen(opts)
	run := newTestRun(&testRun{
		cmd: shown, streams: c, opts: opts, src: src, live: c.newLive(opts, src, screen, style), goIs: r.Manifest.Go,
	}, r.Manifest.Workers > 0)
	run.decided = isMerged(r.Manifest)
	src.ended = func(end runEnd) {
		run.mu.Lock()
		defer run.mu.Unlock()
		run.end = end
	}
	return run, src
}

// reran reports whether anything ran again in a run.
func reran(v record.Verdict) bool {
	return slices.ContainsFunc(slices.Concat(v.Flaky, v.Failed), func(o record.Outcome) bool { return o.Attempts > 1 })
}

// printsElse reports whether the same events would print something else here than where they were recorded:
// testjson leaves the module's path out of package paths, and takes another format under GitHub Actions,
// and looks for both once, when the program starts.
func (c *command) printsElse(m record.Manifest, opts *options) bool {
	if m.Module != "" && testjson.RelativePackagePath(m.Module) != "." {
		return true
	}
	if m.Module == "" && testjson.RelativePackagePath("") != "." {
		return true
	}
	return c.env.get("GITHUB_ACTIONS") == "true" && (opts.format == "testname" || opts.format == "short-verbose")
}

// replayElsewhere starts the same command where module is the module, and not under GitHub Actions.
func (c *command) replayElsewhere(module string, args []string) (err error) {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find cohort's own program: %w", err)
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	dir, err := scratch.Make("", "replay-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Remove()) }()
	text := "// no module\n"
	if module != "" {
		text = fmt.Sprintf("module %q\n", module)
	}
	if err := os.WriteFile(filepath.Join(dir.Path, "go.mod"), []byte(text), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(self, append([]string{"tool", "replay"}, args...)...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir.Path, c.stdin, c.stdout, c.stderr
	cmd.Env = slices.DeleteFunc(slices.Clone(c.env.list), func(kv string) bool {
		return strings.HasPrefix(kv, "GITHUB_ACTIONS=") || strings.HasPrefix(kv, "PWD=")
	})
	cmd.Env = append(cmd.Env, replayFrom+"="+here)
	return statusOf(cmd.Run())
}

// onlyFailed returns what keeps the lines of tests that failed in some attempt, and of their packages.
func onlyFailed(r *record.Reader) (func(record.Line) bool, error) {
	type key struct{ pkg, test string }
	failed := map[key]bool{}
	for e, err := range r.Events() {
		if err != nil {
			return nil, err
		}
		if e.Action == "fail" {
			failed[key{e.Package, e.Root()}], failed[key{e.Package, ""}] = true, true
		}
	}
	return func(line record.Line) bool {
		var e record.Event
		if json.Unmarshal(line.Text, &e) != nil || e.Package == "" {
			return true
		}
		return failed[key{e.Package, e.Root()}]
	}, nil
}

// printProcess prints what is known of a process.
func (c *command) printProcess(r *record.Reader, number int) error {
	count := 0
	for p, err := range r.Processes() {
		if err != nil {
			return err
		}
		if count++; p.Number == number {
			_, err := io.WriteString(c.stdout, describeProcess(r.Manifest, p))
			return err
		}
	}
	if count == 0 {
		return errors.New("--process: the record holds no processes")
	}
	return fmt.Errorf("--process=%d: the record holds no such process, only %d others", number, count)
}

// describeProcess tells of a process: what repeats it, then how it went.
func describeProcess(m record.Manifest, p record.Process) string {
	var b strings.Builder
	env := []string{fmt.Sprintf("COHORT_WORKER=%d", p.Worker)}
	if m.Workers > 0 {
		env = append(env, fmt.Sprintf("COHORT_WORKERS=%d", m.Workers))
	}
	env = append(env, fmt.Sprintf("COHORT_ATTEMPT=%d", p.Attempt))
	if p.Group != "" {
		env = append(env, "COHORT_GROUP="+gotest.ShellQuote([]string{p.Group}))
	}
	fmt.Fprintf(&b, "%s %s\n", strings.Join(env, " "), cmp.Or(p.Command, processCommand(p)))
	fmt.Fprintf(&b, "\nprocess %d (%s) of %s on worker %d, attempt %d: %s\n", p.Number, p.Kind, p.Package, p.Worker, p.Attempt, processEnd(p))
	for _, t := range p.Tests {
		fmt.Fprintf(&b, "%-7s %s (%.2fs)\n", cmp.Or(t.Result, "no end"), t.Name, t.Elapsed.Seconds())
	}
	return b.String()
}

func processEnd(p record.Process) string {
	switch {
	case p.End.IsZero():
		return "had not ended"
	case p.Signal != "":
		return fmt.Sprintf("ended by %s after %v", p.Signal, p.End.Sub(p.Start).Round(time.Millisecond))
	}
	return fmt.Sprintf("exit %d after %v", p.Exit, p.End.Sub(p.Start).Round(time.Millisecond))
}

// processCommand returns the go test command that runs the tests of a process, in its order.
func processCommand(p record.Process) string {
	var names []string
	for _, t := range p.Tests {
		if name := regexp.QuoteMeta(t.Name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	words := []string{"go", "test", "-count=1"}
	if len(names) > 0 {
		words = append(words, "-run", "^("+strings.Join(names, "|")+")$")
	}
	if p.Seed != "" {
		words = append(words, "-shuffle="+p.Seed)
	}
	return gotest.ShellQuote(append(words, p.Package))
}
