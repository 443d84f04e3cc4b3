package grouping

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longList is the length in bytes from which a list of names is written with their
// common beginnings taken out. A shorter one is left as people write it. Windows takes
// a command line of 32,767 characters, Linux an argument of 128 KiB.
const longList = 16 << 10

// maxNesting bounds the parentheses within each other. Package regexp refuses
// expressions that are 1,000 levels deep: each of ours makes up to five, and what
// package regexp itself makes of the names below comes on top.
const maxNesting = 50

// alternation returns a regular expression for exactly these names, without
// parentheses around it: TestA|TestB.
func alternation(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	plain := strings.Join(quoted, "|")
	if len(plain) < longList {
		return plain
	}
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	var b strings.Builder
	compact(&b, slices.Compact(sorted), 0)
	if b.Len() < len(plain) {
		return b.String()
	}
	return plain
}

// compact writes an expression for the names, which are sorted and differ:
// Test(A(1|2)|B) for TestA1, TestA2 and TestB.
func compact(b *strings.Builder, names []string, depth int) {
	common := commonPrefix(names[0], names[len(names)-1])
	b.WriteString(regexp.QuoteMeta(common))
	rest := make([]string, len(names))
	for i, name := range names {
		rest[i] = name[len(common):]
	}
	if len(rest) == 1 {
		return
	}
	optional := rest[0] == ""
	if optional {
		rest = rest[1:]
	}
	if class(rest) {
		b.WriteString("[" + strings.Join(rest, "") + "]")
	} else {
		b.WriteByte('(')
		alternatives(b, rest, depth+1)
		b.WriteByte(')')
	}
	if optional {
		b.WriteByte('?')
	}
}

// alternatives writes the names, none of them empty, by their first letters.
func alternatives(b *strings.Builder, names []string, depth int) {
	for start := 0; start < len(names); {
		if start > 0 {
			b.WriteByte('|')
		}
		first, _ := utf8.DecodeRuneInString(names[start])
		end := start + 1
		for end < len(names) && depth < maxNesting && strings.HasPrefix(names[end], string(first)) {
			end++
		}
		compact(b, names[start:end], depth)
		start = end
	}
}

// class reports whether names are letters or digits, which may stand in brackets.
func class(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		r, size := utf8.DecodeRuneInString(name)
		return size < len(name) || r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// commonPrefix returns what two names, and so all that are sorted between them, begin
// with. It ends between two characters.
func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) || n > 0 && n < len(b) && !utf8.RuneStart(b[n]) {
		n--
	}
	return a[:n]
}
