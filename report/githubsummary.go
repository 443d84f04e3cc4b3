package report

import (
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"strings"

	"gotest.tools/gotestsum/testjson"
)

const (
	// maxSummary is the size of a step's summary above which GitHub shows nothing of it.
	maxSummary = 1 << 20
	// maxDetail is how much of a test's output a summary holds, in bytes.
	maxDetail = 16 << 10
	// maxListed is how many failed or flaky tests a summary lists.
	maxListed = 100
)

// SlowestListed is how many of the slowest tests a step summary lists.
const SlowestListed = 5

// WriteSummary adds the summary of the run to the file of that name, which holds those of other
// commands of the step, and may hold an earlier one of this run.
func (g GitHub) WriteSummary(name string, exec *testjson.Execution, outcome Outcome) error {
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the step's summary: %w", err)
	}
	if err := os.WriteFile(name, []byte(g.withSummary(string(old), exec, outcome)), 0o644); err != nil {
		return fmt.Errorf("write the step's summary: %w", err)
	}
	return nil
}

// withSummary returns old, the content of a summary file, with the summary of the run.
func (g GitHub) withSummary(old string, exec *testjson.Execution, outcome Outcome) string {
	begin, end := "<!-- cohort "+g.ID+" -->\n", "<!-- /cohort "+g.ID+" -->\n"
	before, after := old, ""
	if i := strings.Index(old, begin); i >= 0 {
		if j := strings.Index(old[i:], end); j >= 0 {
			before, after = old[:i], old[i+j+len(end):]
		}
	}
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	room := maxSummary - len(before) - len(after) - len(begin) - len(end)
	section := g.summary(exec, outcome, room)
	if section == "" {
		return before + after
	}
	return before + begin + section + end + after
}

// summary is the Markdown of a run in at most room bytes, "" if it cannot be.
func (g GitHub) summary(exec *testjson.Execution, outcome Outcome, room int) string {
	s := boundedText{room: room}
	all := failures(exec, outcome)
	failed := all[:len(all)-countFlaky(all)]
	s.add(totals(exec, outcome, len(failed)))
	g.list(&s, "Failed", failed)
	g.list(&s, "Flaky", all[len(failed):])
	g.list(&s, "Quarantined", excusedFailures(exec, outcome))
	s.add(g.coverageSummary(outcome.Coverage))
	if slowest := outcome.Slowest; len(slowest) > 0 {
		lines := "\n#### Slowest\n\n"
		for _, t := range slowest[:min(len(slowest), SlowestListed)] {
			lines += fmt.Sprintf("- <code>%s</code> %.2fs\n", markup(g.redacted(title(t.Package, t.Test))), t.Elapsed.Seconds())
		}
		s.add(lines)
	}
	return s.b.String()
}

func countFlaky(all []failure) int {
	n := 0
	for _, f := range all {
		if f.flaky {
			n++
		}
	}
	return n
}

// totals is the head of a summary: what the run came to, and the figures of it.
func totals(exec *testjson.Execution, outcome Outcome, failed int) string {
	word := "passed"
	switch {
	case failed > 0 || len(exec.Errors()) > 0:
		word = "failed"
	case len(outcome.Flaky) > 0:
		word = "passed, some only when they ran again"
	case len(outcome.Excused) > 0:
		word = "passed, but for tests in quarantine"
	case exec.Total() == 0:
		word = "none ran"
	}
	return fmt.Sprintf("### Tests: %s\n\n| tests | failed | flaky | skipped | errors | time |\n| --: | --: | --: | --: | --: | --: |\n"+
		"| %d | %d | %d | %d | %d | %.1fs |\n", word, exec.Total(), failed, len(outcome.Flaky), len(exec.Skipped()),
		len(exec.Errors()), exec.Elapsed().Seconds())
}

// list adds failures, each with its output folded away.
func (g GitHub) list(s *boundedText, header string, list []failure) {
	if len(list) == 0 {
		return
	}
	s.add("\n#### " + header + "\n\n")
	for i, f := range list {
		if i == maxListed || !s.add(g.detail(f)) {
			s.add(fmt.Sprintf("\n%d more are in the log of the step.\n", len(list)-i))
			return
		}
	}
}

// detail is one failure. All of a test's own text is inside of pre and code elements, with its
// markup escaped: Markdown reads none of it.
func (g GitHub) detail(f failure) string {
	var b strings.Builder
	elapsed := ""
	if f.tc.Elapsed >= 0 {
		elapsed = fmt.Sprintf(" (%.2fs)", f.tc.Elapsed.Seconds())
	}
	where := ""
	if at := g.Sources.Find(f.tc.Package, f.output); at.File != "" {
		where = fmt.Sprintf(" %s:%d", markup(at.File), at.Line)
	}
	fmt.Fprintf(&b, "<details><summary><code>%s</code>%s%s</summary>\n\n", markup(g.redacted(title(f.tc.Package, f.tc.Test.Name()))), elapsed, where)
	text := plain(g.joined(f.output, maxDetail))
	if strings.TrimSpace(text) == "" {
		text = "no output"
	}
	fmt.Fprintf(&b, "<pre>%s</pre>\n", html.EscapeString(text))
	if f.again != "" {
		fmt.Fprintf(&b, "\n<pre>%s</pre>\n", html.EscapeString(plain(g.redacted(f.again))))
	}
	b.WriteString("\n</details>\n\n")
	return b.String()
}

// markup is a text of one line for HTML.
func markup(s string) string {
	return html.EscapeString(strings.ReplaceAll(plain(s), "\n", " "))
}

// boundedText is a text that takes only what fits.
type boundedText struct {
	b    strings.Builder
	room int
}

// reserved is kept for the line that says what was left out.
const reserved = 200

// add adds s if it fits, and reports whether it did.
func (t *boundedText) add(s string) bool {
	limit := t.room - t.b.Len() - reserved
	if len(s) <= reserved/2 {
		limit += reserved
	}
	if len(s) > limit {
		return false
	}
	t.b.WriteString(s)
	return true
}
