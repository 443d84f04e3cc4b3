package main

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gotestcohort/cohort/cmd/internal/built"
)

// TestMain puts commands into PATH: cohort, which is this test binary under another name, and the
// commands that cohort is to run.
func TestMain(m *testing.M) {
	if err := os.Setenv("GORACE", goRace()); err != nil {
		panic(err)
	}
	standin := built.Program{Name: "standin", Package: "../internal/standin"}
	testscript.Main(built.M{Tests: m, Commands: standin, Names: []string{"replay", "stay", "vars", "noise"}}, map[string]func(){"cohort": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	// The go command's caches: a home of its own would compile everything anew.
	names := []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOTOOLCHAIN"}
	values := strings.Split(goEnv(t, names...), "\n")
	kept := built.KeptLinks(t, "../..") // one script links what another has, or a run before
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			streams, err := filepath.Abs("testdata/streams")
			e.Setenv("STREAMS", streams)
			for i, name := range names {
				e.Setenv(name, values[i])
			}
			for _, entry := range kept {
				name, value, _ := strings.Cut(entry, "=")
				e.Setenv(name, value)
			}
			e.Setenv("GOGC", os.Getenv("GOGC"))
			// What cohort remembers of a module is of this script, and not of others with a module of that name.
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, ".cache"))
			e.Setenv("GOVERSION", "go1.test")
			e.Setenv("GORACE", goRace())
			// A script with the race detector goes on without it by PATH=$PLAIN${:}$PATH.
			flags, plain := built.Trimmed, filepath.Dir(built.PlainCohort(t))
			e.Setenv("PLAIN", plain)
			if script := strings.TrimPrefix(filepath.Base(e.WorkDir), "script-"); !built.Raced(t.Name() + "/" + script) {
				e.Setenv("PATH", plain+string(os.PathListSeparator)+e.Getenv("PATH"))
				flags = built.QuickFlags
			}
			e.Setenv("GOFLAGS", strings.TrimSpace(e.Getenv("GOFLAGS")+" "+flags))
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"xmlcount": xmlCount, "runs": runs, "quiet": quiet},
	})
}

// goRace is GORACE of the processes that tests start. Under the race detector they are this test
// binary, and each waits a second before it ends, of which there are thousands.
func goRace() string { return cmp.Or(os.Getenv("GORACE"), "atexit_sleep_ms=10") }

// quiet checks that stderr says nothing but what a run says that takes long: what failed when it failed, and
// what it was bounded by.
func quiet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: quiet")
	}
	if said := ofShortRun(ts.ReadFile("stderr")); said != "" {
		ts.Fatalf("stderr:\n%s", said)
	}
}

// ofShortRun is what is left of stderr if the run did not take long.
func ofShortRun(stderr string) string {
	return regexp.MustCompile(`(?m)^(FAIL .*\n(    .*\n)*|(bounded by|longest:|still running:) .*\n)`).ReplaceAllString(stderr, "")
}

// xmlCount checks how often an element is in a file: xmlcount FILE ELEMENT N.
func xmlCount(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	if got := strings.Count(ts.ReadFile(args[0]), "<"+args[1]+" "); (got == want) == neg {
		ts.Fatalf("%s: %d times <%s>, want %d", args[0], got, args[1], want)
	}
}

// runs checks how many lines of a file hold a character a number of times in a row:
// runs FILE CHARACTER LENGTH N.
func runs(ts *testscript.TestScript, neg bool, args []string) {
	length, err := strconv.Atoi(args[2])
	ts.Check(err)
	want, err := strconv.Atoi(args[3])
	ts.Check(err)
	got := 0
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if _, after, ok := strings.Cut(line, strings.Repeat(args[1], length)); ok && !strings.HasPrefix(after, args[1]) {
			got++
		}
	}
	if (got == want) == neg {
		ts.Fatalf("%s: %d lines with %s of %q in a row, want %d", args[0], got, args[2], args[1], want)
	}
}
