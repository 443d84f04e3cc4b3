package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"gotest.tools/gotestsum/testjson"
)

// GitHub writes what GitHub Actions shows beside the log of a step: annotations, which it reads
// from the output, and a summary in Markdown. Both are functions of the run.
type GitHub struct {
	Sources Sources
	Lines   *Lines // that the streams went through; nil: none
	// ID names the run: a summary that is written again takes the place of the first.
	ID string
	// Redact is applied to names, texts and commands of tests; nil: nothing is replaced.
	Redact func(string) string
	// Repository is the folder that the paths of changed files are relative to; "": the workspace.
	Repository string
}

// redacted is a text as it may be told.
func (g GitHub) redacted(s string) string {
	if g.Redact == nil {
		return s
	}
	return g.Redact(s)
}

// redactedLines are the lines of an output as they may be told: a line that came in pieces is one.
func (g GitHub) redactedLines(lines []string) []string {
	if g.Redact == nil {
		return lines
	}
	text := strings.Join(lines, "")
	if g.Lines != nil {
		text = g.Lines.Restore(text)
	}
	return strings.SplitAfter(g.Redact(text), "\n")
}

const (
	// MaxAnnotations is how many of a kind GitHub shows for a step.
	MaxAnnotations = 10
	// maxAnnotation is how much of a test's output an annotation holds, in bytes: it is shown
	// between the lines of a source file.
	maxAnnotation = 4 << 10
)

// WriteAnnotations writes a workflow command for each failure, at most ten: an error, or for a
// test that passed in the end, or is excused, a warning. Set-ups that failed come first.
func (g GitHub) WriteAnnotations(out io.Writer, exec *testjson.Execution, outcome Outcome) error {
	var buf bytes.Buffer
	written := g.annotateSetups(&buf, outcome.Setups)
	for _, f := range append(failures(exec, outcome), excusedFailures(exec, outcome)...) {
		if written == MaxAnnotations {
			break
		}
		g.annotate(&buf, f)
		written++
	}
	g.annotateCoverage(&buf, outcome.Coverage, MaxAnnotations-countFlaky(failures(exec, outcome))-len(excusedFailures(exec, outcome)))
	if buf.Len() == 0 {
		return nil
	}
	_, err := out.Write(buf.Bytes())
	return err
}

func (g GitHub) annotate(out *bytes.Buffer, f failure) {
	command := "error"
	if f.flaky || f.known != "" {
		command = "warning"
	}
	at := g.Sources.Find(f.tc.Package, f.output)
	fmt.Fprintf(out, "::%s ", command)
	if at.File != "" {
		fmt.Fprintf(out, "file=%s,line=%d,", property(at.File), at.Line)
	}
	name := g.redacted(title(f.tc.Package, f.tc.Test.Name()))
	fmt.Fprintf(out, "title=%s::%s\n", property(plain(name)), data(g.message(f)))
}

// message is what an annotation says.
func (g GitHub) message(f failure) string {
	text := strings.TrimRight(plain(g.joined(f.output, maxAnnotation)), "\n")
	if text == "" {
		text = "failed without output"
	}
	if f.known != "" {
		text = g.redacted(f.known) + ": it fails, and not the run\n" + text
	}
	if f.flaky {
		text = "flaky: it failed, and passed when it ran again\n" + text
	}
	return text
}

// joined is the beginning of lines, in at most that many bytes. Of a line that was too long for
// testjson it has the beginning.
func (g GitHub) joined(lines []string, most int) string {
	var b strings.Builder
	for _, line := range g.redactedLines(lines) {
		if len(line) > most/2 || strings.Contains(line, mark) {
			line = shortened(line) + "\n"
		}
		if g.Lines != nil {
			line = g.Lines.Restore(line)
		}
		if b.Len()+len(line) > most {
			b.WriteString("...\n")
			break
		}
		b.WriteString(line)
	}
	return b.String()
}

// plain takes out of a text what only terminals understand: escape sequences, and other
// characters that do not show.
func plain(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f }) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if n := escapeSequence(s); n > 0 {
			s = s[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		if r == '\n' || r == '\t' || r >= ' ' && !hidden(r) {
			b.WriteRune(r)
		}
		s = s[n:]
	}
	return b.String()
}

// hidden reports whether a character changes how others are shown, and shows nothing itself.
func hidden(r rune) bool {
	return r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// escapeSequence is the length of the terminal sequence that s begins with, 0 if there is none.
func escapeSequence(s string) int {
	rest, ok := strings.CutPrefix(s, "\x1b[")
	if !ok {
		return 0
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
	if end < 0 || end > 32 {
		return 0
	}
	return len("\x1b[") + end + 1
}

// data escapes the text of a workflow command, property one of its properties.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
