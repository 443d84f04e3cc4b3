package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts commands into PATH that are this test binary under other names.
func TestMain(m *testing.M) {
	if err := os.Setenv("GORACE", goRace()); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"cohort": main,
		"replay": func() { os.Exit(replay(os.Args[1:], os.Stdout, os.Stderr)) },
		"stay":   func() { os.Exit(stay(os.Args[1:])) },
		"vars":   printVars,
		"noise":  func() { os.Exit(noise(os.Args[1:])) },
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			streams, err := filepath.Abs("testdata/streams")
			e.Setenv("STREAMS", streams)
			// The go command's caches: a home of its own would compile everything anew.
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOTOOLCHAIN"} {
				e.Setenv(name, goEnv(t, name))
			}
			e.Setenv("GOVERSION", "go1.test")
			e.Setenv("GORACE", goRace())
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"xmlcount": xmlCount, "runs": runs},
	})
}

// goRace is GORACE of the processes that tests start. Under the race detector they are this test
// binary, and each waits a second before it ends, of which there are thousands.
func goRace() string { return cmp.Or(os.Getenv("GORACE"), "atexit_sleep_ms=10") }

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

// replay writes the recorded stream that args[0] names, as the command it was
// recorded from did, and returns that command's exit code. With a -test.run flag and
// a package behind it, it replays args[0]+".rerun" instead, if there is one.
func replay(args []string, stdout, stderr io.Writer) int {
	name := args[0]
	if len(args) > 1 {
		if _, err := os.Stat(name + ".rerun.jsonl"); err == nil {
			name += ".rerun"
		}
	}
	for _, part := range []struct {
		suffix string
		to     io.Writer
	}{{".stderr", stderr}, {".jsonl", stdout}} {
		data, err := os.ReadFile(name + part.suffix)
		if err != nil && !os.IsNotExist(err) {
			fmt.Fprintln(stderr, err)
			return 99
		}
		if _, err := part.to.Write(data); err != nil {
			return 98 // the reader has gone: it had enough
		}
	}
	code, err := os.ReadFile(name + ".exit")
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(code)))
	if err != nil {
		return 97
	}
	return n
}

// stay writes a line to the named pipe args[0], keeps it open, and waits for a signal.
// It reports which one came in an event, and exits with 1; or, with args[1]
// "stubborn", it writes a line for each signal and goes on.
func stay(args []string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	pipe, err := os.OpenFile(args[0], os.O_WRONLY, 0)
	if err != nil {
		return 99
	}
	for line := "here"; ; line = "signal" {
		if _, err := fmt.Fprintln(pipe, line); err != nil {
			return 98
		}
		sig := <-signals
		if len(args) == 1 {
			fmt.Printf(`{"Action":"fail","Package":"p","Test":"Test_%s"}`+"\n", sig)
			return 1
		}
	}
}

// printVars prints what a post-run command is told.
func printVars() {
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "TESTS_") || strings.HasPrefix(kv, "GOTESTSUM_") {
			fmt.Println(kv)
		}
	}
}

// noise prints much to both streams at once: args are the number of lines, and the
// length of each.
func noise(args []string) int {
	lines, err := strconv.Atoi(args[0])
	if err != nil {
		return 99
	}
	length, err := strconv.Atoi(args[1])
	if err != nil {
		return 99
	}
	done := make(chan struct{})
	go func() { // ends with its lines
		defer close(done)
		for i := range lines {
			fmt.Fprintf(os.Stderr, "err %d %s end\n", i, strings.Repeat("e", length))
		}
	}()
	for i := range lines {
		fmt.Printf("out %d %s end\n", i, strings.Repeat("o", length))
	}
	<-done
	return 0
}
