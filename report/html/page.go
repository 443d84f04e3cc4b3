package html

import (
	"cmp"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/report/record"
)

// page is what the template shows.
type page struct {
	Title, Verdict, Class string
	Facts                 []fact
	Counts                []countOf
	Bound                 string
	Errors                []string // what cohort reported, and the go command's stderr
	Stderr                []span
	Failures, Flaky       []card
	Quarantined           []card // failed, which is excused
	MoreFailures          int    // that have no card
	Slowest               []slow
	Packages              []packageRow
	HasCoverage           bool
	HasProcesses          bool
	Coverage              *coverage // nil: nothing is known of it
	Data                  data

	Style  template.CSS
	Script template.JS
	Policy string
}

type fact struct{ Name, Value string }

type countOf struct {
	Name, Class string
	N           int
}

// card is a test that failed in some attempt.
type card struct {
	Index         int // of the test, in the data
	Package, Name string
	Message       string
	Group, Owner  string
	Labels        []string
	Commands      []command
	Note          string
	Attempts      []attempt
	Before        []string // what ran before it in the process of its first failure
	Skipped       int      // how many of Before are not listed
	Open          bool
}

// command is a command line. What is hidden in it is named: a person copies what a person sees.
type command struct{ What, Text string }

type attempt struct {
	Title, Status string
	Where         string
	Output        []span
	Cut           string
}

type packageRow struct{ Path, Class, Result, Took, Coverage string }

type slow struct {
	Index         int
	Package, Name string
	Took          string
	Share         int // percent of the slowest
}

const (
	// cardOutput and pageOutput bound the output in a report: beyond, a person searches in the record.
	cardOutput, pageOutput = 64 << 10, 16 << 20
	openCards              = 10
	maxCards               = 500 // more than anyone reads; each costs time to open the page
	maxBefore              = 30
	maxSlowest             = 20
)

func newPage(runs []*record.Run) page {
	run := runs[len(runs)-1]
	b := &builder{run: run, budget: pageOutput, processes: map[int]*record.Process{}}
	for i := range run.Processes {
		b.processes[run.Processes[i].Number] = &run.Processes[i]
	}
	m := run.Manifest
	p := page{
		Title: plain(cmp.Or(m.Module, "Test run")), Bound: plain(run.Bound()),
		Facts: facts(m), Stderr: spans(run.Stderr),
	}
	p.Verdict, p.Class = verdict(m.Verdict)
	for _, e := range m.Verdict.Errors {
		p.Errors = append(p.Errors, plain(e))
	}
	b.cards(&p)
	p.Counts = counts(run)
	p.packages(run)
	p.Slowest, p.Coverage = slowest(run), newCoverage(run)
	p.Data = newData(runs)
	p.HasProcesses = len(p.Data.Processes) > 0
	return p
}

func verdict(v record.Verdict) (text, class string) {
	switch {
	case v.Signal != 0:
		return "Interrupted", "none"
	case v.Lost != "":
		return "Lost", "none"
	case v.Passed() && len(v.Flaky) > 0:
		return "Passed, with flaky tests", "flaky"
	case v.Passed():
		return "Passed", "pass"
	}
	return "Failed", "fail"
}

func facts(m record.Manifest) []fact {
	var all []fact
	add := func(name, value string) {
		if value != "" {
			all = append(all, fact{name, plain(value)})
		}
	}
	if !m.Start.IsZero() {
		add("Started", m.Start.Format("2006-01-02 15:04:05 MST"))
		add("Took", short(m.End.Sub(m.Start)))
	}
	if m.Workers > 0 {
		add("Workers", fmt.Sprint(m.Workers))
	}
	add("Seed", m.Seed)
	add("Go", m.Go)
	add("cohort", m.Cohort)
	add("Arguments", strings.Join(m.Arguments, " "))
	add("Exit code", fmt.Sprint(m.Verdict.Exit))
	return all
}

func counts(run *record.Run) []countOf {
	n := map[record.Status]int{}
	flaky := 0
	for _, t := range run.Tests {
		n[t.Status()]++
		if t.Flaky() {
			flaky++
		}
	}
	return []countOf{
		{"failed", "fail", n[record.Failed]}, {"flaky", "flaky", flaky}, {"passed", "pass", n[record.Passed]},
		{"skipped", "skip", n[record.Skipped]}, {"quarantined", "quarantined", n[record.Quarantined]}, {"cut short", "none", n[record.NoEnd]},
	}
}

// packages lists the packages that have tests.
func (p *page) packages(run *record.Run) {
	for _, one := range run.Packages {
		if one.Status == record.Skipped && one.Coverage == "" {
			continue // it has no tests
		}
		row := packageRow{
			Path: plain(run.Manifest.Relative(one.Path)), Class: string(one.Status), Result: statusWord(one.Status), Took: short(one.Elapsed),
			Coverage: plain(strings.TrimPrefix(one.Coverage, "coverage: ")),
		}
		if one.Cached {
			row.Took = "cached"
		}
		p.HasCoverage = p.HasCoverage || row.Coverage != ""
		p.Packages = append(p.Packages, row)
	}
}

// AllFailures counts the failures, with a card and without.
func (p *page) AllFailures() int { return len(p.Failures) + p.MoreFailures }

// builder makes the cards of a run.
type builder struct {
	run       *record.Run
	budget    int // bytes of output that may still be shown
	processes map[int]*record.Process
}

// cards adds the tests that failed: those that never passed, then the flaky ones. A test that failed only
// because a subtest did is told of by the subtest.
func (b *builder) cards(p *page) {
	for i, t := range b.run.Tests {
		switch {
		case b.toldBySubtest(i):
		case t.Status() == record.Failed && len(p.Failures) == maxCards:
			p.MoreFailures++
		case t.Flaky() && len(p.Flaky) == maxCards: // they are in the list
		case t.Status() == record.Quarantined && len(p.Quarantined) == maxCards: // they are too
		case t.Status() == record.Quarantined:
			p.Quarantined = append(p.Quarantined, b.card(i, t, false))
		case t.Status() == record.Failed:
			p.Failures = append(p.Failures, b.card(i, t, len(p.Failures) < openCards))
		case t.Flaky():
			p.Flaky = append(p.Flaky, b.card(i, t, len(p.Flaky) < openCards/2))
		}
	}
}

// toldBySubtest reports whether a subtest failed too, and the test itself says nothing.
func (b *builder) toldBySubtest(at int) bool {
	t := b.run.Tests[at]
	if slices.ContainsFunc(t.Attempts, func(a record.TestAttempt) bool { return a.Message() != "" }) {
		return false
	}
	failed := func(s *record.Test) bool {
		return s.Package == t.Package && strings.HasPrefix(s.Name, t.Name+"/") && (s.Raw() == record.Failed || s.Flaky())
	}
	// Subtests are near their test: they begin after it and end before.
	for i := at - 1; i >= 0 && b.run.Tests[i].Package == t.Package; i-- {
		if failed(b.run.Tests[i]) {
			return true
		}
		if b.run.Tests[i].Root() != t.Root() && at-i > 1000 {
			break
		}
	}
	return at+1 < len(b.run.Tests) && slices.ContainsFunc(b.run.Tests[at+1:min(at+1000, len(b.run.Tests))], failed)
}

func (b *builder) card(i int, t *record.Test, open bool) card {
	c := card{
		Index: i, Package: plain(b.run.Manifest.Relative(t.Package)), Name: plain(t.Name), Group: plain(t.Unit.Group), Owner: plain(t.Unit.Owner), Open: open,
	}
	for _, l := range t.Unit.Labels {
		c.Labels = append(c.Labels, plain(l))
	}
	for _, a := range t.Attempts {
		if a.Status == record.Failed && c.Message == "" {
			c.Message = firstLine(a.Message())
			c.Before, c.Skipped = b.before(a.Process, t)
		}
		c.Attempts = append(c.Attempts, b.attempt(a))
	}
	b.commands(&c, t)
	if t.Status() == record.Quarantined {
		c.Note = plain(t.Excused.String())
	}
	return c
}

// firstLine is a message in a length that a heading has room for.
func firstLine(s string) string {
	const most = 300
	var text strings.Builder
	for _, p := range spans(s) {
		text.WriteString(p.Text)
	}
	if runes := []rune(text.String()); len(runes) > most {
		return string(runes[:most]) + " …"
	}
	return text.String()
}

func (b *builder) attempt(a record.TestAttempt) attempt {
	title := "First run"
	if a.Number > 0 {
		title = fmt.Sprintf("Rerun %d", a.Number)
	}
	out := attempt{Title: title, Status: statusWord(a.Status)}
	where := []string{short(a.Elapsed)}
	if p := b.processes[a.Process]; p != nil {
		where = append(where, fmt.Sprintf("worker %d", p.Worker), fmt.Sprintf("process %d", p.Number))
		if p.Machine != "" {
			where = append(where, "on "+p.Machine)
		}
	}
	out.Where = strings.Join(where, " · ")
	text, cut := a.Output, a.Cut
	if most := min(cardOutput, b.budget); len(text) > most {
		half := most / 2
		cut += len(text) - 2*half
		text = strings.ToValidUTF8(text[:half], "") + "\n[…]\n" + strings.ToValidUTF8(text[len(text)-half:], "")
	}
	b.budget -= min(len(text), b.budget)
	out.Output = spans(strings.TrimRight(text, "\n"))
	if cut > 0 {
		out.Cut = fmt.Sprintf("%d bytes are left out here; the record has them", cut)
		if a.Missing > 0 {
			out.Cut += fmt.Sprintf(", but for %d more (--max-output)", a.Missing)
		}
	}
	return out
}

func statusWord(s record.Status) string {
	switch s {
	case record.Passed:
		return "passed"
	case record.Failed:
		return "failed"
	case record.Skipped:
		return "skipped"
	case record.Quarantined:
		return "quarantined"
	}
	return "cut short"
}

// before lists the root tests that ran before t in a process.
func (b *builder) before(number int, t *record.Test) (names []string, skipped int) {
	p := b.processes[number]
	if p == nil {
		return nil, 0
	}
	at := slices.IndexFunc(p.Tests, func(one record.ProcessTest) bool { return one.Name == t.Root() })
	for i := range max(0, at) {
		names = append(names, plain(p.Tests[i].Name))
	}
	if n := len(names) - maxBefore; n > 0 {
		return names[n:], n
	}
	return names, 0
}

// units are those that failed at least once.
func (b *builder) units() []record.Outcome {
	v := b.run.Manifest.Verdict
	all := slices.Concat(v.Failed, v.Flaky)
	for _, u := range v.Excused {
		all = append(all, u.Outcome)
	}
	return all
}

// commands adds how to run the test again: alone, and as it ran.
func (b *builder) commands(c *card, t *record.Test) {
	if t.Name != "" {
		c.Commands = append(c.Commands, command{"alone", "go test -count=1 -run " + quote("^"+pattern(t.Name)+"$") + " " + quote(t.Package)})
	} else {
		c.Commands = append(c.Commands, command{"package", "go test -count=1 " + quote(t.Package)})
	}
	for _, u := range b.units() {
		if u.Package == t.Package && (u.Name == t.Root() || u.Name != "" && u.Name == t.Unit.Group) {
			c.Note = plain(u.Note)
			if u.Again != "" && u.Name != t.Root() {
				c.Commands = append(c.Commands, command{"its group", u.Again})
			}
			if u.Command != "" {
				c.Commands = append(c.Commands, command{"as it ran", u.Command})
			}
			break
		}
	}
	for i := range c.Commands {
		c.Commands[i].Text = plain(c.Commands[i].Text)
	}
}

// pattern is a test's name as go test -run takes it: matched element by element.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return strings.Join(parts, "$/^")
}

// quote quotes a word for a POSIX shell if it needs that.
func quote(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_./-", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !safe(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func slowest(run *record.Run) []slow {
	type one struct {
		at   int
		took time.Duration
	}
	var all []one
	for i, t := range run.Tests {
		if took := t.Last().Elapsed; took > 0 && t.Name != "" && t.Name == t.Root() {
			all = append(all, one{i, took})
		}
	}
	slices.SortStableFunc(all, func(a, b one) int { return cmp.Compare(b.took, a.took) })
	var list []slow
	for _, o := range all[:min(maxSlowest, len(all))] {
		t := run.Tests[o.at]
		list = append(list, slow{o.at, plain(run.Manifest.Relative(t.Package)), plain(t.Name), short(o.took), int(100 * o.took / all[0].took)})
	}
	return list
}

// short rounds a duration to what a person reads.
func short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}
