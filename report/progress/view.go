package progress

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// View is a run at one moment.
type View struct {
	Elapsed       time.Duration
	Done          int
	Total         int // at least Done; 0: not known
	Failed        int
	Packages      int // that have ended
	PackagesTotal int // that are known
	Running       []RunningTest
	Left          time.Duration // 0: not known
}

// RunningTest is a test that runs, or a process in which none has begun (Test is "").
type RunningTest struct {
	Package, Test string
	Age           time.Duration
	Attempt       int
}

// View returns what the run is doing at a time.
func (s *State) View(now time.Time) View {
	v := View{Elapsed: now.Sub(s.cfg.Began), Done: s.done, Failed: s.failed, Packages: s.ended, PackagesTotal: len(s.packages)}
	known := len(s.packages) > 0
	for _, p := range s.packages {
		v.Total += max(p.Tests, p.done)
		known = known && (p.Tests > 0 || p.ended && p.done == 0)
	}
	if !known {
		v.Total = 0
	}
	for _, p := range s.procs {
		v.add(p, p.view(now))
	}
	slices.SortFunc(v.Running, func(a, b RunningTest) int {
		return longerFirst(TimedTest{a.Package, a.Test, a.Age}, TimedTest{b.Package, b.Test, b.Age})
	})
	v.Left = s.left(now, known)
	return v
}

// add adds what a process runs. A test that several processes run together is one, as old as the
// oldest of its parts.
func (v *View) add(p *processState, running []RunningTest) {
	for _, r := range running {
		same := func(o RunningTest) bool { return o.Package == r.Package && o.Test == r.Test && o.Attempt == r.Attempt }
		if i := slices.IndexFunc(v.Running, same); p.Parts > 0 && i >= 0 {
			v.Running[i].Age = max(v.Running[i].Age, r.Age)
			continue
		}
		v.Running = append(v.Running, r)
	}
}

// left estimates how much time is left: what is to be done shared by all workers, but not
// less than the rest of the longest package that runs.
func (s *State) left(now time.Time, known bool) time.Duration {
	if !known || s.workers == 0 {
		return 0
	}
	var total time.Duration
	for _, p := range s.packages {
		if p.Estimate == 0 && !p.ended {
			return 0
		}
		total += p.Estimate
	}
	begun := s.worked
	for _, p := range s.procs {
		for _, r := range p.running {
			begun += now.Sub(r.since)
		}
	}
	return max(0, total-begun) / time.Duration(s.workers)
}

func (p *processState) view(now time.Time) []RunningTest {
	var list []RunningTest
	for _, name := range p.order {
		if r := p.running[name]; !r.paused {
			list = append(list, RunningTest{p.Package, name, now.Sub(r.since), p.Attempt})
		}
	}
	if len(list) == 0 && p.Kind != FromEvents {
		list = append(list, RunningTest{p.Package, "", now.Sub(p.Start), p.Attempt})
	}
	return list
}

// Style is how much of a View is drawn.
type Style uint8

const (
	Off  Style = iota // nothing
	Line              // one line
	Bar               // a bar, and a line for each of the tests that run longest
)

// maxRunning is how many running tests a status names: more would push the output away.
const maxRunning = 6

// Lines returns the status as lines of less than width columns, at most height of them. name
// shortens a package path.
func (v View) Lines(style Style, width, height int, name func(pkg string) string) []string {
	if style == Off || width < 8 || height < 1 {
		return nil
	}
	counts := v.counts()
	if style == Line || height < 3 {
		line := counts
		if len(v.Running) > 0 {
			line += "  " + v.Running[0].text(name)
			if n := len(v.Running) - 1; n > 0 {
				line += fmt.Sprintf(" and %d more", n)
			}
		}
		return []string{clip(line, width-1)}
	}
	if bar := v.bar(min(24, width-len(counts)-4)); bar != "" {
		counts = bar + "  " + counts
	}
	lines := []string{clip(counts, width-1)}
	room := min(maxRunning, height-2)
	for i, r := range v.Running {
		if i == room {
			lines = append(lines, clip(fmt.Sprintf("  and %d more", len(v.Running)-i), width-1))
			break
		}
		lines = append(lines, clip("  "+r.text(name), width-1))
	}
	return lines
}

// counts says how far the run is.
func (v View) counts() string {
	var words []string
	switch {
	case v.PackagesTotal == 0 && v.Done == 0:
		words = append(words, "building")
	case v.Total > 0:
		words = append(words, fmt.Sprintf("%d of %d tests", v.Done, v.Total))
	case v.Done == 1:
		words = append(words, "1 test done")
	default:
		words = append(words, fmt.Sprintf("%d tests done", v.Done))
	}
	if v.Failed > 0 {
		words = append(words, fmt.Sprintf("%d failed", v.Failed))
	}
	words = append(words, short(v.Elapsed))
	if v.Left >= time.Second {
		words = append(words, "about "+short(v.Left)+" left")
	}
	return strings.Join(words, ", ")
}

// bar draws how much is done in that many columns, "" if it cannot.
func (v View) bar(columns int) string {
	if v.Total == 0 || columns < 6 {
		return ""
	}
	full := (columns - 2) * v.Done / v.Total
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", columns-2-full) + "]"
}

func (r RunningTest) text(name func(string) string) string {
	s := name(r.Package)
	if r.Test != "" {
		s = testName(s, r.Test)
	}
	if r.Attempt > 0 {
		s += fmt.Sprintf(" (re-run %d)", r.Attempt)
	}
	return printable(s) + " " + short(r.Age)
}

// testName joins a package and a test as gotestsum's testname format does.
func testName(pkg, test string) string {
	if pkg == "." {
		return test
	}
	return pkg + "." + test
}

// short writes a duration for people: tenths below ten seconds, else whole seconds.
func short(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	}
	return d.Truncate(time.Second).String()
}

// printable replaces what a terminal would take for something else than text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, s)
}

// clip cuts s to that many columns.
func clip(s string, columns int) string {
	if textWidth(s) <= columns {
		return s
	}
	used, end := 0, 0
	for i, r := range s {
		w := runeWidth(r)
		if used+w > columns-1 {
			end = i
			break
		}
		used += w
	}
	return s[:end] + "~"
}

func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// runeWidth is how many columns a rune may take. Too many only leaves a line a little short.
func runeWidth(r rune) int {
	if r >= 0x1100 {
		return 2
	}
	return 1
}
