package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// writeConfig writes a file of that name into a new folder, and returns its path.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPrecedence sets one flag in more and more places.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, "format: dots\nprofiles: {ci: {format: testdox}}\n")
	for _, c := range []struct {
		env  []string
		args []string
		want string // the value, and where it comes from
	}{
		{nil, []string{"--config=off"}, "pkgname default"},
		{nil, []string{"--config=" + path}, "dots FILE:1"},
		{nil, []string{"--config=" + path, "--profile=ci"}, "testdox FILE:2, profile ci"},
		{[]string{"GOTESTSUM_FORMAT=testname"}, []string{"--config=" + path, "--profile=ci"}, "testname GOTESTSUM_FORMAT"},
		{[]string{"GOTESTSUM_FORMAT="}, []string{"--config=" + path}, "dots FILE:1"},
		{[]string{"GOTESTSUM_FORMAT=testname", "COHORT_FLAGS=--format=short"}, []string{"--config=" + path}, "short COHORT_FLAGS"},
		{[]string{"GOTESTSUM_FORMAT=testname", "COHORT_FLAGS=-f short"}, []string{"-f", "none", "--config=" + path}, "none flag"},
		{[]string{"COHORT_FLAGS=--config=" + path + " --profile ci"}, nil, "testdox FILE:2, profile ci"},
		{[]string{"COHORT_FLAGS=--config=" + path + " --profile ci"}, []string{"--config=off", "--profile="}, "pkgname default"},
		{[]string{"COHORT_FORMAT=testname", "COHORT_WORKERS=9"}, []string{"--config=off"}, "pkgname default"},
	} {
		cmd := &command{env: newEnviron(c.env)}
		line, err := cmd.parse(c.args)
		if err != nil {
			t.Errorf("%v %v: %v", c.env, c.args, err)
			continue
		}
		source := "default"
		if s, ok := line.settings.find("format"); ok {
			source = strings.ReplaceAll(s.source, path, "FILE")
		}
		if got := line.opts.format + " " + source; got != c.want || line.opts.run.workers != 0 {
			t.Errorf("%v %v: got %s, want %s", c.env, c.args, got, c.want)
		}
	}
}

// TestListsAreReplaced checks that the groups of a source do not join those of another.
func TestListsAreReplaced(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, "groups: [A, B]\nhide-summary: [skipped, failed]\nlink-cache: false\nshuffle: off\nrerun-delay: 2\n")
	o := parsed(t, nil, "--config="+path)
	if len(o.run.groups) != 2 || o.run.linkCache || o.run.shuffle.mode != shuffleOff || o.rerun.delay.Seconds() != 2 ||
		o.hideSummary.String() != "skipped,failed" {
		t.Errorf("got %+v", o)
	}
	o = parsed(t, []string{"COHORT_LINK_CACHE=1"}, "--config="+path, "--group=C", "--hide-summary=errors")
	if len(o.run.groups) != 1 || !o.run.linkCache || o.hideSummary.String() != "errors" {
		t.Errorf("got %+v", o)
	}
}

// TestEveryFlagIsAKey sets each flag in a file, and looks for it in the schema: keys,
// flags and schema cannot differ.
func TestEveryFlagIsAKey(t *testing.T) {
	t.Parallel()
	table, _ := newFlags(newEnviron(nil))
	properties, ok := config.Schema(table.flags)["properties"].(map[string]any)
	if !ok {
		t.Fatal("no properties")
	}
	for _, f := range table.flags {
		// version and quarantine are other things in a file.
		if _, has := properties[f.Name]; has == (f.Once || f.Hidden) && f.Name != "version" && f.Name != "quarantine" {
			t.Errorf("%s: in the schema: %v", f.Name, has)
		}
		value := "1"
		switch f.Kind {
		case usage.Switch:
			value = "true"
		case usage.Choice:
			value = f.Choices[len(f.Choices)-1]
		case usage.Number, usage.Text:
		}
		switch f.Name {
		case "hide-summary", "no-summary":
			value = "skipped"
		case "shard":
			value = "1/2"
		}
		cfg, problems := config.Parse("f", []byte(config.KeyOf(&f)+": "+value), table.flags)
		switch {
		case f.Name == "version": // means something else in a file
		case f.Once && len(problems) == 1:
		case f.Once || len(problems) > 0:
			t.Errorf("%s: %v", f.Name, problems)
		default:
			fresh, _ := newFlags(newEnviron(nil))
			if wrong := fresh.apply(fileLayer(cfg.Flags, "")); len(wrong) > 0 || !fresh.set.Changed(f.Name) && fresh.set.Lookup(f.Name).Value.String() == "" {
				t.Errorf("%s: %v", f.Name, wrong)
			}
		}
	}
}

// TestFindConfig looks for files beside go.mod.
func TestFindConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub", "deep")
	for _, d := range []string{sub, filepath.Join(dir, ".config")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	find := func(flag, want string) {
		t.Helper()
		got, err := findConfig(flag, sub)
		if err != nil {
			got = err.Error()
		}
		if got = strings.ReplaceAll(filepath.ToSlash(got), filepath.ToSlash(dir), "DIR"); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%q: got %s, want %s", flag, got, want)
		}
	}
	write("go.mod")
	find("", "^$")
	write(".config/cohort.yaml")
	find("", `^(DIR|\.\./.*)/\.config/cohort\.yaml$`)
	write(".cohort.yaml")
	find("", "^there are two configuration files, .* and .*: remove one")
	find("off", "^$")
	find(filepath.Join(dir, "go.mod"), "^DIR/go.mod$")
	find(filepath.Join(dir, "none"), "^--config=DIR/none: there is no such file")
	if err := os.Remove(filepath.Join(dir, ".config", "cohort.yaml")); err != nil {
		t.Fatal(err)
	}
	find("", `^(DIR|\.\./.*)/\.cohort\.yaml$`)
}

// TestUnsupportedSections checks that no section is ignored.
func TestUnsupportedSections(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"tests": "tests: [{match: {test: A}, serial: true}]", "locks": "locks: {a: 1}",
		"quarantine": "quarantine: [{test: p.T, until: 2027-01-31}]", "setup": "setup: [{name: a, run: b}]",
		"worker-setup": "worker-setup: [{name: a, run: b}]", "tests.lock": "tests: [{match: {test: A}, lock: a}]",
		"tests.test-timeout": "tests: [{match: {test: A}, test-timeout: 2}]",
	} {
		path := writeConfig(t, "version: 1\n"+text)
		_, err := (&command{env: newEnviron(nil)}).parse([]string{"--config=" + path})
		want := fmt.Sprintf("%s:2: %s is not supported by this version of cohort", path, name)
		if supported := slices.Contains(supportedSections(), name); supported != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: supported %v, %v", name, supported, err)
		}
	}
}
