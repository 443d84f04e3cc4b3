package node

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// lost reports whether no machine has run the process to its end, though several have had it.
func (d delivery) lost() bool {
	report, _, err := unpackReport(d.result.Payload)
	return err == nil && report.What == machine.Lost
}

// lost returns the end of a process that may end the machine that it runs on. It is not tried once
// more. If its tests are known they all fail by name, as in a process that says so, and the others
// of the package run: which of them it was is not known.
func (r *Runner) lost(d delivery, spec testbin.Spec, out io.Writer) testbin.Exit {
	report, _, err := unpackReport(d.result.Payload)
	why := "it may end the machine that it runs on: " + report.Why
	// Who has found out that it is lost has not run it.
	if took := slices.DeleteFunc(slices.Clone(d.took), func(name string) bool { return name == d.result.Node }); len(took) > 0 {
		why += "; seen with it: " + strings.Join(took, ", ")
	}
	now := r.lead.cfg.Now()
	exit := testbin.Exit{Code: 1, Start: now, End: now, Lost: true}
	if len(spec.Tests) > 0 && err == nil {
		_, err = io.WriteString(out, failures(spec.Tests, why))
	} else if err == nil {
		err = fmt.Errorf("%s", why)
	}
	if err != nil {
		exit.Code, exit.Err = -1, fmt.Errorf("start %s: %w", spec.Path, err)
	}
	return exit
}

// failures is what a test binary prints under -test.v=test2json if these tests fail.
func failures(tests []string, why string) string {
	var b strings.Builder
	for _, name := range tests {
		fmt.Fprintf(&b, "\x16=== RUN   %s\n    %s\n\x16--- FAIL: %s (0.00s)\n", name, why, name)
	}
	b.WriteString("\x16FAIL\n")
	return b.String()
}
