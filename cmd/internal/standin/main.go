// Command standin stands in for what cohort runs, in the tests of cohort: under the name replay for a
// go command, stay for one that waits, noise for one that prints much, and vars for a post-run
// command. It imports little, for it is started some thousand times.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func main() { os.Exit(run(os.Args, os.Stdout, os.Stderr)) }

// run does what the name of the program says. args are as os.Args.
func run(args []string, stdout, stderr io.Writer) int {
	switch name := strings.TrimSuffix(filepath.Base(args[0]), ".exe"); name {
	case "replay":
		return replay(args[1:], stdout, stderr)
	case "stay":
		return stay(args[1:])
	case "vars":
		printVars(stdout)
	case "noise":
		return noise(args[1:], stdout, stderr)
	default:
		fmt.Fprintf(stderr, "standin: it cannot be %s, but replay, stay, vars or noise\n", name)
		return 99
	}
	return 0
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
func printVars(stdout io.Writer) {
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "TESTS_") || strings.HasPrefix(kv, "GOTESTSUM_") {
			fmt.Fprintln(stdout, kv)
		}
	}
}

// noise prints much to both streams at once: args are the number of lines, and the
// length of each.
func noise(args []string, stdout, stderr io.Writer) int {
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
			fmt.Fprintf(stderr, "err %d %s end\n", i, strings.Repeat("e", length))
		}
	}()
	for i := range lines {
		fmt.Fprintf(stdout, "out %d %s end\n", i, strings.Repeat("o", length))
	}
	<-done
	return 0
}
