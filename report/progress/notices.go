package progress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fatih/color"
)

// failureDelay is how long a failure waits before it is told by itself. Most runs end sooner,
// and then the summary tells it, once.
const failureDelay = time.Second

// Notices returns the lines that are to be printed at a time, each once. last is when anything
// was printed. name shortens a package path.
func (s *State) Notices(now, last time.Time, name func(pkg string) string) []string {
	var lines []string
	for len(s.pending) > 0 && now.Sub(s.pending[0].At) >= failureDelay {
		lines = append(lines, s.pending[0].lines(name, s.cfg.HideOutput)...)
		s.pending = s.pending[1:]
	}
	lines = append(lines, s.slowNotices(now, name)...)
	if s.cfg.Heartbeat > 0 && len(lines) == 0 && now.Sub(last) >= s.cfg.Heartbeat {
		lines = append(lines, s.heartbeat(now, name))
	}
	return lines
}

// lines tells a failure as the testname format does.
func (f Failure) lines(name func(string) string, hideOutput bool) []string {
	title := name(f.Package)
	if f.Test != "" {
		title = testName(title, f.Test)
	}
	if f.Attempt > 0 {
		title += fmt.Sprintf(" (re-run %d)", f.Attempt)
	}
	if f.Elapsed >= 0 {
		title += fmt.Sprintf(" (%.2fs)", f.Elapsed.Seconds())
	}
	lines := []string{color.RedString("FAIL") + " " + printable(title)}
	if hideOutput {
		return lines
	}
	for _, line := range f.Output {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	switch {
	case f.More == 1:
		lines = append(lines, "    ... and a line more")
	case f.More > 1:
		lines = append(lines, fmt.Sprintf("    ... and %d lines more", f.More))
	}
	return lines
}

// slowNotices names each test that has become slow.
func (s *State) slowNotices(now time.Time, name func(string) string) []string {
	if s.cfg.Slow == 0 {
		return nil
	}
	var lines []string
	for _, p := range s.procs {
		for _, test := range p.order {
			r := p.running[test]
			if age := now.Sub(r.since); !r.told && !r.paused && age >= s.cfg.Slow {
				r.told = true
				title := printable(testName(name(p.Package), test))
				lines = append(lines, fmt.Sprintf("%s %s runs for %s", color.YellowString("SLOW"), title, short(age)))
			}
		}
	}
	slices.Sort(lines) // processes have no order
	return lines
}

// heartbeat tells what runs and how much is left.
func (s *State) heartbeat(now time.Time, name func(string) string) string {
	v := s.View(now)
	line := "still running: " + v.counts()
	for i, r := range v.Running {
		switch {
		case i == 0:
			line += "; " + r.text(name)
		case i < 3:
			line += ", " + r.text(name)
		default:
			return line + fmt.Sprintf(" and %d more", len(v.Running)-i)
		}
	}
	switch {
	case len(v.Running) > 0:
	case len(s.prepares) > 1:
		line += fmt.Sprintf("; %s and %d more", s.prepares[0], len(s.prepares)-1)
	case len(s.prepares) == 1:
		line += "; " + s.prepares[0]
	default:
		line += "; no test runs: the go command builds, or a package waits"
	}
	return line
}
