package built

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestProgramIsBuiltOnce(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it links a program")
	}
	folder := t.TempDir()
	p := Program{Name: "hello", Package: ".", Dir: t.TempDir()}
	for name, text := range map[string]string{
		"go.mod": "module example.com/hello\n\ngo 1.26\n", "main.go": "package main\n\nfunc main() { println(1) }\n",
	} {
		if err := os.WriteFile(filepath.Join(p.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	type outcome struct {
		path string
		err  error
	}
	outcomes := make(chan outcome)
	for range 3 {
		go func() { // ends when its outcome is taken below
			path, err := p.build(folder)
			outcomes <- outcome{path, err}
		}()
	}
	first := <-outcomes
	if first.err != nil {
		t.Fatal(first.err)
	}
	info, err := os.Stat(first.path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if o := <-outcomes; o != first {
			t.Errorf("%+v after %+v", o, first)
		}
	}
	if again, err := os.Stat(first.path); err != nil || !os.SameFile(again, info) || !again.ModTime().Equal(info.ModTime()) {
		t.Errorf("it was built again: %v, %v", again, err)
	}
	m := M{Commands: Program{Name: "none", Package: "./none", Dir: p.Dir}, Names: []string{"a"}}
	if err := m.install(folder); err == nil || !strings.Contains(err.Error(), "go build -trimpath -o") {
		t.Errorf("a program that cannot be built: %v", err)
	}
	if _, err := p.build(""); err == nil {
		t.Error("no folder, and no error")
	}
}

// TestRacedTestsExist: a test of another name would lose the race detector without a word.
func TestRacedTestsExist(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../cohort/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	there := make(map[string]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(t `).FindAllStringSubmatch(string(text), -1) {
			there[m[1]] = true
		}
	}
	for test, pattern := range map[string]string{
		"TestScripts": "script/*.txtar", "TestSameAsGotestsum": "streams/*.jsonl", "TestReplaySameAsRun": "streams/*.jsonl",
	} {
		files, err := filepath.Glob("../../cohort/testdata/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, file := range files {
			there[test+"/"+strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))] = true
		}
	}
	for _, name := range racedTests() {
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
	}
	for name, want := range map[string]bool{"TestSoak": true, "TestSoak/worker": true, "TestSoakOther": false, "TestScripts": false, "TestScripts/reruns": true, "TestScripts/rerunterms": false} {
		if got := Raced(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
