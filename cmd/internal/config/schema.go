package config

import "github.com/gotestcohort/cohort/cmd/internal/usage"

// Schema is a JSON Schema (2020-12) of the files that Parse reads, to be marshalled. It
// is made from the same tables.
func Schema(flags []usage.Flag) map[string]any {
	top := map[string]any{
		"version":      map[string]any{"const": Version, "description": "version of the form of this file"},
		"profiles":     mapOf(closed(flagProperties(flags), nil), "named sets of flags, chosen by --profile"),
		"tests":        listOf(ruleFields(), "settings of single tests: the first rule that matches a test sets what it names"),
		"locks":        mapOf(map[string]any{"type": "integer", "minimum": 1}, "how many tests may hold each lock"),
		"quarantine":   listOf(quarantineFields(), "known bad tests, which cannot fail the run"),
		"setup":        listOf(commandFields(false), "what runs before the first test"),
		"worker-setup": listOf(commandFields(true), "what runs before the first test of each worker"),
	}
	for key, property := range flagProperties(flags) {
		top[key] = property
	}
	schema := closed(top, nil)
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "cohort"
	return schema
}

// flagProperties describes the flags that a file may set, by key.
func flagProperties(flags []usage.Flag) map[string]any {
	all := map[string]any{}
	for _, f := range flags {
		if f.Once || f.Hidden {
			continue
		}
		for _, key := range []string{f.Name, KeyOf(&f)} {
			all[key] = flagProperty(&f)
		}
	}
	return all
}

func flagProperty(f *usage.Flag) map[string]any {
	property := map[string]any{"description": f.Help}
	one := map[string]any{"type": []string{"string", "number", "boolean"}}
	switch {
	case f.Kind == usage.Switch:
		property["type"] = "boolean"
	case f.Kind == usage.Number:
		property["type"] = "integer"
	case f.Kind == usage.Choice:
		property["enum"] = append(append([]string{}, f.Choices...), f.Also...)
	case f.Repeat:
		property["anyOf"] = []any{one, map[string]any{"type": "array", "items": one}}
	default:
		property["type"] = one["type"]
	}
	return property
}

// closed is a mapping with these keys and no others.
func closed(properties map[string]any, required []string) map[string]any {
	m := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		m["required"] = required
	}
	return m
}

func mapOf(value map[string]any, help string) map[string]any {
	return map[string]any{"type": "object", "additionalProperties": value, "description": help}
}

func listOf(fields []field, help string) map[string]any {
	return map[string]any{"type": "array", "items": fieldProperties(fields), "description": help}
}

// fieldProperties describes a mapping whose keys are fields.
func fieldProperties(fields []field) map[string]any {
	properties := map[string]any{}
	var required []string
	for _, f := range fields {
		property := f.property()
		property["description"] = f.help
		properties[f.name] = property
		if f.need {
			required = append(required, f.name)
		}
	}
	return closed(properties, required)
}

// property describes the value of f.
func (f *field) property() map[string]any {
	scalar := map[string]any{"type": []string{"string", "number", "boolean"}}
	switch f.kind {
	case word:
		return map[string]any{"enum": f.choices}
	case whole:
		return map[string]any{"type": "integer", "minimum": f.least}
	case number:
		return map[string]any{"type": "number", "minimum": 1, "maximum": 1000}
	case toggle:
		return map[string]any{"type": "boolean"}
	case duration, limit:
		return map[string]any{"type": []string{"string", "number"}}
	case order:
		return map[string]any{"type": []string{"string", "integer"}}
	case day:
		return map[string]any{"type": "string", "pattern": `^\d{4}-\d{2}-\d{2}$`}
	case texts, patterns, line:
		return map[string]any{"anyOf": []any{scalar, map[string]any{"type": "array", "items": scalar, "minItems": 1}}}
	case match:
		m := fieldProperties(matchFields())
		m["minProperties"] = 1
		return m
	case text, pattern, expression:
	}
	return scalar
}
