package main

import (
	"io"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

const configUsage = `Usage:
  cohort tool config [--json | --schema] [cohort's flags]

Print the value that each flag would have in a run, and where it comes from: a
flag given here, COHORT_FLAGS, a variable, a profile, the configuration file.
Defaults are printed as comments.

Flags:
`

// configFlags are the flags of cohort tool config that cohort itself does not have.
func configFlags(t *flagTable) (asJSON, schema *bool) {
	asJSON, schema = new(bool), new(bool)
	t.section = sectionOther
	t.toggle(asJSON, false, usage.Flag{Name: "json", Once: true, Own: true, Help: "print JSON"})
	t.toggle(schema, false, usage.Flag{Name: "schema", Once: true, Own: true, Help: "print the JSON Schema of configuration files"})
	return asJSON, schema
}

// configTool is cohort tool config.
func (c *command) configTool(args []string) error {
	root, _ := newFlags(c.env)
	t, _ := newFlags(c.env)
	asJSON, schema := configFlags(t)
	cmd := usage.Command{Name: "cohort tool config", Flags: t.flags, Help: "cohort tool config --help"}
	scanned := c.scan(cmd, args)
	if scanned.Help && len(scanned.Problems) == 0 {
		_, err := io.WriteString(c.stdout, configUsage+usage.Describe(t.flags[len(root.flags):], helpWidth))
		return err
	}
	given := flagLayer(scanned.Settings, "")
	problems := t.apply(resolve(t.flags[len(root.flags):], given))
	if *schema && len(problems)+len(scanned.Problems) == 0 {
		return writeJSON(c.stdout, config.Schema(root.flags))
	}
	from := c.sources(root, given, scanned.Rest)
	if len(from.problems) > 0 && len(scanned.Problems) == 0 {
		cmd.Help = configHelp
	}
	settings := resolve(root.flags, from.layers...)
	problems = append(problems, from.problems...)
	problems = append(problems, root.apply(settings)...)
	if err := scanned.Err(&cmd, problems...); err != nil {
		return err
	}
	if *asJSON {
		var all []any
		for _, s := range settingsJSON(root.flags, settings) {
			all = append(all, s)
		}
		for _, s := range sectionsJSON(from.file.Sections) {
			all = append(all, s)
		}
		return writeJSON(c.stdout, all)
	}
	rows := append(settingRows(root.flags, settings), sectionRows(from.file.Sections, from.decided)...)
	_, err := io.WriteString(c.stdout, configText(rows))
	return err
}

// settingJSON is a setting for programs. Its names are an interface.
type settingJSON struct {
	Name   string   `json:"name"`
	Values []string `json:"values"` // those of the default if source is "default"
	Source string   `json:"source"`
}

func settingsJSON(flags []usage.Flag, settings layer) []settingJSON {
	all := []settingJSON{}
	for _, f := range flags {
		s, ok := settings.find(f.Name)
		switch {
		case ok:
			all = append(all, settingJSON{f.Name, s.values, s.source})
		case !f.Hidden && !f.Once:
			all = append(all, settingJSON{f.Name, []string{defaultOf(&f)}, "default"})
		}
	}
	return all
}

// settingRows writes the settings as a configuration file with comments.
func settingRows(flags []usage.Flag, settings layer) []configRow {
	var rows []configRow
	for _, f := range flags {
		s, ok := settings.find(f.Name)
		switch {
		case ok:
			name := config.KeyOf(&f)
			if f.Once {
				name = f.Name
			}
			rows = append(rows, configRow{text: name + ": " + yamlValues(&f, s.values), comment: s.source, off: f.Once})
		case !f.Hidden && !f.Once:
			rows = append(rows, configRow{text: strings.TrimRight(config.KeyOf(&f)+": "+defaultOf(&f), " "), comment: "default", off: true})
		}
	}
	return rows
}

// configText writes lines with their comments in a column.
func configText(rows []configRow) string {
	width := 0
	for _, row := range rows {
		width = max(width, min(len(row.text)+len("# "), 40))
	}
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(row.String(width))
	}
	return b.String()
}

// defaultOf is the default of a flag, in words where it is no value.
func defaultOf(f *usage.Flag) string {
	switch {
	case f.Default != "":
		return f.Default
	case f.Kind == usage.Switch:
		return "false"
	case f.Kind == usage.Number:
		return "0"
	}
	return ""
}

// special reports whether YAML may read r as something else than a part of a word.
func special(r rune) bool {
	plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._/", r)
	return !plain
}

// yamlValues writes values so that a configuration file can hold them.
func yamlValues(f *usage.Flag, values []string) string {
	var quoted []string
	for _, v := range values {
		quoted = append(quoted, yamlWord(v))
	}
	if !f.Repeat {
		return quoted[len(quoted)-1]
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
