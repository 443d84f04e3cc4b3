package main

import (
	"fmt"
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
		return writeJSON(c.stdout, settingsJSON(root.flags, settings))
	}
	_, err := io.WriteString(c.stdout, settingsText(root.flags, settings))
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

// settingsText writes the settings as a configuration file with comments.
func settingsText(flags []usage.Flag, settings layer) string {
	var rows [][2]string
	width := 0
	for _, f := range flags {
		s, ok := settings.find(f.Name)
		var row [2]string
		switch {
		case ok && f.Once:
			row = [2]string{"# " + f.Name + ": " + yamlValues(&f, s.values), s.source}
		case ok:
			row = [2]string{config.KeyOf(&f) + ": " + yamlValues(&f, s.values), s.source}
		case f.Hidden || f.Once:
			continue
		default:
			row = [2]string{strings.TrimRight("# "+config.KeyOf(&f)+": "+defaultOf(&f), " "), "default"}
		}
		rows = append(rows, row)
		width = max(width, min(len(row[0]), 40))
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%-*s  # %s\n", width, row[0], row[1])
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
		if strings.ContainsFunc(v, special) || v == "" || v[0] == '-' || strings.EqualFold(v, "null") {
			v = "'" + strings.ReplaceAll(v, "'", "''") + "'"
		}
		quoted = append(quoted, v)
	}
	if !f.Repeat {
		return quoted[len(quoted)-1]
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
