package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gotestcohort/cohort/scheduler/hunt"
)

// printHunt writes the report for people: what could not be built, each
// finding with its evidence, a table of them, and how much was done.
func (c *command) printHunt(rep *hunt.Report) error {
	var text strings.Builder
	for _, w := range rep.Warnings {
		c.log.warnf("%v", w)
	}
	if rep.BuildOutput != "" {
		if _, err := fmt.Fprint(c.stderr, rep.BuildOutput); err != nil {
			return err
		}
	}
	for _, f := range rep.Findings {
		if err := writeFinding(&text, f); err != nil {
			return err
		}
	}
	if err := writeFindings(&text, rep.Findings, c.width()); err != nil {
		return err
	}
	text.WriteString(huntSummary(rep))
	_, err := fmt.Fprint(c.stdout, text.String())
	return err
}

// outputLines is how much of a failure's output is shown.
const outputLines = 12

// writeFinding writes one finding with its evidence.
func writeFinding(text *strings.Builder, f hunt.Finding) error {
	fmt.Fprintf(text, "=== %s: %s\n%s\n", f.Kind, findingName(f), f.Summary)
	if err := writeProbes(text, f.Probes); err != nil {
		return err
	}
	if f.Command != "" {
		fmt.Fprintf(text, "    again:  %s\n", f.Command)
	}
	if f.Fix != "" {
		fmt.Fprintf(text, "    %-7s %s\n", fixName(f.Fix), f.Fix)
	}
	lines := strings.Split(strings.TrimRight(f.Output, "\n"), "\n")
	if len(lines) > outputLines {
		lines = append(lines[:outputLines], "...")
	}
	for _, line := range lines {
		if line != "" {
			fmt.Fprintf(text, "    | %s\n", line)
		}
	}
	text.WriteString("\n")
	return nil
}

// fixName is what the line of a directive begins with: group:, lock:, serial:.
func fixName(fix string) string {
	verb, _, _ := strings.Cut(strings.TrimPrefix(fix, "//cohort:"), " ")
	return verb + ":"
}

// evidence is how many runs a probe needs for a line of its own, if nothing
// failed in it: below that it was no more than a look.
const evidence = 8

// writeProbes writes the evidence.
func writeProbes(text *strings.Builder, probes []hunt.Probe) error {
	w := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	var looks []string
	for i, p := range probes {
		if i == 0 {
			fmt.Fprint(w, "    failed\tof\t95% interval\tprobe\n")
		}
		if p.Failures == 0 && p.Runs < evidence {
			looks = append(looks, p.Name)
			continue
		}
		fmt.Fprintf(w, "    %d\t%d\t%s\t%s\n", p.Failures, p.Runs, interval(p.Tally), p.Name)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(looks) > 0 {
		fmt.Fprintf(text, "    no failure in a few runs each: %s\n", strings.Join(looks, "; "))
	}
	return nil
}

// writeFindings writes the table, or a list of the same if the table does not fit into
// width columns (0: any number).
func writeFindings(text *strings.Builder, findings []hunt.Finding, width int) error {
	if len(findings) == 0 {
		return nil
	}
	var table, list strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "KIND\tFAILED\tOF\tRATE\t95% INTERVAL\tTEST\n")
	for _, f := range findings {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.1f%%\t%s\t%s\n", f.Kind, f.Rounds.Failures, f.Rounds.Runs, 100*f.Rounds.Rate(), interval(f.Rounds), findingName(f))
		fmt.Fprintf(&list, "%s\n    %s, failed %d of %d\n    %.1f%% (95%% interval %s)\n",
			findingName(f), f.Kind, f.Rounds.Failures, f.Rounds.Runs, 100*f.Rounds.Rate(), interval(f.Rounds))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(table.String()) {
		if width > 0 && len(line) > width+1 {
			text.WriteString(list.String())
			return nil
		}
	}
	text.WriteString(table.String())
	return nil
}

func interval(t hunt.Tally) string {
	low, high := t.Interval()
	return fmt.Sprintf("%.1f%%-%.1f%%", 100*low, 100*high)
}

func findingName(f hunt.Finding) string {
	if f.Unit == "" {
		return f.Package + " (outside its tests)"
	}
	return f.Package + " " + f.Unit
}

// huntSummary is the last line.
func huntSummary(rep *hunt.Report) string {
	text := fmt.Sprintf("HUNT %d tests in %d packages, %d rounds, %d processes, seed %d, in %s: ",
		rep.Units, rep.Packages, rep.Rounds, rep.Processes, rep.Seed, rep.Elapsed.Round(time.Millisecond))
	switch {
	case len(rep.Findings) == 0 && rep.Rounds == 0:
		text += "no round was finished"
	case len(rep.Findings) == 0:
		text += fmt.Sprintf("all passed %d of %d", rep.Rounds, rep.Rounds)
	default:
		text += fmt.Sprintf("%d passed every time, %d did not", rep.Passed, len(rep.Findings))
	}
	if rep.Stopped {
		text += " (stopped early)"
	}
	return text + "\n"
}

// huntJSON is the JSON form of the report. Its field names are an interface.
type huntJSON struct {
	Rounds      int           `json:"rounds"`
	Processes   int           `json:"processes"`
	Packages    int           `json:"packages"`
	Units       int           `json:"units"`
	Passed      int           `json:"passed"`
	Seed        int64         `json:"seed"`
	Workers     int           `json:"workers"`
	Seconds     float64       `json:"seconds"`
	Stopped     bool          `json:"stopped"`
	BuildFailed bool          `json:"build_failed"`
	Findings    []findingJSON `json:"findings"`
}

type findingJSON struct {
	Package  string        `json:"package"`
	Unit     string        `json:"unit,omitempty"`
	Kind     hunt.Kind     `json:"kind"`
	Rounds   tallyJSON     `json:"rounds"`
	Summary  string        `json:"summary"`
	Probes   []probeJSON   `json:"probes"`
	Culprits []culpritJSON `json:"culprits,omitempty"`
	Command  string        `json:"command,omitempty"`
	Fix      string        `json:"fix,omitempty"`
	Output   string        `json:"output,omitempty"`
}

type tallyJSON struct {
	Runs     int     `json:"runs"`
	Failures int     `json:"failures"`
	Rate     float64 `json:"failure_rate"`
	Low      float64 `json:"failure_rate_low"`
	High     float64 `json:"failure_rate_high"`
}

type probeJSON struct {
	Probe string `json:"probe"`
	tallyJSON
}

type culpritJSON struct {
	Package string `json:"package"`
	Test    string `json:"test"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
}

func newTallyJSON(t hunt.Tally) tallyJSON {
	low, high := t.Interval()
	return tallyJSON{t.Runs, t.Failures, t.Rate(), low, high}
}

// writeHuntJSON writes the report to a file; "" is none.
func writeHuntJSON(name string, rep *hunt.Report) error {
	if name == "" {
		return nil
	}
	out := huntJSON{
		Rounds: rep.Rounds, Processes: rep.Processes, Packages: rep.Packages, Units: rep.Units, Passed: rep.Passed,
		Seed: rep.Seed, Workers: rep.Workers, Seconds: rep.Elapsed.Seconds(), Stopped: rep.Stopped,
		BuildFailed: rep.BuildCode != 0, Findings: []findingJSON{},
	}
	for _, f := range rep.Findings {
		fj := findingJSON{
			Package: f.Package, Unit: f.Unit, Kind: f.Kind, Rounds: newTallyJSON(f.Rounds), Summary: f.Summary,
			Probes: []probeJSON{}, Command: f.Command, Fix: f.Fix, Output: f.Output,
		}
		for _, p := range f.Probes {
			fj.Probes = append(fj.Probes, probeJSON{p.Name, newTallyJSON(p.Tally)})
		}
		for _, place := range f.Culprits {
			fj.Culprits = append(fj.Culprits, culpritJSON(place))
		}
		out.Findings = append(out.Findings, fj)
	}
	data, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write hunt report: %w", err)
	}
	return nil
}
