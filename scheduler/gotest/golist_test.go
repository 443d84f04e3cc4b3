package gotest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseSources(t *testing.T) {
	t.Parallel()
	packages, err := parseSources(strings.NewReader(`{"ImportPath": "m", "Dir": "/m", "TestGoFiles": ["a_test.go"], "XTestGoFiles": ["x_test.go"]}
{"ImportPath": "gone", "Error": {"Err": "cannot find it\n"}}`))
	want := "[{m /m [a_test.go] [x_test.go] } {gone  [] [] cannot find it}]"
	if got := fmt.Sprint(packages); err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	for _, wrong := range []string{"{", "x", `{"ImportPath": 1}`} {
		if _, err := parseSources(strings.NewReader(wrong)); err == nil || !strings.HasPrefix(err.Error(), "read go list: ") {
			t.Errorf("%s: error %v", wrong, err)
		}
	}
}

func TestListSources(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.24\n", "a_test.go": "package m\n", "b_test.go": "//go:build b\n\npackage m_test\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	for _, tt := range []struct{ args, want, err string }{
		{"", "m a_test.go", ""},
		{"-tags=b -count=1 -v ./...", "m a_test.go b_test.go", ""},
		{"-run=X b_test.go", "command-line-arguments b_test.go", ""},
		{"-tags ./...", "m a_test.go", ""}, // the pattern is the value of -tags
		{"-mod=nonsense .", "", "go list: exit status 1: -mod=nonsense not supported"},
	} {
		a, err := ParseArgs(append([]string{"-C", dir}, strings.Fields(tt.args)...), []string{"GOENV=off"})
		if err != nil {
			t.Fatal(err)
		}
		packages, err := a.ListSources(t.Context(), "", env)
		if tt.err != "" {
			if err == nil || !strings.HasPrefix(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %s", tt.args, err, tt.err)
			}
			continue
		}
		if err != nil || len(packages) != 1 {
			t.Errorf("%s: %v, %v", tt.args, packages, err)
			continue
		}
		p := packages[0]
		if got := strings.Join(append(append([]string{p.ImportPath}, p.Internal...), p.External...), " "); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.args, got, tt.want)
		}
	}
}

// TestListFiles: what is compiled here, and which packages are of a module that is worked on.
func TestListFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module m\n\ngo 1.24\n", "a.go": "package m\n", "a_test.go": "package m\n", "b.go": "//go:build b\n\npackage m\n",
		"other/go.mod": "module o\n\ngo 1.24\n", "other/o.go": "package o\n",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	names := []string{"m", dir, filepath.Join(dir, "other"), filepath.Join(dir, "none"), "errors"}
	for range 2 * perList { // in several commands
		names = append(names, "m")
	}
	a, err := ParseArgs([]string{"-C", dir, "-tags=b", "-covermode=count", "-run=X"}, []string{"GOENV=off"})
	if err != nil {
		t.Fatal(err)
	}
	packages, err := a.ListFiles(t.Context(), "", env, names)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, p := range packages {
		got[p.ImportPath] = fmt.Sprint(p.Dir != "", p.Main, p.Files)
	}
	want := map[string]string{
		"m": "true true [a.go b.go]", filepath.Join(dir, "other"): "false false []", filepath.Join(dir, "none"): "false false []",
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s: %s, want %s", name, got[name], text)
		}
	}
	if !strings.HasPrefix(got["errors"], "true false [") {
		t.Errorf("errors: %s", got["errors"])
	}
	if packages, err := a.ListFiles(t.Context(), "", env, nil); err != nil || packages != nil {
		t.Errorf("of nothing: %v, %v", packages, err)
	}
	for _, wrong := range []string{"{", `{"GoFiles": 1}`} {
		if _, err := parseFiles(strings.NewReader(wrong)); err == nil || !strings.HasPrefix(err.Error(), "read go list: ") {
			t.Errorf("%s: error %v", wrong, err)
		}
	}
}
