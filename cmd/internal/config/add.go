package config

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// ErrNoPlace says that rules cannot be added to the text of a file as it is written.
var ErrNoPlace = errors.New("the file is written in a way that entries cannot be added to")

// AddRules returns the file of that name with more entries of tests at the end of that section.
// All that is in the file stays as it is, comments too; an empty file becomes one of this version.
// Of the rules the keys match, reason, group, serial, lock, dist and shuffle are written. The
// error is ErrNoPlace, wrapped, if the result would not read as the old rules and the new ones.
func AddRules(file string, data []byte, flags []usage.Flag, rules []Rule) ([]byte, error) {
	if len(rules) == 0 {
		return data, nil
	}
	before, problems := Parse(file, data, flags)
	if len(problems) > 0 {
		return nil, errors.New(problems[0].String())
	}
	newline := "\n"
	if bytes.Contains(data, []byte("\r\n")) {
		newline = "\r\n"
	}
	at, indent, head := placeOfRules(string(data))
	text := head
	for _, r := range rules {
		text += writeRule(r, strings.Repeat(" ", indent))
	}
	result := []byte(string(data[:at]) + strings.ReplaceAll(text, "\n", newline) + string(data[at:]))
	after, problems := Parse(file, result, flags)
	if len(problems) > 0 || !extends(before, after, rules) {
		return nil, fmt.Errorf("add entries of tests to %s: %w", file, ErrNoPlace)
	}
	return result, nil
}

// placeOfRules returns where in the text new entries go, how far they are indented, and what
// comes before them.
func placeOfRules(text string) (at, indent int, head string) {
	end := len(text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		head = "\n"
	}
	body := unixText([]byte(text))
	if len(bytes.TrimSpace(body)) == 0 {
		return end, 2, head + "version: 1\n\ntests:\n"
	}
	values := topValues(body)
	i := slices.IndexFunc(values, func(v *ast.MappingValueNode) bool { return v.Key.String() == "tests" })
	if i < 0 {
		return end, 2, head + "\ntests:\n"
	}
	list, ok := values[i].Value.(*ast.SequenceNode)
	if !ok || list.IsFlowStyle || list.Start == nil {
		return end, 2, head // what comes of it will not do, and is refused
	}
	indent = list.Start.Position.Column - 1
	if i+1 == len(values) {
		return end, indent, head
	}
	lines := strings.SplitAfter(text, "\n")
	next := min(lineOf(values[i+1].Key)-1, len(lines)) // a line may end with a return alone
	for next > 0 && aside(lines[next-1]) {
		next--
	}
	return len(strings.Join(lines[:next], "")), indent, ""
}

// aside reports whether a line belongs to what comes after it: it is empty, or a comment that is
// not indented.
func aside(line string) bool {
	return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#")
}

// writeRule is the text of a rule.
func writeRule(r Rule, indent string) string {
	var match []string
	for _, c := range [][2]string{{"label", r.Match.Label}, {"test", r.Match.Test}, {"package", r.Match.Package}, {"group", r.Match.Group}} {
		if c[1] != "" {
			match = append(match, c[0]+": "+quote(c[1]))
		}
	}
	text := indent + "- match: {" + strings.Join(match, ", ") + "}\n"
	add := func(key, value string) { text += indent + "  " + key + ": " + value + "\n" }
	if r.Group != "" {
		add("group", quote(r.Group))
	}
	if r.Serial != nil {
		add("serial", fmt.Sprint(*r.Serial))
	}
	if len(r.Lock) > 0 {
		var names []string
		for _, name := range r.Lock {
			names = append(names, quote(name))
		}
		add("lock", "["+strings.Join(names, ", ")+"]")
	}
	if r.Dist != "" {
		add("dist", r.Dist)
	}
	if r.Shuffle != "" {
		add("shuffle", quote(r.Shuffle))
	}
	if r.Reason != "" {
		add("reason", quote(r.Reason))
	}
	return text
}

// plainText is what YAML reads as a text without quotes, in every place.
var plainText = regexp.MustCompile(`^(\./)?[A-Za-z][A-Za-z0-9_/.-]*$`)

// quote returns a text as a YAML scalar.
func quote(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return "'" + text + "'"
	}
	if plainText.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// extends reports whether a file says what it said before, and the rules after its own.
func extends(before, after *Config, rules []Rule) bool {
	if len(after.Rules) != len(before.Rules)+len(rules) {
		return false
	}
	for i, want := range slices.Concat(before.Rules, rules) {
		got := after.Rules[i]
		got.At, got.Keys, want.At, want.Keys = Position{}, nil, Position{}, nil
		if !reflect.DeepEqual(got, want) {
			return false
		}
	}
	return reflect.DeepEqual(unplaced(before.Flags), unplaced(after.Flags)) &&
		slices.EqualFunc(before.Profiles, after.Profiles, func(a, b Profile) bool {
			return a.Name == b.Name && reflect.DeepEqual(unplaced(a.Flags), unplaced(b.Flags))
		}) &&
		len(before.Locks) == len(after.Locks) && len(before.Quarantine) == len(after.Quarantine) &&
		len(before.Setup) == len(after.Setup) && len(before.WorkerSetup) == len(after.WorkerSetup)
}

// unplaced are settings without their positions, which may have moved.
func unplaced(settings []Setting) []Setting {
	var all []Setting
	for _, s := range settings {
		all = append(all, Setting{Name: s.Name, Values: s.Values})
	}
	return all
}
