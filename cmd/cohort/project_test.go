package main_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// projectYAML finds the YAML files of the repository that other services read.
func projectYAML(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		ours := path == "." || path == ".github" || strings.HasPrefix(path, ".github/")
		switch {
		case err != nil:
			return err
		case d.IsDir() && !ours:
			return fs.SkipDir
		case filepath.Ext(path) == ".yml" || filepath.Ext(path) == ".yaml":
			files[path], err = fs.ReadFile(root, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestProjectFiles checks that each YAML file of the repository, and each example on the page of
// help about CI, is one document of YAML without a key that stands there twice.
func TestProjectFiles(t *testing.T) {
	t.Parallel()
	files := projectYAML(t)
	for _, name := range []string{
		".goreleaser.yaml", ".golangci.yml", ".pre-commit-hooks.yaml", ".github/dependabot.yml", ".github/workflows/test.yml",
		".github/workflows/release.yml", ".github/actions/cohort/action.yml", ".github/ISSUE_TEMPLATE/bug.yml",
	} {
		if files[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
	for name, want := range map[string]int{"ci": 3, "shards": 4} {
		page, err := os.ReadFile("help/" + name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		examples := regexp.MustCompile(`(?m)^    # (\S+\.yml)\n(?:    .*\n)+`).FindAllSubmatch(page, -1)
		if len(examples) != want {
			t.Errorf("%d examples of YAML on the page %s, want %d", len(examples), name, want)
		}
		for _, m := range examples {
			files["the example "+string(m[1])+" of "+name] = bytes.ReplaceAll(m[0], []byte("\n    "), []byte("\n"))[4:]
		}
	}
	for name, data := range files {
		var v any
		if err := yaml.Unmarshal(data, &v); err != nil || v == nil {
			t.Errorf("%s: %v: %v", name, err, v)
		}
	}
}

// TestContributing checks that CONTRIBUTING.md has every package in its table and names no suite
// and no target of make that does not exist.
func TestContributing(t *testing.T) {
	t.Parallel()
	root := os.DirFS("../..")
	read := func(name string) string {
		data, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	text, makefile := read("CONTRIBUTING.md"), read("Makefile")
	var packages []string
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == "scheduler/internal" || path == "testdata" || d.Name() == "testdata" || path != "." && d.Name()[0] == '.'):
			return fs.SkipDir // scheduler/internal only has parts of tests
		case filepath.Ext(path) == ".go" && !slices.Contains(packages, filepath.ToSlash(filepath.Dir(path))):
			packages = append(packages, filepath.ToSlash(filepath.Dir(path)))
		}
		return err
	})
	if err != nil || len(packages) < 20 {
		t.Errorf("%v: %v", err, packages)
	}
	for _, path := range packages {
		if !strings.Contains(text, "`"+path+"`") {
			t.Errorf("there is no room %s", path)
		}
	}
	for _, m := range regexp.MustCompile("(?m)make ([a-z]+)( |$)").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(makefile, "\n"+m[1]+":") {
			t.Errorf("there is no make %s", m[1])
		}
	}
	var tests strings.Builder
	names, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		tests.WriteString(read("cmd/cohort/" + name))
	}
	for _, m := range regexp.MustCompile("`(Test[A-Za-z]+)(\\.\\.\\.)?`").FindAllStringSubmatch(text, -1) {
		if found := strings.Contains(tests.String(), "func "+m[1]); !found && strings.Contains(text, "| `"+m[1]) {
			t.Errorf("there is no %s", m[0])
		}
	}
}

// TestPlainWords checks the documents for turns of phrase that readers stumbled over.
func TestPlainWords(t *testing.T) {
	t.Parallel()
	bent := regexp.MustCompile(`(?i)\b(can not|stays? (red|green)|turns? (red|green)|is green|beside|what is left|that one|has company|needless)\b`)
	names := []string{"../../README.md", "../../CHANGELOG.md", "../../CONTRIBUTING.md", "../../SECURITY.md"}
	pages, err := filepath.Glob("help/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, pages...) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		for i, line := range strings.Split(string(data), "\n") {
			if m := bent.FindString(line); m != "" {
				t.Errorf("%s:%d: %q in %q", name, i+1, m, line)
			}
		}
	}
}
