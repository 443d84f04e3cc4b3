package grouping

import (
	"fmt"
	"strings"
)

const directivePrefix = "//cohort:"

// The words of directives.
const (
	wordGroup   = "group"
	wordSerial  = "serial"
	wordLabel   = "label"
	wordLock    = "lock"
	wordTimeout = "timeout"
	wordSplit   = "split"
)

// words lists the directives that there are, in the order in which messages name them.
func words() []string {
	return []string{wordGroup, wordSerial, wordLabel, wordLock, wordTimeout, wordSplit}
}

// supported reports whether the scheduler acts on a directive. One that it does not act on is
// an error where it stands: to accept it in silence would promise something that does not happen.
func supported(word string) bool {
	switch word {
	case wordGroup, wordSerial, wordLabel, wordLock, wordTimeout, wordSplit:
		return true
	}
	return false
}

// usage shows how a directive is written.
func usage(word string) string {
	switch word {
	case wordGroup:
		return directivePrefix + "group NAME"
	case wordLabel:
		return directivePrefix + "label NAME..."
	case wordLock:
		return directivePrefix + "lock NAME..."
	case wordTimeout:
		return directivePrefix + "timeout DURATION"
	}
	return directivePrefix + word
}

// usages lists the directives as messages show them, those that are supported.
func usages() string {
	var list []string
	for _, word := range words() {
		if supported(word) {
			list = append(list, usage(word))
		}
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}

// isDirective reports whether a comment is a directive, right or wrong, or is
// meant to be one.
func isDirective(comment string) bool {
	return strings.HasPrefix(comment, directivePrefix) || misspelt(comment) != ""
}

// misspelt returns the directive that a comment is meant to be, although the form of the comment
// makes it none, or "". The go command ignores such comments without a word, as it does those
// that are not quite //go:build; here they are mistakes to report:
//
//   - //Cohort:group a: directives are written in lower case;
//   - /*cohort:group a*/: a directive is a comment of one line, with slashes;
//   - a space before the word, in both forms, but only if the comment would be right without it:
//     prose may begin with "cohort:".
func misspelt(comment string) string {
	const name = "cohort:"
	text, slashes := strings.CutPrefix(comment, "//")
	if !slashes {
		text = strings.TrimSuffix(strings.TrimPrefix(comment, "/*"), "*/")
	}
	trimmed := strings.TrimFunc(text, isBlank)
	if len(trimmed) < len(name) || !strings.EqualFold(trimmed[:len(name)], name) {
		return ""
	}
	directive := "//" + name + trimmed[len(name):]
	if strings.HasPrefix(text, trimmed[:len(name)]) { // nothing before the word
		if strings.HasPrefix(comment, directivePrefix) {
			return ""
		}
		return directive
	}
	var m marks
	if m.add(directive, 1) != "" {
		return ""
	}
	return directive
}

// form says what is wrong with the form of a comment that is meant to be that directive.
func form(comment, directive string) string {
	directive, _, _ = strings.Cut(directive, "\n")
	switch {
	case strings.HasPrefix(comment, "/*"):
		return fmt.Sprintf("a directive is a comment with slashes, on a line of its own: write %s", directive)
	case strings.HasPrefix(strings.ToLower(comment), directivePrefix):
		return fmt.Sprintf("a directive is written in lower case: write %s", directive)
	}
	return fmt.Sprintf("a directive has no space after the slashes: write %s", directive)
}

// isBlank reports whether a character separates the words of a directive. Only
// the white space of Go source does: a no-break space is a mistake to report.
func isBlank(r rune) bool { return r == ' ' || r == '\t' }

// parseDirective splits a directive into its word and what follows it.
func parseDirective(comment string) (word string, args []string) {
	text := strings.TrimPrefix(comment, directivePrefix)
	word, _, _ = strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
	return word, strings.FieldsFunc(text[len(word):], isBlank)
}

// unsupported returns what is to be said of a right directive that the scheduler does not act
// on, or "".
func unsupported(comment string) string {
	word, _ := parseDirective(comment)
	if supported(word) {
		return ""
	}
	return fmt.Sprintf("%s%s is not supported by this version of cohort", directivePrefix, word)
}

// unknownWord says that a word is no directive, and which one may be meant.
func unknownWord(word string) string {
	for _, known := range words() {
		if strings.HasPrefix(word, known) || editDistance(strings.ToLower(word), known) <= 2 {
			return fmt.Sprintf("unknown directive //cohort:%s (did you mean %s?)", word, usage(known))
		}
	}
	return fmt.Sprintf("unknown directive //cohort:%s (there are %s)", word, usages())
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
