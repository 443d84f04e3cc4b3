package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"github.com/gotestcohort/cohort/scheduler/history"
)

const historyUsage = `Usage:
    cohort tool history [flags]
    cohort tool history merge OUT FILES...

Print the least reliable and the slowest tests that the history file knows, or
add history files and records, of several CI jobs say, to the history file OUT.
Merging a file twice changes nothing.

Flags:
`

type historyOptions struct {
	file    string
	variant string
	limit   int
	json    bool
}

// runHistory is "cohort tool history": args are what follows these words. It returns the exit code:
// 0, or 3 if something could not be done, with the reason on stderr.
func runHistory(ctx context.Context, args []string, stdout, stderr io.Writer, env historyEnv) int {
	opts, rest, err := parseHistoryArgs(args, stdout)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err == nil && len(rest) > 0 && rest[0] == "merge":
		err = mergeHistories(ctx, rest[1:], env)
	case err == nil && len(rest) > 0:
		err = fmt.Errorf("unexpected argument %q: it is merge or nothing", rest[0])
	case err == nil:
		env.Location.Flag = opts.file
		err = reportHistory(opts, env.Location.Path(), env.Width, stdout)
	}
	if err != nil {
		// There is nowhere to report that stderr is gone.
		_, _ = fmt.Fprintf(stderr, "cohort tool history: %v\n", err)
		return exitError
	}
	return 0
}

// historyFlags are the flags of "cohort tool history", which set opts.
func historyFlags(opts *historyOptions) *pflag.FlagSet {
	flags := pflag.NewFlagSet("cohort tool history", pflag.ContinueOnError)
	flags.SetInterspersed(true)
	flags.StringVar(&opts.file, "history", "", "history file to read (default: the one of the module here)")
	flags.StringVar(&opts.variant, "variant", "", "take durations from runs of this variant, ex: race")
	flags.IntVar(&opts.limit, "num", 10, "print at most this many tests of each kind, 0 for all")
	flags.BoolVar(&opts.json, "json", false, "print JSON")
	return flags
}

func parseHistoryArgs(args []string, stdout io.Writer) (historyOptions, []string, error) {
	var opts historyOptions
	flags := historyFlags(&opts)
	flags.Usage = func() {
		// Best effort: who asked for help and closed the pipe has enough of it.
		_, _ = io.WriteString(stdout, historyUsage+flags.FlagUsages())
	}
	err := flags.Parse(args)
	if err == nil && opts.limit < 0 {
		err = fmt.Errorf("--num is %d: it is 0 or more", opts.limit)
	}
	return opts, flags.Args(), err
}

// reportHistory prints the report on one file.
func reportHistory(opts historyOptions, path string, width int, stdout io.Writer) error {
	if path == "" {
		return errors.New("the history is off: name a file with --history")
	}
	s, err := history.Read(path, opts.variant)
	if errors.Is(err, os.ErrNotExist) {
		if opts.file != "" {
			return fmt.Errorf("history %s: there is no such file", path)
		}
		return reportNoHistory(opts, path, stdout)
	}
	if err != nil {
		return fmt.Errorf("history %s: %w", path, err)
	}
	all := s.Stats()
	report := historyReport{
		File:          path,
		Module:        s.Module(),
		LeastReliable: historyTests(history.LeastReliable(all, opts.limit)),
		Slowest:       historyTests(history.Slowest(all, opts.limit)),
	}
	if opts.json {
		return printJSON(report, stdout)
	}
	return report.print(stdout, width)
}

// reportNoHistory prints the report on a history that nothing has been written to: that no tests
// have run here yet is no error.
func reportNoHistory(opts historyOptions, path string, stdout io.Writer) error {
	if opts.json {
		return printJSON(historyReport{File: path, LeastReliable: []historyTest{}, Slowest: []historyTest{}}, stdout)
	}
	_, err := fmt.Fprintf(stdout, "no test has run here yet: cohort will write %s\n", path)
	return err
}

func printJSON(r historyReport, stdout io.Writer) error {
	out := json.NewEncoder(stdout)
	out.SetIndent("", "  ")
	return out.Encode(r)
}

// historyReport is the JSON form of the report. Its field names are an interface.
type historyReport struct {
	File          string        `json:"file"`
	Module        string        `json:"module"`
	LeastReliable []historyTest `json:"least_reliable"`
	Slowest       []historyTest `json:"slowest"`
}

type historyTest struct {
	Package     string     `json:"package"`
	Test        string     `json:"test"`
	Runs        int        `json:"runs"`
	Failures    int        `json:"failures"`
	Skips       int        `json:"skips"`
	Flips       int        `json:"flips"`
	Rate        float64    `json:"failure_rate"`
	Low         float64    `json:"failure_rate_low"`
	High        float64    `json:"failure_rate_high"`
	LastSeen    *time.Time `json:"last_seen,omitempty"`
	LastFailure *time.Time `json:"last_failure,omitempty"`
	FailureSeed *int64     `json:"last_failure_seed,omitempty"`
	Seconds     *float64   `json:"seconds,omitempty"`
}

func historyTests(all []history.TestStats) []historyTest {
	tests := make([]historyTest, 0, len(all))
	for _, ts := range all {
		t := historyTest{
			Package: ts.Package, Test: ts.Test,
			Runs: ts.Runs, Failures: ts.Failures, Skips: ts.Skips, Flips: ts.Flips,
			Rate: ts.Rate, Low: ts.Low, High: ts.High,
			LastSeen: known(ts.LastSeen), LastFailure: known(ts.LastFailure),
		}
		if ts.FailureShuffled {
			t.FailureSeed = &ts.FailureSeed
		}
		if ts.Timed {
			seconds := ts.Estimate.Seconds()
			t.Seconds = &seconds
		}
		tests = append(tests, t)
	}
	return tests
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// print writes the report for people, in lines that fit into width columns as far as names allow;
// 0 is any width.
func (r historyReport) print(out io.Writer, width int) error {
	p := &printer{w: out}
	p.line("=== Least reliable")
	if len(r.LeastReliable) == 0 {
		p.line("no failure is remembered")
	} else {
		p.table(width, reliabilityRows(r.LeastReliable), reliabilityList(r.LeastReliable))
	}
	p.line("")
	p.line("=== Slowest")
	if len(r.Slowest) == 0 {
		p.line("no duration is known")
	}
	var rows, list []string
	for _, t := range r.Slowest {
		duration := time.Duration(*t.Seconds * float64(time.Second)).Round(time.Millisecond)
		rows = append(rows, fmt.Sprintf("%v\t%s", duration, t.name()))
		list = append(list, t.name(), fmt.Sprintf("    %v", duration))
	}
	p.table(width, rows, list)
	return p.err
}

// reliabilityRows are the rows of the table of unreliable tests, their cells separated by tabs.
func reliabilityRows(tests []historyTest) []string {
	rows := []string{"FAILED\tOF\tRATE\t95% INTERVAL\tFLIPS\tLAST FAILURE\tLAST SEEN\tTEST"}
	for _, t := range tests {
		rows = append(rows, fmt.Sprintf("%d\t%d\t%.1f%%\t%.1f%%-%.1f%%\t%d\t%s\t%s\t%s", t.Failures, t.Runs,
			100*t.Rate, 100*t.Low, 100*t.High, t.Flips, date(t.LastFailure), date(t.LastSeen), t.name()))
	}
	return rows
}

// reliabilityList says the same in lines for a narrow terminal.
func reliabilityList(tests []historyTest) []string {
	var lines []string
	for _, t := range tests {
		lines = append(lines, t.name(),
			fmt.Sprintf("    failed %d of %d, flips %d", t.Failures, t.Runs, t.Flips),
			fmt.Sprintf("    %.1f%% (95%% interval %.1f%%-%.1f%%)", 100*t.Rate, 100*t.Low, 100*t.High),
			"    last failure "+date(t.LastFailure), "    last seen    "+date(t.LastSeen))
	}
	return lines
}

// name is the test as people write it. Control bytes, which a damaged or forged file may hold,
// would reach the terminal, so a name with any is quoted.
func (t historyTest) name() string {
	name := t.Package + " " + t.Test
	for _, r := range name {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\ufffd' {
			return fmt.Sprintf("%q", name)
		}
	}
	return name
}

func date(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Format("2006-01-02 15:04")
}

// printer keeps the first error of many writes.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(text string) {
	if _, err := io.WriteString(p.w, text+"\n"); p.err == nil {
		p.err = err
	}
}

// table writes rows in columns, or the lines of list if that does not fit into width.
func (p *printer) table(width int, rows, list []string) {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	// A Builder takes everything.
	_, _ = io.WriteString(w, strings.Join(append(rows, ""), "\n"))
	_ = w.Flush()
	table := strings.TrimSuffix(text.String(), "\n")
	lines := strings.Split(table, "\n")
	if widest := slices.MaxFunc(lines, func(a, b string) int { return len(a) - len(b) }); width > 0 && len(widest) > width {
		lines = list
	}
	if len(rows) == 0 {
		return
	}
	p.line(strings.Join(lines, "\n"))
}
