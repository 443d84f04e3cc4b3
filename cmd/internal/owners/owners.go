// Package owners says who owns a file, by a CODEOWNERS file as GitHub reads it.
//
// It is pure: the text of the file goes in, a Book or all problems of the file come out, each with its
// line.
package owners

import (
	"fmt"
	"regexp"
	"strings"
)

// Book is what a CODEOWNERS file says. It is never changed, so it may be used concurrently. The zero
// value names no owner.
type Book struct{ rules []rule }

// rule is a line: files that match belong to these owners, or to none.
type rule struct {
	match  *regexp.Regexp
	owners []string
}

// Problem is a line that cannot be used. As on GitHub, it counts as not written.
type Problem struct {
	Line int // from 1
	Text string
}

// Parse reads the text of a file: on each line a pattern and the owners of what it matches. A # begins
// a comment where a word could begin.
func Parse(text string) (*Book, []Problem) {
	b := &Book{}
	var problems []Problem
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := splitWords(line)
		if len(words) == 0 {
			continue
		}
		r, err := newRule(words[0], words[1:])
		if err != nil {
			problems = append(problems, Problem{Line: n, Text: err.Error()})
			continue
		}
		b.rules = append(b.rules, r)
	}
	return b, problems
}

// splitWords splits a line at white space that no backslash precedes, up to a comment. Backslashes
// stay.
func splitWords(line string) []string {
	var words []string
	word := ""
	escaped := false
	for _, c := range strings.TrimRight(line, "\r\n") {
		switch {
		case escaped:
			word, escaped = word+string(c), false
		case c == '\\':
			word, escaped = word+string(c), true
		case c == ' ' || c == '\t':
			if word != "" {
				words = append(words, word)
			}
			word = ""
		case c == '#' && word == "":
			return words
		default:
			word += string(c)
		}
	}
	if word != "" {
		words = append(words, word)
	}
	return words
}

// newRule makes a rule of a pattern and its owners.
func newRule(pattern string, names []string) (rule, error) {
	for _, name := range names {
		if !isOwner(name) {
			return rule{}, fmt.Errorf("%s is no owner: write @name, @organization/team or an address", name)
		}
	}
	match, err := compile(pattern)
	return rule{match: match, owners: names}, err
}

// isOwner reports whether a word has the form of an owner.
func isOwner(word string) bool {
	before, after, ok := strings.Cut(word, "@")
	return ok && after != "" && (before == "" || !strings.Contains(after, "@"))
}

// compile makes an expression for paths of a pattern.
func compile(pattern string) (*regexp.Regexp, error) {
	switch {
	case strings.HasPrefix(pattern, "!"):
		return nil, fmt.Errorf("%s: a pattern cannot begin with ! here", pattern)
	case strings.HasPrefix(pattern, "["), strings.HasPrefix(pattern, "^["):
		return nil, fmt.Errorf("%s: sections are not known", pattern)
	case strings.Contains(pattern, "["):
		return nil, fmt.Errorf("%s: a pattern has no [ ]", pattern)
	case strings.Trim(pattern, "/") == "":
		return nil, fmt.Errorf("%s matches no file", pattern)
	case strings.HasSuffix(pattern, `\`) && !strings.HasSuffix(pattern, `\\`):
		return nil, fmt.Errorf("%s: nothing follows the backslash", pattern)
	}
	inner := strings.TrimSuffix(pattern, "/")
	folder := inner != pattern // it matches what is below folders only
	anchored := strings.Contains(inner, "/")
	parts := strings.Split(strings.TrimPrefix(inner, "/"), "/")
	last := len(parts) - 1
	var re strings.Builder
	re.WriteString("^")
	if !anchored {
		re.WriteString("(?:.*/)?")
	}
	for i, part := range parts {
		switch {
		case part == "**" && i == last:
			re.WriteString(".+")
		case part == "**":
			re.WriteString("(?:[^/]+/)*")
		default:
			re.WriteString(segment(part))
			if i < last {
				re.WriteString("/")
			}
		}
	}
	switch {
	case folder:
		re.WriteString("/.+")
	case parts[last] == "*" && anchored, parts[last] == "**":
		// The files of a folder, and not those of folders in it; or all below, by now.
	default:
		re.WriteString("(?:/.*)?")
	}
	return regexp.Compile("(?s)" + re.String() + "$")
}

// segment translates the part of a pattern between slashes.
func segment(part string) string {
	var re strings.Builder
	escaped := false
	for _, c := range part {
		switch {
		case escaped:
			re.WriteString(regexp.QuoteMeta(string(c)))
			escaped = false
		case c == '\\':
			escaped = true
		case c == '*':
			re.WriteString("[^/]*")
		case c == '?':
			re.WriteString("[^/]")
		default:
			re.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return re.String()
}

// Of returns the owners of a file, given its path below the root of the repository, with slashes: those
// of the last line that matches; nil for none. The caller must not change the slice.
func (b *Book) Of(path string) []string {
	for i := len(b.rules) - 1; i >= 0; i-- {
		if b.rules[i].match.MatchString(path) {
			return b.rules[i].owners
		}
	}
	return nil
}
