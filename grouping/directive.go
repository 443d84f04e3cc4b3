package grouping

import (
	"fmt"
	"strings"
	"unicode"
)

const directivePrefix = "//cohort:"

// The words of directives.
const (
	wordGroup  = "group"
	wordSerial = "serial"
)

// isDirective reports whether a comment is a directive, right or wrong, or is
// meant to be one.
func isDirective(comment string) bool {
	return strings.HasPrefix(comment, directivePrefix) || spacedDirective(comment) != ""
}

// spacedDirective returns the directive that a comment would be without the
// space after its slashes, or "". Prose that begins with "cohort:" is none: only
// a line that would be right without the space counts.
func spacedDirective(comment string) string {
	text, ok := strings.CutPrefix(comment, "//")
	if !ok {
		return ""
	}
	trimmed := strings.TrimFunc(text, isBlank)
	if strings.HasPrefix(text, "cohort:") || !strings.HasPrefix(trimmed, "cohort:") {
		return ""
	}
	var m marks
	if m.add("//"+trimmed, 1) != "" {
		return ""
	}
	return "//" + trimmed
}

// isBlank reports whether a character separates the words of a directive. Only
// the white space of Go source does: a no-break space is a mistake to report.
func isBlank(r rune) bool { return r == ' ' || r == '\t' }

// marks is what the directives above one function or one package clause say.
type marks struct {
	group     string
	groupLine int // of the directive; 0 without one
	serial    bool
	line      int // of the first directive of any kind; 0 without one
}

// add takes in one directive and returns what is wrong with it, or "".
func (m *marks) add(comment string, line int) string {
	if m.line == 0 {
		m.line = line
	}
	if right := spacedDirective(comment); right != "" {
		return fmt.Sprintf("a directive has no space after the slashes: write %s", right)
	}
	text := strings.TrimPrefix(comment, directivePrefix)
	word, _, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
	args := strings.FieldsFunc(text[len(word):], isBlank)
	switch word {
	case wordGroup:
		return m.addGroup(args, line)
	case wordSerial:
		return m.addSerial(args)
	}
	return unknownWord(word)
}

func (m *marks) addGroup(args []string, line int) string {
	switch {
	case len(args) == 0:
		return "//cohort:group needs a name: //cohort:group NAME"
	case len(args) > 1:
		return fmt.Sprintf("//cohort:group takes one name, not %q", strings.Join(args, " "))
	case !validGroup(args[0]):
		return fmt.Sprintf("group name %q: only letters, digits and _ - . / are allowed", args[0])
	case m.groupLine != 0 && m.group == args[0]:
		return fmt.Sprintf("//cohort:group %s is already at line %d", m.group, m.groupLine)
	case m.groupLine != 0:
		return fmt.Sprintf("two groups, %s here and %s at line %d: a test is in one", args[0], m.group, m.groupLine)
	}
	m.group, m.groupLine = args[0], line
	return ""
}

func (m *marks) addSerial(args []string) string {
	switch {
	case len(args) > 0:
		return fmt.Sprintf("//cohort:serial takes nothing after it, not %q", strings.Join(args, " "))
	case m.serial:
		return "//cohort:serial is given twice"
	}
	m.serial = true
	return ""
}

// validGroup reports whether a name is one that a group may have.
func validGroup(name string) bool {
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./", r) {
			return false
		}
	}
	return name != ""
}

// unknownWord says that a word is no directive, and which one may be meant.
func unknownWord(word string) string {
	for _, known := range []string{wordGroup, wordSerial} {
		if strings.HasPrefix(word, known) || editDistance(strings.ToLower(word), known) <= 2 {
			return fmt.Sprintf("unknown directive //cohort:%s (did you mean %s?)", word, usage(known))
		}
	}
	return fmt.Sprintf("unknown directive //cohort:%s (there are %s and %s)", word, usage(wordGroup), usage(wordSerial))
}

// usage shows how a directive is written.
func usage(word string) string {
	if word == wordGroup {
		return "//cohort:group NAME"
	}
	return directivePrefix + word
}

// editDistance returns how many characters must be inserted, removed or
// replaced to make one string of the other.
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	row := make([]int, len(t)+1) // distances of s[:i] to each t[:j]
	for j := range row {
		row[j] = j
	}
	for i := range s {
		diagonal := row[0]
		row[0] = i + 1
		for j := range t {
			cost := diagonal
			if s[i] != t[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(t)]
}
