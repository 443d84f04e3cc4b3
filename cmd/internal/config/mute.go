package config

import (
	"bytes"
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// Mute returns a file without the settings of flags at its top, other than those to keep; sections
// stay, profiles do too. The lines of what goes are empty, so that all others have their numbers.
// The file must have one key a line, as those have to which AddRules adds something.
func Mute(data []byte, flags []usage.Flag, keep []string) []byte {
	text := unixText(data)
	values := topValues(text)
	lines := bytes.SplitAfter(text, []byte("\n"))
	for i, v := range values {
		key := v.Key.String()
		at := slices.IndexFunc(flags, func(f usage.Flag) bool { return f.Name == key || f.Key == key && key != "" })
		if at < 0 || slices.Contains(sections(), key) || slices.Contains(keep, flags[at].Name) {
			continue
		}
		end := len(lines)
		if i+1 < len(values) {
			end = min(lineOf(values[i+1].Key)-1, end)
		}
		for n := lineOf(v.Key) - 1; n < end; n++ {
			lines[n] = []byte("\n")
		}
	}
	return bytes.Join(lines, nil)
}

// topValues are the keys of a file with their values, nil if it has none or cannot be read.
func topValues(text []byte) []*ast.MappingValueNode {
	file, err := parser.ParseBytes(text, 0)
	if err != nil || len(file.Docs) == 0 {
		return nil
	}
	switch n := file.Docs[0].Body.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}
