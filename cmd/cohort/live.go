package main

import (
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/progress"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// liveStyle decides what is drawn below the output. terminal reports whether stderr is one.
// In CI a terminal is a log that nobody sees redrawn. The formats of dots stay in the middle of
// a line, or draw over what they have drawn.
func liveStyle(mode progressMode, format string, terminal bool, env environ) progress.Style {
	switch {
	case !terminal || mode == "off":
		return progress.Off
	case mode == "line":
		return progress.Line
	case mode == "bar":
		return progress.Bar
	}
	noEscapes := env.get("TERM") == "dumb" || runtime.GOOS == "windows" && env.get("WT_SESSION") == "" && env.get("TERM") == ""
	if noEscapes || env.inCI() || strings.HasPrefix(format, "dots") {
		return progress.Off
	}
	return progress.Bar
}

// liveHeartbeat decides after what silence a line tells what runs. A person at a terminal sees
// the status, or does not want it.
func liveHeartbeat(v offDurationValue, style progress.Style, terminal bool, env environ) time.Duration {
	if style != progress.Off || terminal && !env.inCI() && !v.given {
		return 0
	}
	return v.duration
}

// inCI reports whether the environment says that this is a job of a CI system.
func (e environ) inCI() bool {
	v, ok := e.lookup("CI")
	return ok && v != "" && !e.falsy("CI")
}

// onScreen returns a Screen for the streams of c, and a command like c that writes through it.
func (c *command) onScreen(opts *options) (*progress.Screen, progress.Style, *command) {
	stderr, terminal := terminalOf(c.stderr)
	style := liveStyle(opts.telling.progress, opts.format, terminal, c.env)
	var draw io.Writer
	if style != progress.Off {
		draw = stderr
	}
	screen := progress.NewScreen(draw, func() (columns, lines int) {
		columns, lines, err := term.GetSize(int(stderr.Fd()))
		if err != nil {
			return 80, 24 // it was a terminal a moment ago
		}
		return columns, lines
	})
	_, stdoutTerminal := terminalOf(c.stdout)
	shown := *c
	shown.stdout = screen.Writer(c.stdout, draw != nil && stdoutTerminal)
	shown.stderr = screen.Writer(c.stderr, draw != nil)
	shown.log = &logger{out: shown.stderr, verbose: c.log.verbose}
	return screen, style, &shown
}

func terminalOf(w io.Writer) (*os.File, bool) {
	file, ok := w.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// newLive returns what tells of a run of src while it runs.
func (c *command) newLive(opts *options, src source, screen *progress.Screen, style progress.Style) *progress.Live {
	_, terminal := terminalOf(c.stderr)
	cfg := progress.LiveConfig{
		Config: progress.Config{
			Failures: tellsFailures(opts, style),
			Slow:     opts.telling.slow.duration, Slowest: slowestKept(opts, c.env),
			Heartbeat: liveHeartbeat(opts.telling.heartbeat, style, terminal, c.env),
		},
		Style: style, Name: testjson.RelativePackagePath,
	}
	if s, ok := src.(*scheduledSource); ok {
		cfg.Workers = s.config.Hands()
		if style != progress.Off && !selectsTests(opts.args) {
			cfg.Expect = (&expectations{past: s.memory.past}).of
		}
	}
	live := progress.NewLive(cfg, screen)
	if lead := opts.queue.leads; lead != nil {
		lead.crew.listen(live.SetWorkers)
	}
	return live
}

// tellsFailures reports whether failures are told when they happen. Not those that are held
// back: they may never be shown. What a raw command prints is gotestsum's business, so without a
// terminal stderr is left to it.
func tellsFailures(o *options, style progress.Style) bool {
	return o.holdMode() == report.HoldNothing && (!o.rawCommand || style != progress.Off)
}

// slowestKept is how many of the slowest tests anything asks for.
func slowestKept(o *options, env environ) int {
	n := int(min(o.telling.slowest, 1000))
	if onGitHub(o, env) {
		n = max(n, report.SlowestListed)
	}
	return n
}

// selectsTests reports whether go test's arguments leave out tests: then past runs do not tell
// how many there are.
func selectsTests(args []string) bool {
	before, _ := splitAtArgs(args)
	return slices.ContainsFunc(before, func(arg string) bool {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimLeft(arg, "-"), "test."), "=")
		return strings.HasPrefix(arg, "-") && (name == "run" || name == "skip")
	})
}

// expectations are what past runs tell of packages. They are summed up once, when somebody
// asks.
type expectations struct {
	past *history.Snapshot
	once sync.Once
	pkgs map[string]progress.Package
}

func (e *expectations) of(pkg string) progress.Package {
	e.once.Do(func() {
		e.pkgs = map[string]progress.Package{}
		for _, t := range e.past.Stats() {
			p := e.pkgs[t.Package]
			p.Tests++
			p.Estimate += t.Estimate
			e.pkgs[t.Package] = p
		}
	})
	p := e.pkgs[pkg]
	p.Path = pkg
	return p
}
