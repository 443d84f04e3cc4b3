package report

import (
	"bytes"
	"fmt"

	"github.com/fatih/color"
)

// OrderFinding is a unit that failed, and passes as go test runs it: its result depends on
// which tests ran before it in its process, or at the same time.
type OrderFinding struct {
	Package, Name string
	// Tests is how many tests ran with it in the process that failed; 0: not known.
	Tests int
	// FailsAlone is whether it fails in a process of its own.
	FailsAlone Answer
	// FailsAgain is whether it fails in the process that failed, run again with no other process
	// of its package. If not, other processes are to blame, and not the order.
	FailsAgain Answer
	// Parts reports that it failed in a process that ran only a part of its subtests.
	Parts bool
	// Machines reports that it may have failed on another machine than the one on which it passes.
	Machines bool
	// Hunt is the command that finds the test it needs, or that it suffers from; "": none.
	Hunt string
	// Keep is what keeps the package as go test runs it until then; "": nothing is known.
	Keep string
}

// writeOrder prints, of each finding, what is known and what to type next.
func writeOrder(out *bytes.Buffer, findings []OrderFinding) {
	if len(findings) == 0 {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.YellowString("Order-dependent"))
	for _, f := range findings {
		fmt.Fprintf(out, "=== %s: %s %s\n", color.YellowString("ORDER"), title(f.Package, f.Name), f.sentence())
		if f.Hunt != "" {
			fmt.Fprintf(out, "    find the test to blame: %s\n", f.Hunt)
		}
		if f.Keep != "" {
			fmt.Fprintf(out, "    run it as go test does until then: %s\n", f.Keep)
		}
	}
}

func (f OrderFinding) sentence() string {
	s := "passes in source order in one process"
	switch f.FailsAlone {
	case Yes:
		s += ", fails alone"
	case No:
		s += ", passes alone"
	}
	if f.FailsAgain == No {
		s += ", and in the process that failed, run again: it is flaky, or shares something with tests that run at the same time"
		if f.Machines {
			s += ", or the machines of the run are not alike"
		}
		return s
	}
	if f.Parts {
		s += "; it failed in a process with a part of its subtests: if they need each other, //cohort:split is wrong on it"
	}
	if f.Tests > 0 {
		s += fmt.Sprintf("; it failed with %d other %s in another order", f.Tests, plural(f.Tests, "test"))
	}
	return s
}

// plural returns the word for n things.
func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
