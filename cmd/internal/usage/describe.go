package usage

import (
	"fmt"
	"strings"
)

// narrow is the width below which a name and its text share no line: in less a column
// of text would be a column of words.
const narrow = 60

// Describe lists flags with what they do, in lines of at most width columns, as far as
// words allow. Hidden ones are left out.
func Describe(flags []Flag, width int) string {
	var rows [][2]string
	for _, f := range flags {
		if !f.Hidden {
			rows = append(rows, [2]string{f.Spelling(), f.sentence()})
		}
	}
	return Columns(rows, width)
}

// Spelling is the flag as it is typed, with the name of its value.
func (f *Flag) Spelling() string {
	s := "    --" + f.Name
	if f.Short != "" {
		s = "-" + f.Short + ", --" + f.Name
	}
	switch value := f.Value(); {
	case value == "":
	case f.Bare != "":
		s += "[=" + value + "]"
	default:
		s += " " + value
	}
	return s
}

// sentence is what help says of f.
func (f *Flag) sentence() string {
	s := f.Help
	if f.Repeat {
		s += "; may be repeated"
	}
	if f.Default != "" {
		s += " (default " + f.Default + ")"
	}
	return s
}

// Columns sets rows of two in two columns, the second one wrapped. A first one that is
// too long, and any in a narrow window, has a line of its own.
func Columns(rows [][2]string, width int) string {
	const indent = 2
	left := 0
	for _, row := range rows {
		if n := len(row[0]); n <= 26 {
			left = max(left, n)
		}
	}
	column := indent + left + 2
	if width < narrow {
		column = 6
	}
	var b strings.Builder
	for _, row := range rows {
		line := strings.Repeat(" ", indent) + row[0]
		if len(line)+2 > column {
			b.WriteString(line + "\n")
			line = ""
		}
		for i, text := range Wrap(row[1], width-column) {
			if i > 0 {
				line = ""
			}
			fmt.Fprintf(&b, "%-*s%s\n", column, line, text)
		}
	}
	return b.String()
}

// Wrap breaks text at spaces into lines of at most width letters; a word that is longer
// has a line of its own.
func Wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
