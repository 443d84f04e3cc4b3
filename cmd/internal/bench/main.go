// Command bench compares cohort with go test and gotestsum, on work that it generates or that
// every Go installation has.
//
//	go run ./cmd/internal/bench [-row NAME] [-rounds N] [-json FILE]
//	go run ./cmd/internal/bench -benchfmt FILE
//
// Each row runs its contestants in turn (A B C A B C), so that whatever else the machine does meets
// all of them, and prints the median of each, how many times faster than the first contestant it
// is, pairwise by round with the spread, the processor time of all its processes, and the peak
// memory of all together where it can be told (Linux), else of the largest. Nothing is asserted: a
// figure is not a test. -json writes every single measurement to a file, and -benchfmt prints those of
// such a file as Go's benchmarks do, for benchstat.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program but for the process: it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("row", "", "measure only this row; list prints the names")
	rounds := flags.Int("rounds", 0, "measure each contestant so often (default: what each row says)")
	verbose := flags.Bool("v", false, "print every single measurement")
	file := flags.String("json", "", "write all measurements to this file, as JSON")
	results := flags.String("benchfmt", "", "measure nothing, print the measurements in a file of -json as benchmarks")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 3
	}
	if *results != "" {
		return exit(stderr, writeBenchfmt(stdout, *results))
	}
	if *only == "list" {
		return exit(stderr, list(stdout))
	}
	chosen, err := choose(*only)
	if err != nil {
		return exit(stderr, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return exit(stderr, measure(ctx, chosen, options{rounds: *rounds, verbose: *verbose, json: *file, out: stdout}))
}

func exit(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	// Nothing is left to tell it to if stderr is gone as well.
	_, _ = fmt.Fprintln(stderr, "bench:", err)
	return 1
}

func list(out io.Writer) error {
	for _, r := range rows() {
		if _, err := fmt.Fprintf(out, "%-10s %s\n", r.name, r.about); err != nil {
			return err
		}
	}
	return nil
}

// choose returns the row of that name, all rows for "".
func choose(name string) ([]row, error) {
	all := rows()
	if name == "" {
		return all, nil
	}
	var names []string
	for _, r := range all {
		if r.name == name {
			return []row{r}, nil
		}
		names = append(names, r.name)
	}
	return nil, fmt.Errorf("no row %q: there are %s", name, strings.Join(names, ", "))
}

// options are the flags.
type options struct {
	rounds  int // 0: what each row says
	verbose bool
	json    string // a file for all measurements, "" for none
	out     io.Writer
}

// measure prepares the place to work in, and measures row after row.
func measure(ctx context.Context, chosen []row, opts options) (err error) {
	b, err := newBench(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.writeResults(), b.close()) }()
	for _, r := range chosen {
		tables, err := r.prepare(ctx, b)
		if err != nil {
			return fmt.Errorf("prepare row %s: %w", r.name, err)
		}
		for _, t := range tables {
			if err := b.table(ctx, r, t); err != nil {
				return fmt.Errorf("row %s: %w", r.name, err)
			}
		}
	}
	return nil
}
