package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gotestcohort/cohort/cmd/internal/config"
)

// configRow is a line of a configuration file, and what is said of it in a comment.
type configRow struct {
	text, comment string
	off           bool // it is not in force: the line is a comment itself
}

// sectionRows writes sections as a configuration file has them. decided reports whether the
// command line has decided what a key of tests sets.
func sectionRows(sections []config.Section, decided func(key string) bool) []configRow {
	var rows []configRow
	for _, s := range sections {
		head := configRow{text: s.Name + ":", comment: s.At.String()}
		var body []configRow
		for _, e := range s.Entries {
			body = append(body, entryRows(e, s.Mapping, func(key string) bool { return s.Name == "tests" && decided(key) })...)
		}
		head.off = !slices.ContainsFunc(body, func(r configRow) bool { return !r.off })
		rows = append(append(rows, head), body...)
	}
	return rows
}

// entryRows writes one entry. One that sets nothing any more is a comment, as the file would be wrong
// with it.
func entryRows(e config.Entry, mapping bool, decided func(key string) bool) []configRow {
	rest := slices.ContainsFunc(e.Keys, func(k config.Key) bool {
		return !decided(k.Name) && k.Name != "match" && k.Name != "reason"
	})
	var rows []configRow
	for i, k := range e.Keys {
		indent := "    "
		switch {
		case mapping:
			indent = "  "
		case i == 0:
			indent = "  - "
		}
		row := configRow{text: indent + yamlWord(k.Name) + ": " + keyText(k), comment: k.At.String(), off: !rest}
		if decided(k.Name) {
			row.off = true
			row.comment += ", but the command line sets " + k.Name
		}
		rows = append(rows, row)
	}
	return rows
}

// keyText is the value of a key.
func keyText(k config.Key) string {
	var parts []string
	switch {
	case k.Keys != nil:
		for _, inner := range k.Keys {
			parts = append(parts, inner.Name+": "+keyText(inner))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case !k.List:
		return yamlWord(k.Values[0])
	}
	for _, v := range k.Values {
		parts = append(parts, yamlWord(v))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// yamlWord writes a text so that a configuration file can hold it.
func yamlWord(v string) string {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }
	switch {
	case strings.ContainsFunc(v, unprintable):
		return strconv.Quote(v)
	case strings.ContainsFunc(v, special) || v == "" || v[0] == '-' || strings.EqualFold(v, "null"):
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	return v
}

// String returns the line with its comment, in a column if that is not too far right.
func (r configRow) String(width int) string {
	text := r.text
	if r.off {
		text = "# " + text
	}
	return fmt.Sprintf("%-*s  # %s\n", width, text, r.comment)
}

// sectionJSON is a section for programs. Its names are an interface.
type sectionJSON struct {
	Name    string           `json:"name"`
	Source  string           `json:"source"`
	Entries []map[string]any `json:"entries"`
}

// sectionsJSON describes sections: each entry has its keys, and in "sources" where they stand.
func sectionsJSON(sections []config.Section) []sectionJSON {
	var all []sectionJSON
	for _, s := range sections {
		out := sectionJSON{Name: s.Name, Source: s.At.String()}
		for _, e := range s.Entries {
			entry, sources := keysJSON(e.Keys), map[string]string{}
			for _, k := range e.Keys {
				sources[k.Name] = k.At.String()
			}
			entry["sources"] = sources
			out.Entries = append(out.Entries, entry)
		}
		all = append(all, out)
	}
	return all
}

func keysJSON(keys []config.Key) map[string]any {
	out := map[string]any{}
	for _, k := range keys {
		switch {
		case k.Keys != nil:
			out[k.Name] = keysJSON(k.Keys)
		case k.List:
			out[k.Name] = k.Values
		default:
			out[k.Name] = k.Values[0]
		}
	}
	return out
}
