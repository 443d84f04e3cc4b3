package hunt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// Report is what a hunt has found.
type Report struct {
	// Rounds is how many rounds were finished, Processes how many test
	// processes ran, the probes' too.
	Rounds, Processes int
	// Packages and Units are how many were hunted, Passed how many of the
	// units passed every time.
	Packages, Units, Passed int
	Paths                   []string // of the packages, sorted
	Seed                    int64
	Workers                 int
	Elapsed                 time.Duration
	// Stopped reports that the hunt was ended from outside.
	Stopped bool
	// Findings are the units that failed at least once, in order of package
	// and source.
	Findings []Finding
	Warnings []grouping.Warning
	// BuildOutput is what the go command said of packages that it could not
	// build, BuildCode its exit status: 0 if it built all.
	BuildOutput string
	BuildCode   int
}

// Finding is a unit that failed at least once.
type Finding struct {
	// Package is the import path, Unit the name of the test or group, "" for a
	// package that failed outside its tests.
	Package, Unit string
	Kind          Kind
	// Rounds is how the unit fared in the rounds.
	Rounds Tally
	// Summary says what is the matter, in a sentence or two.
	Summary string
	// Probes are the conditions that were tried, in their order.
	Probes []Probe
	// Culprits are the tests on which the unit depends, in order.
	Culprits []Place
	// Starved reports of a load-dependent unit that it is short of processor time: it fails while
	// the processors are busy with something that shares nothing with it.
	Starved bool
	// InOrder is how it fared with the package in one process, in source order, on an idle machine:
	// as go test runs it.
	InOrder Tally
	// Needs reports of an order-dependent unit that it passes only after the culprits, and not that
	// it fails after them.
	Needs bool
	// Command is for a shell: it shows the failure again, with plain go test.
	Command string
	// Fix is the directive that would help, "" if none would.
	Fix string
	// Output is the beginning of what the unit printed when it first failed.
	Output string
}

// Place is a test and where it is.
type Place struct {
	Package, Test, File string
	Line                int // 0 if not known
}

// Probe is a condition and how the unit fared in it.
type Probe struct {
	Name string
	Tally
}

// Tally counts runs and failures.
type Tally struct{ Runs, Failures int }

// Rate returns the share of failures, 0 without runs.
func (t Tally) Rate() float64 { return float64(t.Failures) / float64(max(t.Runs, 1)) }

// Interval returns the 95% Wilson interval of the rate, 0 to 1 without runs.
func (t Tally) Interval() (low, high float64) {
	if t.Runs == 0 {
		return 0, 1
	}
	return history.Wilson(t.Failures, t.Runs)
}

// newFinding puts a diagnosis into words.
func newFinding(args *gotest.Args, s *suspect, d *diagnosis) Finding {
	f := Finding{
		Package: s.bin.path, Unit: s.name, Kind: d.kind,
		Rounds: Tally{s.rounds.runs, s.rounds.failed}, Output: s.output,
		Culprits: places(d.culprits),
	}
	for _, p := range d.probes {
		if p.runs > 0 {
			f.Probes = append(f.Probes, Probe{p.name, Tally{p.runs, p.failed}})
		}
	}
	f.Needs = d.kind == OrderDependent && d.reason == setter
	f.Starved = d.kind == LoadDependent && (d.reason == byBusy || d.reason == oneProc)
	f.InOrder = d.inOrder.export()
	f.Summary = summary(s, d)
	f.Command = command(args, s, d)
	f.Fix = fix(s, d)
	return f
}

// export is the tally as other packages see it.
func (t tally) export() Tally { return Tally{t.runs, t.failed} }

// fix returns the directive that would help, "" for none.
func fix(s *suspect, d *diagnosis) string {
	switch {
	case d.groupable:
		return groupDirective + groupName(d.culprits[0].name)
	case d.kind == Clash:
		return lockDirective + lockName(s, d)
	case d.kind == LoadDependent && d.reason != oneProc && !s.isPackage():
		return serialDirective
	}
	return ""
}

// places returns where the tests of units are.
func places(units []*unit) []Place {
	var list []Place
	for _, u := range units {
		for _, t := range u.def.Tests {
			list = append(list, Place{u.bin.path, t.Name, t.File, t.Line})
		}
	}
	return list
}

// groupDirective is what puts a test into a group, less the name.
const groupDirective = "//cohort:group "

// lockDirective keeps tests apart that have it with the same name.
const lockDirective = "//cohort:lock "

// lockName makes the name of a lock out of the first of the tests that clash, so that it is the
// same whichever of them is asked about.
func lockName(s *suspect, d *diagnosis) string {
	first := s.unit
	for _, u := range d.culprits {
		if cmp.Or(cmp.Compare(u.bin.path, first.bin.path), cmp.Compare(u.place, first.place)) < 0 {
			first = u
		}
	}
	return groupName(first.name)
}

// serialDirective has a test run while no other test process does.
const serialDirective = "//cohort:serial"

// shareNames gives findings that have a test in common the same directive: a test can be in one
// group only, and one lock is enough for what clashes.
func shareNames(findings []Finding) {
	for _, directive := range []string{groupDirective, lockDirective} {
		shareName(findings, directive)
	}
}

// shareName is shareNames for one kind of directive.
func shareName(findings []Finding, directive string) {
	for changed := true; changed; {
		changed = false
		for i := range findings {
			for j := range i {
				a, b := &findings[j], &findings[i]
				both := strings.HasPrefix(a.Fix, directive) && strings.HasPrefix(b.Fix, directive)
				if both && a.Fix != b.Fix && shareTest(*a, *b) {
					b.Fix, changed = min(a.Fix, b.Fix), true
					a.Fix = b.Fix
				}
			}
		}
	}
}

// shareTest reports whether two findings are about a common test.
func shareTest(a, b Finding) bool {
	type test struct{ pkg, name string }
	tests := func(f Finding) []test {
		list := []test{{f.Package, f.Unit}}
		for _, c := range f.Culprits {
			list = append(list, test{c.Package, c.Test})
		}
		return list
	}
	return slices.ContainsFunc(tests(a), func(t test) bool { return slices.Contains(tests(b), t) })
}

// groupName makes the name of a group out of that of a test.
func groupName(test string) string {
	name := strings.TrimLeft(strings.TrimPrefix(test, "Test"), "_")
	if name == "" {
		name = test
	}
	return strings.ToLower(name)
}

// summary says what is the matter.
func summary(s *suspect, d *diagnosis) string {
	switch d.kind {
	case Broken:
		return "It fails every time, alone and in company: this is no flake."
	case NotRepeatable:
		return "It passes, and fails when it runs again in the same process: it leaves something behind that it does not expect to find."
	case OrderDependent:
		return dependence(s, d)
	case Clash:
		return clash(s, d)
	case LoadDependent:
		return loadSummary(d.reason)
	case Random:
		if d.reason == unseen {
			return "It failed in the rounds and in no probe: too rare to be explained. More rounds (--runs) show more."
		}
		return "It fails by chance, alone on an idle machine too: look for races, random input, the time of day or the network."
	}
	return "The hunt ended before it was probed."
}

func loadSummary(why reason) string {
	switch why {
	case oneProc:
		return "It fails when only one processor is free (GOMAXPROCS=1): it expects another goroutine to run meanwhile."
	case ownCopies:
		return "It fails while another process runs the same test, and passes on an idle machine: they share a port, a file or " +
			"something else of the machine. The directive runs it while no other test process runs; better, give each process its own."
	case byOthers:
		return "It fails in parallel with other test processes, and passes on an idle machine; no small set of them is to blame. " +
			"The directive runs it while no other test process runs; better, give it more time, or its own port, file or directory."
	case byBusy:
		return "It fails while the processors are busy, and passes on an idle machine: it is short of time. Better than the " +
			"directive, which runs it while no other test process runs, is to wait for the event itself and not for a fixed time."
	}
	return "It failed in parallel with other test processes, and never on an idle machine. The directive runs it while no other test process runs."
}

// dependence says which tests an order-dependent unit needs or suffers from,
// and what to do.
func dependence(s *suspect, d *diagnosis) string {
	if s.isPackage() {
		return "The package fails outside its tests when they run in this order, and passes in source order."
	}
	if d.culprits == nil {
		if d.reason == setter {
			return "It passes only in the company of other tests; which of them it needs is not clear."
		}
		return "It fails in the company of other tests and passes alone; no small set of them is to blame."
	}
	culprits := located(d.culprits)
	if d.reason == setter {
		text := fmt.Sprintf("It passes only after %s: by itself it misses what that leaves behind.", culprits)
		if d.groupable {
			return text + " The directive, on all of them, keeps them together and in order; better, let it set up what it needs."
		}
		return text + " In source order that comes later, so that a group does not help: let it set up what it needs."
	}
	text := fmt.Sprintf("It fails after %s and passes without: that leaves something behind.", culprits)
	if d.groupable {
		return text + " The directive, on all of them, keeps them in source order, in which they pass; better, clean up with t.Cleanup."
	}
	return text + " A group would keep them in source order, in which it fails too: clean up with t.Cleanup."
}

// clash says which tests clash, and what to do.
func clash(s *suspect, d *diagnosis) string {
	return fmt.Sprintf("It fails while another process runs %s, and passes in parallel with other tests and on a busy machine: "+
		"they share a port, a file, a directory or something else of the machine. The directive, on all of them, keeps them apart; "+
		"better, give each its own.", elsewhere(s, d.culprits))
}

// elsewhere lists units with their places; those of other packages with their package.
func elsewhere(s *suspect, units []*unit) string {
	texts := make([]string, len(units))
	for i, u := range units {
		texts[i] = located(units[i : i+1])
		if u.bin != s.bin {
			texts[i] = u.bin.path + " " + texts[i]
		}
	}
	return strings.Join(texts, " or ")
}

// located lists units with their places.
func located(units []*unit) string {
	texts := make([]string, len(units))
	for i, u := range units {
		texts[i] = u.name
		if t := u.def.Tests[0]; t.File != "" {
			texts[i] = fmt.Sprintf("%s (%s:%d)", u.name, t.File, t.Line)
		}
	}
	return strings.Join(texts, " and ")
}

// seeFor is the chance with which the command for a random failure shows it.
const seeFor = 0.95

// command is the shell command that shows the failure again.
func command(args *gotest.Args, s *suspect, d *diagnosis) string {
	t := d.show.task
	if t.bin == nil {
		return ""
	}
	if d.kind == Random && d.reason == plain && !s.isPackage() {
		rate := tally{runs: s.rounds.runs, failed: s.rounds.failed}.rate()
		t.count = min(runsToSee(rate, 1-seeFor), 1000)
	}
	line := t.command(args)
	switch {
	case d.show.load == copies:
		t.count = besideCount
		line = t.command(args)
		return line + " & " + line + " & wait"
	case d.show.load == others:
		t.count = besideCount
		other := d.show.neighbours[0]
		other.count = besideCount
		return t.command(args) + " & " + other.command(args) + " & wait"
	}
	return line
}

// besideCount is how often a test runs in a command that shows a failure beside
// another process: the two need not start at the same moment.
const besideCount = 20

// command is the plain go test command for a process.
func (t task) command(args *gotest.Args) string {
	patterns, err := t.job(0).Patterns()
	if err != nil {
		return "" // a pattern that does not compile has run nothing
	}
	words := args.Plain(t.bin.path, patterns, t.shuffle(), t.failFast())
	at := slices.Index(words, "-run")
	if at < 0 {
		at = slices.Index(words, t.bin.path)
	}
	if at < 0 { // a package of named files
		at = 2
		if args.Dir != "" {
			at = 3 // -C must come first
		}
	}
	// In place of a -count of the user's, and against the go command's cache.
	before := slices.DeleteFunc(slices.Clone(words[:at]), func(w string) bool { return strings.HasPrefix(w, "-count=") })
	words, at = append(before, words[at:]...), len(before)
	words = slices.Insert(words, at, fmt.Sprintf("-count=%d", max(t.count, 1)))
	line := gotest.ShellQuote(words)
	if t.procs > 0 {
		line = fmt.Sprintf("GOMAXPROCS=%d %s", t.procs, line)
	}
	return line
}
