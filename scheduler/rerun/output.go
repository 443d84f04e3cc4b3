package rerun

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Terms say by its output whether what failed runs again. The zero value lets everything.
type Terms struct {
	// Only lets it run again if one of these matches, Except keeps it from that if one does. Empty
	// ones say nothing. Except wins.
	Only, Except []*regexp.Regexp
}

// Patterns returns all expressions of the terms.
func (t Terms) Patterns() []*regexp.Regexp { return slices.Concat(t.Only, t.Except) }

// Bar returns why something does not run again, "" if it may. The function reports whether an
// expression matches its output.
func (t Terms) Bar(matches func(*regexp.Regexp) bool) string {
	if i := slices.IndexFunc(t.Except, matches); i >= 0 {
		return "its output matches rerun-except " + quoted(t.Except[i])
	}
	if len(t.Only) > 0 && !slices.ContainsFunc(t.Only, matches) {
		var texts []string
		for _, re := range t.Only {
			texts = append(texts, quoted(re))
		}
		return "its output does not match rerun-only " + strings.Join(texts, " or ")
	}
	return ""
}

// quoted is an expression between quotes, as a file or a shell takes it.
func quoted(re *regexp.Regexp) string { return "'" + re.String() + "'" }

// maxLine bounds a line that comes in pieces: a longer one is matched in parts of this size. It
// holds any message that a person has written.
const maxLine = 64 << 10

// Output notes for each top-level test which expressions match a line of its output. It keeps
// no output but the pieces of one line, so that a test may print what it likes. It is for one
// goroutine at a time.
type Output struct {
	patterns []*regexp.Regexp
	matched  map[string]map[*regexp.Regexp]bool // by test, "" outside any
	line     []byte                             // pieces of a line whose end has not come
	test     string                             // whose line it is
}

// NewOutput returns what is to follow output with these expressions. Without any it does nothing.
func NewOutput(patterns []*regexp.Regexp) *Output {
	return &Output{patterns: patterns, matched: make(map[string]map[*regexp.Regexp]bool)}
}

// Add takes a line of a test or subtest ("": of the package), or a piece of one if it is partial.
// It does not keep the line.
func (o *Output) Add(test string, line []byte, partial bool) {
	if len(o.patterns) == 0 {
		return
	}
	root, _, _ := strings.Cut(test, "/")
	if root != o.test {
		o.End()
	}
	if !partial && len(o.line) == 0 {
		o.match(root, line)
		return
	}
	o.test, o.line = root, append(o.line, line...)
	if !partial || len(o.line) >= maxLine {
		o.End()
	}
}

// End takes that a line has come to its end without a newline.
func (o *Output) End() {
	if len(o.line) > 0 {
		o.match(o.test, o.line)
		o.line = o.line[:0]
	}
}

func (o *Output) match(test string, line []byte) {
	line = bytes.TrimRight(line, "\r\n")
	for _, re := range o.patterns {
		if !o.matched[test][re] && re.Match(line) {
			if o.matched[test] == nil {
				o.matched[test] = make(map[*regexp.Regexp]bool)
			}
			o.matched[test][re] = true
		}
	}
}

// Merge adds what another process has shown.
func (o *Output) Merge(other *Output) {
	for test, matched := range other.matched {
		if o.matched[test] == nil {
			o.matched[test] = make(map[*regexp.Regexp]bool)
		}
		maps.Copy(o.matched[test], matched)
	}
}

// Matches reports whether an expression matches the output of one of the tests.
func (o *Output) Matches(tests []string, re *regexp.Regexp) bool {
	return slices.ContainsFunc(tests, func(test string) bool { return o.matched[test][re] })
}

// MatchesAny reports whether an expression matches any output.
func (o *Output) MatchesAny(re *regexp.Regexp) bool {
	for _, matched := range o.matched {
		if matched[re] {
			return true
		}
	}
	return false
}
