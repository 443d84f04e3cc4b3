// Package trace lets every test of this module leave a record of where and when it ran,
// and do what the environment asks of it.
//
// TRACE_LOG names a file: each process and each test appends lines to it, so that the
// order of the lines is the order of what happened, over all processes.
//
// TRACE_SCRIPT holds words like "alpha.TestPay:0=fail": what a test does in an attempt
// (* for every one). The directory's name stands for the package, Main for its TestMain, Init for what comes before.
package trace

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Line is a line of the log.
type Line struct {
	Event   string // process, begin, end
	Pid     int
	Package string
	Test    string            `json:",omitempty"`
	Time    int64             // Unix nanoseconds
	Env     map[string]string `json:",omitempty"` // what cohort told the process
}

var pkg = directory()

func init() {
	env := make(map[string]string)
	for _, kv := range os.Environ() {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "COHORT_") {
			env[name] = value
		}
	}
	write(Line{Event: "process", Env: env})
	if action("Init") == "exit3" {
		os.Exit(3)
	}
}

func directory() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return filepath.Base(dir)
}

func write(l Line) {
	name := os.Getenv("TRACE_LOG")
	if name == "" {
		return
	}
	l.Pid, l.Package, l.Time = os.Getpid(), pkg, time.Now().UnixNano()
	data, err := json.Marshal(l)
	if err != nil {
		panic(err)
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	// One write for each line: lines of several processes do not mix.
	if _, err := file.Write(append(data, '\n')); err != nil {
		panic(err)
	}
	if err := file.Close(); err != nil {
		panic(err)
	}
}

// Test records that t runs, and does what the script says.
func Test(t testing.TB) {
	t.Helper()
	write(Line{Event: "begin", Test: t.Name()})
	t.Cleanup(func() { write(Line{Event: "end", Test: t.Name()}) })
	if os.Getenv("TRACE_LOG") != "" {
		time.Sleep(2 * time.Millisecond) // so that what may overlap does
	}
	act(t, action(t.Name()))
}

// Example records an example.
func Example(name string) {
	write(Line{Event: "begin", Test: name})
	write(Line{Event: "end", Test: name})
}

// Main is a TestMain.
func Main(m *testing.M) {
	switch action("Main") {
	case "":
		os.Exit(m.Run())
	case "exit3":
		os.Exit(3)
	case "panic":
		panic("in TestMain")
	case "norun":
		os.Exit(0)
	case "swallow":
		m.Run()
		os.Exit(0)
	case "after1":
		m.Run()
		fmt.Println("found unexpected goroutines")
		os.Exit(1)
	}
	panic("no such action: " + action("Main"))
}

// action returns what the script says of a name in this attempt, "" for nothing.
func action(name string) string {
	attempt := os.Getenv("COHORT_ATTEMPT")
	if attempt == "" {
		attempt = "0"
	}
	for _, word := range strings.Fields(os.Getenv("TRACE_SCRIPT")) {
		key, action, _ := strings.Cut(word, "=")
		if key == pkg+"."+name+":"+attempt || key == pkg+"."+name+":*" {
			return action
		}
	}
	return ""
}

// meet passes only if another test does the same at the same time.
func meet(t testing.TB) {
	t.Helper()
	prefix := os.Getenv("TRACE_LOG") + ".met."
	name := prefix + pkg + "." + strings.ReplaceAll(t.Name(), "/", "_")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 1000 { // ten seconds: far longer than two processes need to start
		met, err := filepath.Glob(prefix + "*")
		if err != nil {
			t.Fatal(err)
		}
		if len(met) > 1 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("nobody came")
}

// shared is written without a lock, where a race is asked for.
var shared int

func act(t testing.TB, action string) {
	t.Helper()
	switch action {
	case "":
	case "fail":
		t.Error("as the script says")
	case "skip":
		t.Skip("as the script says")
	case "panic":
		panic("as the script says")
	case "goroutine":
		go panic("in a goroutine")
		time.Sleep(time.Hour)
	case "goexit":
		runtime.Goexit()
	case "meet":
		meet(t)
	case "exit0":
		os.Exit(0)
	case "exit1":
		os.Exit(1)
	case "hang":
		time.Sleep(time.Hour)
	case "cleanup":
		t.Cleanup(func() { t.Error("in cleanup, as the script says") })
	case "unlink":
		// The program itself goes, and the test fails.
		if err := os.Remove(os.Args[0]); err != nil {
			t.Fatal(err)
		}
		t.Error("as the script says")
	case "sub", "subpass":
		if run, ok := t.(*testing.T); ok {
			run.Run("part", func(t *testing.T) {
				if action == "sub" {
					t.Error("as the script says")
				}
			})
		}
	case "race":
		done := make(chan bool)
		go func() { shared++; close(done) }()
		shared++
		<-done
	case "racelater":
		// After the last test, where no test can be blamed.
		go func() {
			for range 1000 {
				shared++
				time.Sleep(100 * time.Microsecond)
			}
		}()
		shared++
	default:
		t.Fatalf("no such action: %s", action)
	}
}
