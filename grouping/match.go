package grouping

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Filter is a pair of -test.run and -test.skip patterns, understood as the
// testing package understands them: alternatives separated by | at top level,
// each a sequence of regular expressions separated by /, one per level of
// subtests. It is never changed, so it may be used concurrently.
type Filter struct {
	text string // the -run pattern, for messages
	run  []alternative
	skip []alternative
}

// alternative is one alternative of a pattern.
type alternative struct {
	top *regexp.Regexp // what top-level names are matched with
	// rest is the pattern for the levels below, without the slash before it.
	// It has a meaning only if deep is true: A and A/ are not the same.
	rest string
	deep bool
}

// NewFilter compiles the values of -run and -skip; "" stands for a flag that
// is not given. The error of a pattern that does not compile says what a test
// binary would say of it.
func NewFilter(run, skip string) (*Filter, error) {
	f := &Filter{text: run}
	var err error
	if f.run, err = compile(run, "-test.run"); err != nil {
		return nil, err
	}
	if f.skip, err = compile(skip, "-test.skip"); err != nil {
		return nil, err
	}
	return f, nil
}

// Match reports whether a test binary runs the top-level test with that name,
// or some of its subtests.
func (f *Filter) Match(name string) bool {
	return (f.run == nil || first(f.run, name) != nil) && !f.skips(name)
}

// skips reports whether the whole test is skipped. As in the testing package
// the first alternative that matches decides: -skip 'A/x|A' skips only A/x.
func (f *Filter) skips(name string) bool {
	alt := first(f.skip, name)
	return alt != nil && !alt.deep
}

// RunPattern returns a -test.run pattern that runs exactly the top-level tests
// with these names, and of each the subtests that the filter's own -run pattern
// selects: what follows the first slash is kept, by alternative. The names are
// those of functions; one given twice counts once; the -skip pattern is not
// part of the result. A name that the -run pattern does not match is an error,
// since no pattern can select it without widening what the user asked for.
// Without names the pattern matches nothing. That of very many names is shortened.
func (f *Filter) RunPattern(names []string) (string, error) {
	return f.runPattern(names, nil)
}

// runPattern is RunPattern where the tests in whole run with all their subtests, whether the
// -run pattern matches them or not.
func (f *Filter) runPattern(names []string, whole map[string]bool) (string, error) {
	if len(names) == 0 {
		return "^$", nil
	}
	var order []string // the parts below the top level, with slash, in order of f.run
	byRest := make(map[string][]string)
	for _, alt := range f.run {
		if _, ok := byRest[alt.suffix()]; !ok {
			byRest[alt.suffix()] = nil
			order = append(order, alt.suffix())
		}
	}
	if _, ok := byRest[""]; !ok {
		// First: of the user's alternatives only the last may have brackets without an end, which
		// swallow what comes after them.
		order = slices.Insert(order, 0, "")
	}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		rests := []string{""}
		if !whole[name] {
			rests = f.rests(name)
		}
		if len(rests) == 0 {
			return "", fmt.Errorf("-run %q does not match %s", f.text, name)
		}
		for _, rest := range rests {
			byRest[rest] = append(byRest[rest], name)
		}
	}
	var parts []string
	for _, rest := range order {
		if selected := byRest[rest]; len(selected) > 0 {
			parts = append(parts, "^("+alternation(selected)+")$"+rest)
		}
	}
	return strings.Join(parts, "|"), nil
}

// skipPattern returns a -test.skip pattern that skips, of the tests with these names, what the
// filter's own does; of those in whole nothing.
func (f *Filter) skipPattern(names []string, whole map[string]bool) string {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	var parts []string
	for _, alt := range f.skip { // in order: the first that matches decides
		var matched []string
		for _, name := range sorted {
			if !whole[name] && alt.top.MatchString(name) {
				matched = append(matched, name)
			}
		}
		if len(matched) > 0 {
			parts = append(parts, "^("+alternation(matched)+")$"+alt.suffix())
		}
	}
	return strings.Join(parts, "|")
}

// partial reports whether the patterns select some of the subtests of a test that they select, by
// name: there may be none that is left out.
func (f *Filter) partial(name string) bool {
	return f.run != nil && !slices.Contains(f.rests(name), "") || first(f.skip, name) != nil
}

// rests returns the suffixes of the alternatives that match name, each once.
// An alternative without a suffix selects all subtests, so no other counts.
func (f *Filter) rests(name string) []string {
	if f.run == nil {
		return []string{""}
	}
	var rests []string
	seen := make(map[string]bool)
	for _, alt := range f.run {
		if !alt.top.MatchString(name) || seen[alt.suffix()] {
			continue
		}
		if !alt.deep {
			return []string{""}
		}
		seen[alt.suffix()] = true
		rests = append(rests, alt.suffix())
	}
	return rests
}

// suffix returns the part below the top level with its slash, or "".
func (a alternative) suffix() string {
	if !a.deep {
		return ""
	}
	return "/" + a.rest
}

// first returns the first alternative that matches a top-level name, or nil.
func first(alts []alternative, name string) *alternative {
	for i := range alts {
		if alts[i].top.MatchString(name) {
			return &alts[i]
		}
	}
	return nil
}

// RunPattern is [Filter.RunPattern] for the value of one -run flag.
func RunPattern(run string, names []string) (string, error) {
	f, err := NewFilter(run, "")
	if err != nil {
		return "", err
	}
	return f.RunPattern(names)
}

// compile splits a pattern and checks every part of it. It returns nil for "".
func compile(pattern, flag string) ([]alternative, error) {
	if pattern == "" {
		return nil, nil
	}
	split := splitPattern(pattern)
	alts := make([]alternative, len(split))
	for i, elems := range split {
		for level, elem := range elems {
			re, err := regexp.Compile(rewrite(elem))
			if err != nil {
				where := ""
				if len(split) > 1 {
					where = fmt.Sprintf("alternation %d of ", i)
				}
				return nil, fmt.Errorf("invalid regexp for %selement %d of %s (%q): %w", where, level, flag, rewrite(elem), err)
			}
			if level == 0 {
				alts[i].top = re
			}
		}
		alts[i].deep = len(elems) > 1
		alts[i].rest = strings.Join(elems[1:], "/")
	}
	return alts, nil
}

// splitPattern splits at each | and / that is neither escaped nor within
// brackets or parentheses. Like the testing package it counts brackets without
// parsing the expression, so that the two agree on every input: [ counts even
// inside brackets, a ] too many counts for nothing, a ) too many ends splitting.
func splitPattern(pattern string) [][]string {
	var alts [][]string
	var elems []string
	start, brackets, parens := 0, 0, 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '[':
			brackets++
		case c == ']':
			brackets = max(brackets-1, 0)
		case brackets > 0:
		case c == '(':
			parens++
		case c == ')':
			parens--
		case parens != 0:
		case c == '/':
			elems = append(elems, pattern[start:i])
			start = i + 1
		case c == '|':
			alts = append(alts, append(elems, pattern[start:i]))
			elems = nil
			start = i + 1
		}
	}
	return append(alts, append(elems, pattern[start:]))
}

// rewrite returns an element of a pattern as the testing package compiles it:
// with the substitutions that it makes in the names of subtests.
func rewrite(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte('_')
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}
