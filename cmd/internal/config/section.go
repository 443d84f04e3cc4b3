package config

// Section is what a file says in a section, as it can be written again.
type Section struct {
	Name string
	At   Position
	// Entries are the items of a list, or one with all keys of a mapping.
	Entries []Entry
	// Mapping reports that the section is a mapping, and not a list.
	Mapping bool
}

// Entry is a mapping whose keys are in the order of the table.
type Entry struct {
	At   Position
	Keys []Key
}

// Key is a key with its value: texts, or another mapping.
type Key struct {
	Name   string
	At     Position
	Values []string // as they stand in the file; one, or any number of a list
	List   bool     // the key takes a list
	Keys   []Key    // of the mapping; nil for texts
}

// section enters what has been read of a section.
func (r *reader) section(e entry, mapping bool, entries []Entry) {
	if len(entries) > 0 {
		r.config.Sections = append(r.config.Sections, Section{Name: e.key, At: r.at(e.line), Entries: entries, Mapping: mapping})
	}
}

// keys are the values in the order of the table.
func (v fieldValues) keys(fields []field) []Key {
	var keys []Key
	for _, f := range fields {
		value, ok := v[f.name]
		if !ok {
			continue
		}
		k := Key{Name: f.name, At: value.at, Values: value.texts, List: f.kind == texts || f.kind == patterns}
		if f.kind == match {
			k.Keys = value.match.keys(value.at)
		}
		keys = append(keys, k)
	}
	return keys
}

// keys are the conditions that are given.
func (m Match) keys(at Position) []Key {
	var keys []Key
	for _, f := range matchFields() {
		if value := map[string]string{"label": m.Label, "test": m.Test, "package": m.Package, "group": m.Group}[f.name]; value != "" {
			keys = append(keys, Key{Name: f.name, At: at, Values: []string{value}})
		}
	}
	return keys
}
