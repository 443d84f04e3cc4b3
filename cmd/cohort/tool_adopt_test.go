package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/scheduler/hunt"
)

// TestFailedTests has go test -json events and the tests that failed by them.
func TestFailedTests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ events, want string }{
		{``, "[]"},
		{`{"Action":"pass","Package":"p","Test":"TestA"}`, "[]"},
		{`{"Action":"fail","Package":"p","Test":"TestA/sub"}|{"Action":"fail","Package":"p","Test":"TestA"}|{"Action":"fail","Package":"p"}`, "[{p TestA}]"},
		{`{"Action":"fail","Package":"p","Test":"TestA"}|{"Action":"fail","Package":"q"}|`, "[{p TestA} {q }]"},
		{`{"Action":"fa`, `no event: "{\"Action\":\"fa"`},
	} {
		got, _, err := readProof(strings.NewReader(strings.ReplaceAll(tt.events, "|", "\n")))
		text := fmt.Sprint(got)
		if err != nil {
			text = err.Error()
		}
		if text != tt.want {
			t.Errorf("%s: got %s, want %s", tt.events, text, tt.want)
		}
	}
}

// TestUselessRules has adopted entries and what fails without them: how many are useless.
func TestUselessRules(t *testing.T) {
	t.Parallel()
	ab := config.Match{Package: "./p", Test: "^(TestA|TestB)$"}
	for _, tt := range []struct {
		name    string
		written []config.Match
		failed  string // units of m/p
		want    int
	}{
		{"nothing", nil, "", 0},
		{"needed", []config.Match{ab}, "TestB", 0},
		{"paid", []config.Match{ab}, "", 1},
		{"another test fails", []config.Match{ab}, "TestC TestAB", 1},
		{"did not run", []config.Match{{Package: "./x", Test: "^(TestA)$"}}, "TestA", 0},
		{"another package", []config.Match{{Package: "./q", Test: "^(TestA)$"}}, "TestA", 1},
		{"a whole package", []config.Match{{Package: "./p"}}, "TestC", 0},
		{"a whole package, paid", []config.Match{{Package: "./p"}}, "", 1},
		{"two, one paid", []config.Match{ab, {Package: "./p", Test: "^(TestC)$"}}, "TestC", 1},
	} {
		p := &adoptPlace{module: "m", file: &config.Config{Rules: []config.Rule{{Match: config.Match{Package: "./p"}, Reason: "ours"}}}}
		for _, m := range tt.written {
			p.file.Rules = append(p.file.Rules, config.Rule{Match: m, Reason: adoptedMark + "x"})
		}
		rep := &hunt.Report{Paths: []string{"m/p", "m/q"}}
		for unit := range strings.FieldsSeq(tt.failed) {
			rep.Findings = append(rep.Findings, hunt.Finding{Package: "m/p", Unit: unit})
		}
		if got := len(p.useless(rep)); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestAdoptPattern has packages as the file names them.
func TestAdoptPattern(t *testing.T) {
	t.Parallel()
	for _, tt := range [][3]string{{"m", "m", "."}, {"m", "m/a/b", "./a/b"}, {"m", "mm/a", "mm/a"}, {"", "a", "a"}} {
		if got := (&adoptPlace{module: tt[0]}).pattern(tt[1]); got != tt[2] {
			t.Errorf("%s in %s: got %s, want %s", tt[1], tt[0], got, tt[2])
		}
	}
}

// TestWriteWhole keeps the mode of a file and what a link leads to, and leaves nothing else behind.
func TestWriteWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, link := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	name := link
	if err := os.Symlink("a", link); err != nil { // Windows may not allow it
		name = path
	}
	if err := writeWhole(name, []byte("new")); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	info, statErr := os.Stat(path)
	if err != nil || statErr != nil || string(data) != "new" || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v, %v", data, info.Mode(), err, statErr)
	}
	if err := writeWhole(filepath.Join(dir, "none", "a"), nil); err == nil {
		t.Error("a folder that does not exist was written to")
	}
	dangling := filepath.Join(dir, "c")
	if err := os.Symlink("none", dangling); err == nil {
		if err := writeWhole(dangling, nil); err == nil {
			t.Error("a link that leads to no file was replaced")
		}
		if err := os.Remove(dangling); err != nil {
			t.Error(err)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 2 {
		t.Errorf("%v, %v", list, err)
	}
}
