package config

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestSchemaHasEveryKey checks that the schema allows what Parse reads, and no more.
func TestSchemaHasEveryKey(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(Schema(testFlags()))
	if err != nil {
		t.Fatal(err)
	}
	type node struct {
		Properties map[string]*node `json:"properties"`
		Items      *node            `json:"items"`
		More       json.RawMessage  `json:"additionalProperties"`
		Required   []string         `json:"required"`
	}
	var schema node
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	for _, f := range testFlags() {
		for _, key := range []string{f.Name, KeyOf(&f)} {
			if has := schema.Properties[key] != nil; has == (f.Once || f.Hidden) && key != "version" {
				t.Errorf("%s: in the schema: %v", key, has)
			}
		}
	}
	for _, name := range sections() {
		if schema.Properties[name] == nil {
			t.Errorf("no section %s", name)
		}
	}
	if string(schema.More) != "false" {
		t.Errorf("other keys: %s", schema.More)
	}
	for name, fields := range map[string][]field{
		"tests": ruleFields(), "quarantine": quarantineFields(), "setup": commandFields(false), "worker-setup": commandFields(true),
	} {
		items := schema.Properties[name].Items
		if len(items.Properties) != len(fields) {
			t.Errorf("%s: %d keys, want %d", name, len(items.Properties), len(fields))
		}
		for _, f := range fields {
			if items.Properties[f.name] == nil || slices.Contains(items.Required, f.name) != f.need {
				t.Errorf("%s: %s", name, f.name)
			}
		}
	}
}
