package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/fatih/color"
	"gotest.tools/gotestsum/testjson"
)

// Outcome is what is known about a run beyond its events: which units needed reruns,
// and how failures can be seen again.
type Outcome struct {
	Flaky  []Unit // failed, then passed
	Failed []Unit // failed to the end
	Seed   string // what --shuffle takes to get this run's order again; "": none was used
}

// Unit is a unit of the run that did not simply pass.
type Unit struct {
	Package  string // import path
	Name     string // of the group or test; "": the package as a whole
	Attempts int    // runs of it, the first one counted
	Command  string // plain go test command that runs the same tests in the same order; "": none is known
	Note     string // what is known about the failure; "": nothing
}

func (u Unit) title() string {
	pkg := testjson.RelativePackagePath(u.Package)
	if u.Name == "" {
		return pkg
	}
	return pkg + " " + u.Name
}

// Summary prints gotestsum's summary of exec to out. Before it come the sections of
// cohort's own, if anything failed.
func Summary(out io.Writer, exec *testjson.Execution, shown testjson.Summary, outcome Outcome) error {
	var buf bytes.Buffer
	writeFlaky(&buf, outcome.Flaky)
	writeReproduce(&buf, outcome)
	testjson.PrintSummary(&buf, exec, shown)
	_, err := out.Write(buf.Bytes())
	return err
}

// Interim prints the line that gotestsum prints before each round of reruns.
func Interim(out io.Writer, exec *testjson.Execution) error {
	var buf bytes.Buffer
	testjson.PrintSummary(&buf, exec, testjson.SummarizeNone)
	buf.WriteByte('\n')
	_, err := out.Write(buf.Bytes())
	return err
}

func writeFlaky(out *bytes.Buffer, units []Unit) {
	if len(units) == 0 {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.YellowString("Flaky"))
	for _, u := range units {
		fmt.Fprintf(out, "=== %s: %s (passed in rerun %d)\n", color.YellowString("FLAKY"), u.title(), u.Attempts-1)
		writeNote(out, u.Note)
	}
}

// writeReproduce prints a command for each unit that failed, the flaky ones too: they
// are the ones one wants to see again. Units that failed in one process share a command.
func writeReproduce(out *bytes.Buffer, outcome Outcome) {
	var commands []string
	notes := map[string][]Unit{} // by command: those that failed to the end
	add := func(u Unit) {
		if u.Command != "" && !slices.Contains(commands, u.Command) {
			commands = append(commands, u.Command)
		}
	}
	for _, u := range outcome.Failed {
		add(u)
		notes[u.Command] = append(notes[u.Command], u)
	}
	for _, u := range outcome.Flaky {
		add(u)
	}
	var lines bytes.Buffer
	for _, command := range commands {
		fmt.Fprintf(&lines, "%s\n", command)
		for _, u := range notes[command] {
			if u.Note != "" && len(notes[command]) > 1 {
				u.Note = u.title() + ": " + u.Note
			}
			writeNote(&lines, u.Note)
		}
	}
	if outcome.Seed != "" && len(outcome.Failed)+len(outcome.Flaky) > 0 {
		fmt.Fprintf(&lines, "the whole run in the same order: add --shuffle=%s to the command\n", outcome.Seed)
	}
	if lines.Len() == 0 {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.CyanString("Reproduce"))
	out.Write(lines.Bytes())
}

func writeNote(out *bytes.Buffer, note string) {
	if note != "" {
		fmt.Fprintf(out, "    %s\n", note)
	}
}
