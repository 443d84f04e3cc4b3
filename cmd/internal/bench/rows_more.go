package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func trivialRow(ctx context.Context, b *bench) ([]table, error) {
	var tables []table
	for _, n := range []int{10, 100, 1000} {
		m := b.newModule(fmt.Sprintf("trivial%d", n))
		for i := range n {
			m.trivial(fmt.Sprintf("p%03d", i))
		}
		if err := b.warm(ctx, m, "-trimpath", "./..."); err != nil {
			return nil, err
		}
		t := table{title: fmt.Sprintf("%d packages of ten trivial tests, workers = cores", n), rounds: 2}
		args := []string{"-count=1", "-trimpath", "./..."}
		t.contestants = b.contestants(m.dir, nil, args)
		if n > 10 {
			t.contestants = b.pair(m.dir, nil, args)
		}
		if n == 1000 {
			t.rounds = 1 // what the go command does is most of it, and it takes minutes
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// rerunRow measures how long one waits for the second chance of a test: from its failure to its second start, as the test
// itself sees it. The delay that cohort makes by default is switched off, gotestsum has none.
func rerunRow(ctx context.Context, b *bench) ([]table, error) {
	m := b.newModule("rerun")
	m.large()
	if err := b.warm(ctx, m, "-trimpath", "./..."); err != nil {
		return nil, err
	}
	marks := filepath.Join(b.tmp, "marks")
	env := []string{"BENCH_MARKS=" + marks}
	value := func() (time.Duration, error) { return between(marks) }
	forget := func() error { return removeFile(marks) }
	packages := []string{"-count=1", "-trimpath", "./..."}
	c := func(name string, argv ...string) contestant {
		return contestant{name: name, dir: m.dir, argv: argv, env: env, before: forget, value: value}
	}
	return []table{{
		title: "from a failure to the second start of the test, binary of 50 MB", rounds: 7,
		contestants: []contestant{
			c("gotestsum", append([]string{b.gotestsum, "--rerun-fails", "--packages=./...", "--"}, packages[:2]...)...),
			c("cohort", b.cohortArgs([]string{"--rerun-fails", "--rerun-delay=0"}, packages)...),
		},
	}}, nil
}

func removeFile(path string) error {
	err := os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// between returns the time between the end of the first and the begin of the second attempt.
func between(marks string) (time.Duration, error) {
	text, err := os.ReadFile(marks)
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	// A third time is cohort's look at whether the test passes in source order.
	if len(fields) != 2 && len(fields) != 3 {
		return 0, fmt.Errorf("the test ran %d times, want 2 or 3", len(fields))
	}
	var at [2]int64
	for i, field := range fields[:2] {
		if at[i], err = strconv.ParseInt(field, 10, 64); err != nil {
			return 0, err
		}
	}
	return time.Duration(at[1] - at[0]), nil
}

func eventsRow(_ context.Context, b *bench) ([]table, error) {
	const events = 1_000_000
	path := filepath.Join(b.tmp, "events.json")
	if err := writeEvents(path, events); err != nil {
		return nil, err
	}
	// dots-v2 draws a screen anew for each event; it is a format for people, and not for a million.
	formats := []string{"dots", "pkgname", "pkgname-and-test-fails", "testname", "testdox", "github-actions",
		"standard-quiet", "standard-verbose"}
	var tables []table
	for _, format := range formats {
		args := []string{"--format=" + format, "--raw-command", "--", "cat", path}
		tables = append(tables, table{
			title: "a million events, --format=" + format, rounds: 2,
			contestants: []contestant{
				{name: "gotestsum", argv: append([]string{b.gotestsum}, args...)},
				{name: "cohort", argv: append([]string{b.cohort}, args...)},
			},
		})
	}
	return tables, nil
}

// writeEvents writes a run of go test -json: packages of a hundred passing tests with two lines of output each.
func writeEvents(path string, events int) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	const start = `{"Time":"2026-01-02T03:04:05.678901234Z","Action":`
	written := 0
	event := func(format string, args ...any) {
		fmt.Fprintf(out, start+format+"\n", args...) // bufio keeps the error for Flush
		written++
	}
	for p := 0; written < events; p++ {
		pkg := fmt.Sprintf("example.com/events/p%04d", p)
		event(`"start","Package":%q}`, pkg)
		for n := 0; n < 100 && written < events; n++ {
			test := fmt.Sprintf("TestNumber%02d", n)
			event(`"run","Package":%q,"Test":%q}`, pkg, test)
			event(`"output","Package":%q,"Test":%q,"Output":"=== RUN   %s\n"}`, pkg, test, test)
			event(`"output","Package":%q,"Test":%q,"Output":"    p_test.go:%d: a line that the test logs\n"}`, pkg, test, n)
			event(`"output","Package":%q,"Test":%q,"Output":"--- PASS: %s (0.01s)\n"}`, pkg, test, test)
			event(`"pass","Package":%q,"Test":%q,"Elapsed":0.01}`, pkg, test)
		}
		event(`"output","Package":%q,"Output":"PASS\n"}`, pkg)
		event(`"output","Package":%q,"Output":"ok  \t%s\t1.002s\n"}`, pkg, pkg)
		event(`"pass","Package":%q,"Elapsed":1.002}`, pkg)
	}
	return out.Flush()
}

// startRow starts the processes with nothing to do. A Go program that does nothing is what they can be compared with.
func startRow(ctx context.Context, b *bench) ([]table, error) {
	m := b.newModule("start")
	m.file("main.go", []byte("package main\n\nfunc main() {}\n"))
	if m.err != nil {
		return nil, m.err
	}
	nothing := filepath.Join(b.tmp, "nothing")
	if err := b.do(ctx, m.dir, "go", "build", "-o", nothing, "."); err != nil {
		return nil, err
	}
	const repeat = 20
	return []table{{
		title: "start of a process, mean of 20", rounds: 5,
		contestants: []contestant{
			{name: "a Go program that does nothing", argv: []string{nothing}, repeat: repeat},
			{name: "cohort exec-tool that program", argv: []string{b.cohort, "exec-tool", nothing}, repeat: repeat},
			// Without a cohort to call back it ends with an error, after all that it does before calling.
			{name: "cohort exec-test, nobody to call", argv: []string{b.cohort, "exec-test", nothing}, repeat: repeat, exit: 1},
			{name: "cohort --version", argv: []string{b.cohort, "--version"}, repeat: repeat},
		},
	}}, nil
}
