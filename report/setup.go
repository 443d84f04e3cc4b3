package report

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/fatih/color"

	"github.com/gotestcohort/cohort/report/record"
)

// Setup is what came of a set-up that was run before tests, or of its tear-down.
type Setup struct {
	Name string
	// Worker is the number of the worker that it was for, negative for the whole run.
	Worker int
	// Machine is where it was run, if several share the run; else "".
	Machine string
	// For is whose attempt it was for, in words, if it is run for each; else "".
	For string
	// TearDown reports that this is about its tear-down.
	TearDown bool
	// Command is what was run.
	Command string
	// Problem says how it failed, "" if it did not. Warning reports that this does not fail the run.
	Problem string
	Warning bool
	// Output is what it printed.
	Output  string
	Start   time.Time
	Elapsed time.Duration
}

// Title names the set-up, as "set-up database of worker 1", or "set-up database of worker 1 for e2e
// TestPay, rerun 1".
func (s Setup) Title() string {
	return record.Setup{Name: s.Name, Worker: s.Worker, Machine: s.Machine, For: s.For, TearDown: s.TearDown}.Title()
}

// writeSetups prints what those that failed have printed.
func writeSetups(out *bytes.Buffer, setups []Setup) {
	header := true
	for _, s := range setups {
		if s.Problem == "" {
			continue
		}
		if header {
			fmt.Fprintf(out, "\n=== %s\n", color.RedString("Set-up"))
			header = false
		}
		result := color.RedString("FAIL")
		if s.Warning {
			result = color.YellowString("WARN")
		}
		fmt.Fprintf(out, "=== %s: %s: %s (%.2fs)\n", result, s.Title(), s.Problem, s.Elapsed.Seconds())
		fmt.Fprintf(out, "$ %s\n", strings.TrimRight(s.Command, "\n"))
		if s.Output != "" {
			out.WriteString(strings.TrimRight(s.Output, "\n") + "\n")
		}
	}
}

// annotateSetups writes a workflow command for each set-up that failed, at most ten, and returns their
// number.
func (g GitHub) annotateSetups(out *bytes.Buffer, setups []Setup) int {
	written := 0
	for _, s := range setups {
		if s.Problem == "" || s.Warning || written == MaxAnnotations {
			continue
		}
		written++
		text := s.Problem + "\n" + g.joined(strings.SplitAfter(s.Output, "\n"), maxAnnotation)
		fmt.Fprintf(out, "::error title=%s::%s\n", property(plain(g.redacted(s.Title()))), data(strings.TrimRight(plain(g.redacted(text)), "\n")))
	}
	return written
}

// setupSuite is the suite of the set-ups: a case for each name, with the time of all workers and
// attempts. Cases with equal names would hide each other where they are read.
func (j JUnit) setupSuite() xmlSuite {
	suite := xmlSuite{Name: "setup", Timestamp: j.Setups[0].Start.Format(time.RFC3339), Properties: []xmlProperty{{Name: "go.version", Value: j.GoVersion}}}
	elapsed := make(map[string]time.Duration)
	place := make(map[string]int)
	var all time.Duration
	for _, s := range j.Setups {
		i, ok := place[s.Name]
		if !ok {
			i = len(suite.Cases)
			place[s.Name] = i
			suite.Cases = append(suite.Cases, xmlCase{Classname: "setup", Name: j.restore("setup/" + s.Name)})
		}
		c := &suite.Cases[i]
		if !s.TearDown {
			elapsed[s.Name] += s.Elapsed
			all += s.Elapsed
		}
		c.Time = seconds(elapsed[s.Name])
		if s.Problem == "" || s.Warning {
			continue
		}
		c.Failure = cmp.Or(c.Failure, &xmlFailure{Message: j.restore(s.Title() + ": " + s.Problem)})
		c.Failure.Contents += j.restore(fmt.Sprintf("%s: %s\n$ %s\n%s", s.Title(), s.Problem, s.Command, s.Output))
	}
	suite.Time = seconds(all)
	suite.count(j.Reruns)
	return suite
}
