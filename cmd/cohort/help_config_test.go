package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/config"
)

// TestExamplesOfFiles reads every example of a configuration file in its help page, as a run
// would.
func TestExamplesOfFiles(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("help/config.md")
	if err != nil {
		t.Fatal(err)
	}
	table, _ := newFlags(newEnviron(nil))
	files := 0
	for _, block := range blocks(string(page)) {
		first, _, _ := strings.Cut(block, "\n")
		if key, value, ok := strings.Cut(first, ":"); !ok || strings.Contains(key, " ") || value != "" && value[0] != ' ' {
			continue // a command, or a table
		}
		files++
		file, problems := config.Parse("config.md", []byte(block), table.flags)
		if len(problems) > 0 {
			t.Errorf("%v in\n%s", problems, block)
			continue
		}
		if _, err := (ruleSource{file: file, module: "example.com/m"}).rules(); err != nil {
			t.Errorf("%v in\n%s", err, block)
		}
		fresh, opts := newFlags(newEnviron(nil))
		layers := []layer{fileLayer(file.Flags, "")}
		for _, p := range file.Profiles {
			layers = append(layers, fileLayer(p.Flags, ""))
		}
		if wrong := fresh.apply(resolve(fresh.flags, layers...)); len(wrong) > 0 || len(opts.problems()) > 0 {
			t.Errorf("%v %v in\n%s", wrong, opts.problems(), block)
		}
		for _, use := range file.Uses() {
			if !slices.Contains(supportedSections(), use.Name) {
				t.Errorf("%s is not supported, in\n%s", use.Name, block)
			}
		}
	}
	if files < 3 {
		t.Errorf("only %d examples", files)
	}
}

// TestHelpNamesRuleKeys: the page tells of every key of a rule that is supported.
func TestHelpNamesRuleKeys(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("help/config.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := config.RuleKeys()
	for _, key := range keys {
		if !regexp.MustCompile(`(?m)^    [-a-z, ]*\b` + key + `\b`).Match(page) {
			t.Errorf("%s is not explained", key)
		}
	}
	if len(keys) < 12 {
		t.Errorf("only %d keys", len(keys))
	}
}

// blocks returns the parts of a page that are set off by four spaces.
func blocks(page string) []string {
	var all []string
	inside := false
	for line := range strings.Lines(page) {
		text, ok := strings.CutPrefix(line, "    ")
		switch {
		case ok && inside:
			all[len(all)-1] += text
		case ok:
			all = append(all, text)
		}
		inside = ok
	}
	return all
}
