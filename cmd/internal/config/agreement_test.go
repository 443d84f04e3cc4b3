package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// schemaOf is the schema as an editor gets it.
func schemaOf(t *testing.T) map[string]any {
	t.Helper()
	data, err := json.Marshal(Schema(testFlags()))
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// valid reports whether a value is what a part of a JSON Schema wants: as much of the language as
// Schema uses. An unknown word is an error of the test.
func valid(t *testing.T, schema map[string]any, v any) bool {
	t.Helper()
	ok := true
	for word, want := range schema {
		switch word {
		case "$schema", "title", "description", "properties":
		case "type":
			ok = ok && isType(want, v)
		case "const":
			ok = ok && fmt.Sprint(want) == fmt.Sprint(v)
		case "enum":
			ok = ok && slices.ContainsFunc(want.([]any), func(one any) bool { return one == v })
		case "minimum":
			ok = ok && toFloat(v) >= want.(float64)
		case "maximum":
			ok = ok && toFloat(v) <= want.(float64)
		case "pattern":
			text, isText := v.(string)
			ok = ok && isText && regexp.MustCompile(want.(string)).MatchString(text)
		case "anyOf":
			ok = ok && slices.ContainsFunc(want.([]any), func(one any) bool { return valid(t, one.(map[string]any), v) })
		case "items":
			list, _ := v.([]any)
			for _, item := range list {
				ok = ok && valid(t, want.(map[string]any), item)
			}
		case "minItems":
			list, _ := v.([]any)
			ok = ok && len(list) >= int(want.(float64))
		case "minProperties":
			m, _ := v.(map[string]any)
			ok = ok && len(m) >= int(want.(float64))
		case "required":
			m, _ := v.(map[string]any)
			for _, key := range want.([]any) {
				_, has := m[key.(string)]
				ok = ok && has
			}
		case "additionalProperties":
			ok = ok && validKeys(t, schema, want, v)
		default:
			t.Fatalf("the schema says %q, which this test does not know", word)
		}
	}
	return ok
}

// validKeys checks the keys of a mapping.
func validKeys(t *testing.T, schema map[string]any, others, v any) bool {
	t.Helper()
	properties, _ := schema["properties"].(map[string]any)
	m, _ := v.(map[string]any)
	ok := true
	for key, value := range m {
		known, has := properties[key].(map[string]any)
		other, open := others.(map[string]any)
		switch {
		case has:
			ok = ok && valid(t, known, value)
		case open:
			ok = ok && valid(t, other, value)
		default:
			ok = false
		}
	}
	return ok
}

func isType(want, v any) bool {
	if list, ok := want.([]any); ok {
		return slices.ContainsFunc(list, func(one any) bool { return isType(one, v) })
	}
	switch v.(type) {
	case map[string]any:
		return want == "object"
	case []any:
		return want == "array"
	case string:
		return want == "string"
	case bool:
		return want == "boolean"
	case uint64, int64, int:
		return want == "integer" || want == "number"
	case float64:
		return want == "number"
	}
	return false
}

func toFloat(v any) float64 {
	var f float64
	_, _ = fmt.Sscan(fmt.Sprint(v), &f) // what is no number is nothing
	return f
}

// read is a file as an editor reads it, ok if it is YAML at all.
func read(file string) (v any, ok bool) {
	err := yaml.Unmarshal([]byte(file), &v)
	return v, err == nil
}

// TestSchemaTakesGoodFiles: what Parse takes, an editor does not mark.
func TestSchemaTakesGoodFiles(t *testing.T) {
	t.Parallel()
	schema := schemaOf(t)
	shown := strings.ReplaceAll(everything, "    format-hivis: *yes\n", "") // nobody is told of hidden flags
	for _, file := range []string{shown, "{}", "version: 1", "tests: []", "groups: a", "groups: [a, 1, true]", "locks: {}", "setup: []",
		"tests: [{match: {test: 1}, rerun-delay: 0.5, shuffle: 3, lock: a, labels: [1]}]", "history: 3", "profiles: {a: {}}"} {
		v, ok := read(file)
		if _, problems := Parse("f", []byte(file), testFlags()); len(problems) > 0 || !ok || !valid(t, schema, v) {
			t.Errorf("%s: %v; YAML %v, the schema takes it: %v", file, problems, ok, ok && valid(t, schema, v))
		}
	}
}

// TestSchemaRefusesBadFiles: what Parse refuses, an editor marks, unless no schema can know it.
func TestSchemaRefusesBadFiles(t *testing.T) {
	t.Parallel()
	schema := schemaOf(t)
	beyond := regexp.MustCompile(strings.Join([]string{
		"is no regular expression", "is no expression of labels", "is there twice", "must be a number of seconds", "must be a duration greater than 0", "cannot be negative", "no anchor",
		"<< is not", "second document", "sets nothing", "serial is a lock", "is per: worker and comes after", "must be on, off or a number", "run: is empty", "is no YAML",
		"can only be a flag of the command line", `not "99999999999999999999"`, "not a tag",
	}, "|"))
	files := badFlags()
	maps.Copy(files, badSections())
	marked := 0
	for file, problem := range files {
		if problem == "2: version can only be a flag of the command line" || beyond.MatchString(problem) {
			continue
		}
		v, ok := read(file)
		if !ok {
			continue
		}
		if valid(t, schema, v) {
			t.Errorf("the schema takes %q: %s", file, problem)
		}
		marked++
	}
	if marked < 40 {
		t.Errorf("only %d files", marked)
	}
}

// TestEveryKeyOfTheSchemaIsRead: Parse takes each key that the schema has, and the schema has no
// section, and no key of one, that Parse does not know.
func TestEveryKeyOfTheSchemaIsRead(t *testing.T) {
	t.Parallel()
	top := schemaOf(t)["properties"].(map[string]any)
	for _, s := range sections() {
		if top[s] == nil {
			t.Errorf("%s is not in the schema", s)
		}
	}
	needed := map[string]string{
		"tests": "match: {test: A}, serial: true", "quarantine": "test: T, until: 2027-01-31", "setup": "name: a, run: b", "worker-setup": "name: a, run: b",
	}
	keys := 0
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		items := top[name].(map[string]any)["items"].(map[string]any)
		for key, property := range items["properties"].(map[string]any) {
			keys++
			var rest []string
			for part := range strings.SplitSeq(needed[name], ", ") {
				if own, _, _ := strings.Cut(part, ":"); own != key {
					rest = append(rest, part)
				}
			}
			file := fmt.Sprintf("%s: [{%s}]", name, strings.Join(append(rest, key+": "+sample(t, key, property.(map[string]any))), ", "))
			file = strings.ReplaceAll(file, "serial: true, lock:", "lock:")
			if _, problems := Parse("f", []byte(file), testFlags()); len(problems) > 0 {
				t.Errorf("%s: %v", file, problems)
			}
		}
		file := fmt.Sprintf("%s: [{%s, nonsense: 1}]", name, needed[name])
		if _, problems := Parse("f", []byte(file), testFlags()); len(problems) != 1 {
			t.Errorf("%s: %v", file, problems)
		}
	}
	if keys < 25 {
		t.Errorf("only %d keys", keys)
	}
}

// sample is a value that a property of the schema takes.
func sample(t *testing.T, key string, property map[string]any) string {
	t.Helper()
	if choices, ok := property["enum"].([]any); ok {
		return fmt.Sprint(choices[len(choices)-1])
	}
	switch {
	case property["pattern"] != nil:
		return "2027-01-31"
	case property["type"] == "boolean":
		return "true"
	case property["type"] == "integer", property["type"] == "number":
		return fmt.Sprint(property["minimum"])
	case property["type"] == "object":
		var parts []string
		for inner, p := range property["properties"].(map[string]any) {
			parts = append(parts, inner+": "+sample(t, inner, p.(map[string]any)))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "5" // a text, a duration or an order
}
