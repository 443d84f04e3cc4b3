package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

func testPages(t *testing.T, width int) *helpPages {
	t.Helper()
	p, err := newHelpPages(newEnviron(nil), width)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestEveryFlagIsTold checks that the table says enough of each flag, that every flag
// has a purpose, and that all forms of help have all flags.
func TestEveryFlagIsTold(t *testing.T) {
	t.Parallel()
	p := testPages(t, helpWidth)
	all, err := p.page("flags")
	if err != nil {
		t.Fatal(err)
	}
	screen, err := p.page(overview)
	if err != nil {
		t.Fatal(err)
	}
	var man bytes.Buffer
	if err := testPages(t, helpWidth).writeMan(&man); err != nil {
		t.Fatal(err)
	}
	known := names2json(t, p)
	for _, f := range p.table.flags {
		if f.Help == "" || f.Section == "" || strings.HasSuffix(f.Help, ".") {
			t.Errorf("--%s: section %q, help %q", f.Name, f.Section, f.Help)
		}
		if f.Kind == usage.Choice && len(f.Choices) == 0 {
			t.Errorf("--%s: a choice of nothing", f.Name)
		}
		if f.Needs != "" && !slices.ContainsFunc(p.table.flags, func(g usage.Flag) bool { return g.Name == f.Needs }) {
			t.Errorf("--%s needs --%s, which is none", f.Name, f.Needs)
		}
		if p.table.set.Lookup(f.Name) == nil {
			t.Errorf("--%s is bound to nothing", f.Name)
		}
		word := regexp.MustCompile(`--` + f.Name + `([^-a-z]|$)`)
		manWord := regexp.MustCompile(strings.ReplaceAll(`--`+f.Name, "-", `\\-`) + `([^-a-z\\]|$)`)
		for where, has := range map[string]bool{
			"help": word.MatchString(screen), "help flags": word.MatchString(all), "man": manWord.MatchString(man.String()), "json": slices.Contains(known, f.Name),
		} {
			if where == "help" && f.Needs != "" {
				continue // it goes with another
			}
			if has == f.Hidden {
				t.Errorf("%s: --%s is there: %v", where, f.Name, has)
			}
		}
	}
}

func names2json(t *testing.T, p *helpPages) []string {
	t.Helper()
	var out bytes.Buffer
	if err := writeJSON(&out, p.json()); err != nil {
		t.Fatal(err)
	}
	var read helpJSON
	if err := json.Unmarshal(out.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Tools) != len(tools()) || len(read.Topics) != len(p.topics()) || read.Exits["3"] == "" || read.Variables["NO_COLOR"] == "" {
		t.Errorf("got %+v", read)
	}
	var all []string
	for _, f := range read.Flags {
		all = append(all, f.Name)
	}
	return all
}

// TestHelpPages checks that every page can be made, fits, and names no flag that does
// not exist.
func TestHelpPages(t *testing.T) {
	t.Parallel()
	flag := regexp.MustCompile(`(?:^|[^-\w])--?([a-z][-a-z]*)`)
	flaky, _ := flakyFlags()
	adopt, _ := adoptFlags()
	replay, _ := (&command{}).replayFlags(new(replayOptions))
	lists, _ := listFlags()
	plan, _ := planFlags()
	archive, _ := archiveFlags()
	merge, _ := (&command{}).mergeFlags(new(mergeOptions))
	ofTools := slices.Concat(flaky.flags, adopt.flags, replay.flags, lists.flags, plan.flags, merge.flags, archive.flags, reportFlags(new(reportFiles)).flags)
	for _, width := range []int{helpWidth, 40, 100} {
		p := testPages(t, width)
		for _, name := range append(p.topics(), overview) {
			text, err := p.page(name)
			if err != nil {
				t.Error(err)
			}
			if strings.HasPrefix(text, "{{") || strings.Contains(text, "\n{{") || strings.HasPrefix(text, "#") || !strings.HasSuffix(text, "\n") {
				t.Errorf("%s:\n%s", name, text)
			}
			for line := range strings.Lines(text) {
				if len([]rune(line)) > helpWidth+1 && width == helpWidth {
					t.Errorf("%s: too long: %s", name, line)
				}
			}
			if name == "pytest" { // which is about flags of pytest
				continue
			}
			for _, m := range flag.FindAllStringSubmatch(text, -1) {
				isOwn := func(f usage.Flag) bool { return f.Name == m[1] || f.Short == m[1] }
				other := []string{"flag", "help", "json", "man", "update", "schema", "label", "race", "p", "c", "x", "exec", "hunts", "args", "coverpkg", "tags", "cover"}
				if name == "e2e" { // those of the commands of set-ups
					other = append(other, "d", "e", "wait", "template", "port", "quiet", "no-cache")
				}
				if !slices.ContainsFunc(p.table.flags, isOwn) && !slices.ContainsFunc(ofTools, isOwn) &&
					!slices.Contains(gotest.TestFlags(), m[1]) && !slices.Contains(other, m[1]) {
					t.Errorf("%s: there is no flag %s", name, m[0])
				}
			}
		}
	}
	p := testPages(t, helpWidth)
	for _, name := range []string{
		"flags", "reruns", "groups", "ci", "config", "formats", "environment", "exit-codes", "watch", "records",
		"flaky", "gotest", "gotestsum", "shards", "queue", "pytest", "how-it-works", "speed", "coverage", "e2e",
	} {
		if !slices.Contains(p.topics(), name) {
			t.Errorf("no page on %s", name)
		}
	}
	screen, err := p.page(overview)
	if n := strings.Count(screen, "\n"); err != nil || n > 52 {
		t.Errorf("%v: %d lines are more than a screen", err, n)
	}
}

// TestManPage checks that groff finds nothing wrong with the man page.
func TestManPage(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("NOT TESTED: the man page, since there is no groff here")
	}
	var page, warnings bytes.Buffer
	if err := testPages(t, helpWidth).writeMan(&page); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(groff, "-man", "-Tutf8", "-ww", "-K", "utf8")
	cmd.Stdin, cmd.Stderr = &page, &warnings
	out, err := cmd.Output()
	if err != nil || warnings.Len() > 0 || !bytes.Contains(out, []byte("--rerun-delay DURATION")) {
		t.Errorf("%v: %s\n%s", err, &warnings, out)
	}
}
