package main

import (
	"encoding/json"
	"io"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// helpJSON is help for programs. Its names are an interface.
type helpJSON struct {
	Flags     []flagJSON        `json:"flags"`
	Tools     map[string]string `json:"tools"`
	Topics    map[string]string `json:"topics"`
	Exits     map[string]string `json:"exit_codes"`
	Variables map[string]string `json:"variables"`
}

type flagJSON struct {
	Name     string   `json:"name"`
	Short    string   `json:"short,omitempty"`
	Value    string   `json:"value,omitempty"`   // how help names its value; "": none
	Bare     string   `json:"bare,omitempty"`    // its value if it stands alone
	Choices  []string `json:"choices,omitempty"` // its values, or some of them
	Repeat   bool     `json:"repeat,omitempty"`  // each use adds a value
	Default  string   `json:"default,omitempty"`
	Variable string   `json:"variable,omitempty"` // where its default comes from
	Needs    string   `json:"needs,omitempty"`    // the flag without which it has no effect
	Section  string   `json:"section"`
	Help     string   `json:"help"`
	Own      bool     `json:"own"` // gotestsum does not have it
}

func (p *helpPages) json() helpJSON {
	j := helpJSON{Tools: map[string]string{}, Topics: map[string]string{}, Exits: map[string]string{}, Variables: map[string]string{}}
	for _, f := range p.table.flags {
		if f.Hidden {
			continue
		}
		bare := f.Bare
		if f.Kind == usage.Switch {
			bare = "true"
		}
		j.Flags = append(j.Flags, flagJSON{
			Name: f.Name, Short: f.Short, Value: f.Value(), Bare: bare, Choices: f.Choices, Repeat: f.Repeat, Default: f.Default,
			Variable: f.Variable, Needs: f.Needs, Section: f.Section, Help: f.Help, Own: f.Own,
		})
	}
	for _, t := range tools() {
		j.Tools[t.Name] = t.Help
	}
	for _, name := range p.topics() {
		j.Topics[name] = p.title(name)
	}
	for _, row := range exitCodes() {
		j.Exits[row[0]] = row[1]
	}
	for _, row := range append(p.variables(), otherVariables()...) {
		j.Variables[row[0]] = row[1]
	}
	return j
}

// writeJSON prints v for people and programs.
func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
