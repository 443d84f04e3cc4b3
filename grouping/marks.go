package grouping

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// marks is what the directives above one function or one package clause say.
type marks struct {
	group     string
	groupLine int // of the directive; 0 without one
	serial    bool
	labels    []string // in the order given
	locks     []string
	timeout   time.Duration // 0 without one
	timeLine  int           // of the timeout directive; 0 without one
	split     int           // line of the split directive; 0 without one
	line      int           // of the first directive of any kind; 0 without one
	right     []Directive   // those that are right, in order
}

// Directive is a directive that a test is under.
type Directive struct {
	// Word says which it is ("group"), Args what follows it, Line where it stands in the file.
	Word string
	Args []string
	Line int
}

// String returns the directive as it is written.
func (d Directive) String() string {
	return strings.Join(append([]string{directivePrefix + d.Word}, d.Args...), " ")
}

// add takes in one directive and returns what is wrong with it, or "".
func (m *marks) add(comment string, line int) string {
	if m.line == 0 {
		m.line = line
	}
	if right := misspelt(comment); right != "" {
		return form(comment, right)
	}
	word, args := parseDirective(comment)
	switch word {
	case wordGroup:
		return m.addGroup(args, line)
	case wordSerial:
		return m.addSerial(args)
	case wordLabel:
		return addNames(&m.labels, args, labelWords())
	case wordLock:
		return addNames(&m.locks, args, lockWords())
	case wordTimeout:
		return m.addTimeout(args, line)
	case wordSplit:
		return m.addSplit(args, line)
	}
	return unknownWord(word)
}

func (m *marks) addGroup(args []string, line int) string {
	switch {
	case len(args) == 0:
		return "//cohort:group needs a name: //cohort:group NAME"
	case len(args) > 1:
		return fmt.Sprintf("//cohort:group takes one name, not %q", strings.Join(args, " "))
	case !validName(args[0], groupMarks):
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

// nameWords is how messages speak of a directive that takes names.
type nameWords struct{ word, what, marks, allowed string }

// The characters besides letters and digits that names have. Labels have those of the tags of
// //go:build, so that each can stand in a label expression.
const (
	groupMarks = "_-./"
	labelMarks = "_."
	lockMarks  = "_-./"
)

func labelWords() nameWords {
	return nameWords{wordLabel, "label", labelMarks, "letters, digits and _ . are allowed, as in //go:build"}
}

func lockWords() nameWords {
	return nameWords{wordLock, "lock", lockMarks, "letters, digits and _ - . / are allowed"}
}

// addNames adds the names of a directive to a list and returns what is wrong with it, or "".
// Nothing is added then.
func addNames(list *[]string, args []string, w nameWords) string {
	if len(args) == 0 {
		return fmt.Sprintf("//cohort:%s needs a name: %s", w.word, usage(w.word))
	}
	for i, name := range args {
		switch {
		case !validName(name, w.marks):
			return fmt.Sprintf("%s %q: only %s", w.what, name, w.allowed)
		case slices.Contains(args[:i], name), slices.Contains(*list, name):
			return fmt.Sprintf("%s %s is given twice", w.what, name)
		}
	}
	*list = append(*list, args...)
	return ""
}

func (m *marks) addTimeout(args []string, line int) string {
	const example = "//cohort:timeout 1m30s"
	switch {
	case len(args) == 0:
		return "//cohort:timeout needs a duration: " + example
	case len(args) > 1:
		return fmt.Sprintf("//cohort:timeout takes one duration, not %q", strings.Join(args, " "))
	case m.timeLine != 0:
		return fmt.Sprintf("a second timeout, %s: there is one of %v at line %d", args[0], m.timeout, m.timeLine)
	}
	d, err := time.ParseDuration(args[0])
	switch {
	case err != nil:
		return fmt.Sprintf("timeout %q is not a duration such as 30s or 1m30s", args[0])
	case d <= 0:
		return fmt.Sprintf("timeout %s: it must be greater than 0", args[0])
	}
	m.timeout, m.timeLine = d, line
	return ""
}

func (m *marks) addSplit(args []string, line int) string {
	switch {
	case len(args) > 0:
		return fmt.Sprintf("//cohort:split takes nothing after it, not %q", strings.Join(args, " "))
	case m.split != 0:
		return "//cohort:split is given twice"
	}
	m.split = line
	return ""
}

// validName reports whether a name consists of letters, digits and those marks.
func validName(name, marks string) bool {
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(marks, r) {
			return false
		}
	}
	return name != ""
}

// union returns the names of both lists, sorted, each once; nil if there is none.
func union(a, b []string) []string {
	if len(a)+len(b) == 0 {
		return nil
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
