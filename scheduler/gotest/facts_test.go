package gotest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// The tests in this file ask the go command what cohort takes for granted of it: the facts in this
// package's comment. One that fails with a new release of Go says what to think over.

// factsModule writes a module with these files in a directory of the test's.
func factsModule(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the go command")
	}
	dir = t.TempDir()
	files["go.mod"] = "module m\n\ngo 1.26\n"
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runIn runs a command and returns its output and whether it exited 0.
func runIn(t *testing.T, dir, name string, args ...string) (out string, ok bool) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(text), err == nil
}

// factExecCommand is what this test binary does as a program of -exec: it runs the test binary.
const factExecCommand = "fact-exec"

// factExec runs args, with a test log beside the binary if FACT_TESTLOG is set.
func factExec(args []string) int {
	if strings.HasPrefix(args[0], reentry.CacheKeyFlag) {
		args = args[1:]
	}
	if os.Getenv("FACT_TESTLOG") != "" {
		log := filepath.Join(filepath.Dir(args[0]), "testlog.txt")
		args = slices.Insert(slices.Clone(args), 1, "-test.testlogfile="+log)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestFactExecCache: -exec turns the result cache off, unless its program leaves a test log beside the
// binary. The value of -exec is part of the key, that of -toolexec is not.
func TestFactExecCache(t *testing.T) {
	t.Parallel()
	dir := factsModule(t, map[string]string{"m_test.go": "package m\n\nimport \"testing\"\n\nfunc TestA(*testing.T) {}\n"})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	execFlag := "-exec=" + self + " " + factExecCommand
	for _, step := range []struct {
		name   string
		env    string
		args   []string
		cached bool
	}{
		{"no test log", "", nil, false},
		{"no test log, again", "", nil, false},
		{"a test log", "1", nil, false},
		{"a test log, again", "1", nil, true},
		{"another -exec", "1", []string{execFlag + " " + reentry.CacheKeyFlag + "2"}, false},
		{"a -toolexec", "1", []string{"-toolexec=" + self + " " + ToolCommand}, true},
	} {
		if strings.Contains(step.name, "-toolexec") && !WrapsTools(runtime.GOOS) {
			continue
		}
		cmd := exec.Command("go", append(append([]string{"test", execFlag}, step.args...), ".")...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off", "FACT_TESTLOG="+step.env)
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(out), "(cached)") != step.cached {
			t.Errorf("%s: %v, want cached %v\n%s", step.name, err, step.cached, out)
		}
	}
}

const factTests = `package m

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	fmt.Println("TestMain runs")
	os.Exit(m.Run())
}

func TestA(t *testing.T) {
	t.Run("x", func(t *testing.T) { t.Log("first x") })
	t.Run("x", func(t *testing.T) { t.Log("second x") })
	t.Run("y", func(t *testing.T) {})
}

func TestB(t *testing.T) {
	t.Run("x", func(t *testing.T) {})
	t.Run("y", func(t *testing.T) {})
}

func TestC(t *testing.T) { fmt.Print("no newline") }

func TestD(t *testing.T) {
	if os.Getenv("FAIL") != "" {
		t.Fail()
	}
}

func TestE(t *testing.T) {}
`

// TestFactsOfTestBinary asks one test binary what its flags do.
func TestFactsOfTestBinary(t *testing.T) {
	t.Parallel()
	dir := factsModule(t, map[string]string{"m_test.go": factTests})
	binary := filepath.Join(dir, "m.test.exe")
	if out, ok := runIn(t, dir, "go", "test", "-c", "-o", binary); !ok {
		t.Fatal(out)
	}
	run := func(args ...string) string {
		t.Helper()
		out, ok := runIn(t, dir, binary, args...)
		if !ok {
			t.Errorf("%q: %s", args, out)
		}
		return out
	}
	// began lists the tests in the order in which they began.
	began := func(args ...string) string {
		t.Helper()
		var names []string
		for line := range strings.Lines(run(append(args, "-test.v=test2json")...)) {
			if _, name, ok := strings.Cut(line, "\x16=== RUN   "); ok {
				names = append(names, strings.TrimSpace(name))
			}
		}
		return strings.Join(names, " ")
	}
	t.Run("a list runs TestMain", func(t *testing.T) {
		if out := run("-test.list=."); !strings.Contains(out, "TestMain runs\nTestA\n") {
			t.Error(out)
		}
	})
	t.Run("a run list keeps source order", func(t *testing.T) {
		if got := began("-test.run=^(TestE|TestC|TestD)$"); got != "TestC TestD TestE" {
			t.Error(got)
		}
	})
	t.Run("alternatives are split before levels", func(t *testing.T) {
		if got := began("-test.run=^TestA$/^y$|^TestB$/^x$"); got != "TestA TestA/y TestB TestB/x" {
			t.Error(got)
		}
	})
	t.Run("a filtered subtest has the name it always has", func(t *testing.T) {
		if out := run("-test.v", "-test.run=^TestA$/^x#01$"); !strings.Contains(out, "--- PASS: TestA/x#01 ") || !strings.Contains(out, "second x") {
			t.Error(out)
		}
	})
	t.Run("a subset of a shuffle keeps its order", func(t *testing.T) {
		shuffled := false
		for seed := range 5 {
			flag := fmt.Sprint("-test.shuffle=", seed)
			want := slices.DeleteFunc(strings.Fields(began("-test.run=^Test.$/^$", flag)), func(name string) bool { return name < "TestC" })
			got := strings.Fields(began("-test.run=^Test[C-E]$", flag))
			if !slices.Equal(got, want) {
				t.Errorf("seed %d: %s, of all tests %s", seed, got, want)
			}
			shuffled = shuffled || !slices.IsSorted(got)
		}
		if !shuffled {
			t.Error("no seed changes the order")
		}
	})
	t.Run("a marker may stand in mid-line", func(t *testing.T) {
		if out := run("-test.v=test2json", "-test.run=TestC"); !strings.Contains(out, "no newline\x16--- PASS: TestC ") {
			t.Errorf("%q", out)
		}
	})
	t.Run("failfast stops one process", func(t *testing.T) {
		cmd := exec.Command(binary, "-test.failfast", "-test.v", "-test.run=^Test[DE]$")
		cmd.Env = append(os.Environ(), "FAIL=1")
		out, err := cmd.CombinedOutput()
		if err == nil || strings.Contains(string(out), "TestE") {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("test2json takes a name for what follows", func(t *testing.T) {
		cmd := exec.Command("go", "tool", "test2json")
		cmd.Stdin = strings.NewReader("\x16=== RUN   TestA\n\x16=== RUN   TestB\n\x16=== NAME  TestA\nwords\n")
		out, err := cmd.Output()
		if err != nil || !bytes.Contains(out, []byte(`"Test":"TestA","Output":"words\n"`)) {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// TestFactReproducible: the link cache and shared caches count on it.
func TestFactReproducible(t *testing.T) {
	t.Parallel()
	const source = "package main\n\nfunc main() { println(1) }\n"
	build := func(dir string, args ...string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "out")
		if out, ok := runIn(t, dir, "go", append([]string{"build", "-o", file}, args...)...); !ok {
			t.Fatal(out)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	here := factsModule(t, map[string]string{"main.go": source})
	there := factsModule(t, map[string]string{"main.go": source})
	first, second := build(here), build(here)
	if first != second {
		t.Error("the same path twice: two programs")
	}
	if first == build(there) {
		t.Error("two paths: one program")
	}
	if build(here, "-trimpath") != build(there, "-trimpath") {
		t.Error("two paths with -trimpath: two programs")
	}
}
