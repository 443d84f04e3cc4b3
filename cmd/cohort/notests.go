package main

import (
	"fmt"
	"strings"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// checkNoTests is the status of a run in which no test ran, which may be a mistake in
// -run or the wrong directory. Other runs keep theirs.
func (r *testRun) checkNoTests(status error) error {
	exec := r.known()
	if status != nil || exec == nil || exec.Total() > 0 || r.interrupted() {
		return status
	}
	text := noTestsText(exec, r.opts)
	switch {
	case r.opts.noTests == "fail":
		r.log.errorf("%s", text)
		return exitStatus{exitFailed}
	case r.opts.noTests == "pass" || wantsNoTests(r.opts):
		return nil
	}
	r.log.warnf("%s", text)
	return nil
}

// noTestsText says in one line that nothing ran and what may be why.
func noTestsText(exec *testjson.Execution, o *options) string {
	n := len(exec.Packages())
	text := fmt.Sprintf("no test ran in %d %s", n, usage.Verb(n, "package", "packages"))
	var chosen []string
	for _, name := range []string{"run", "skip"} {
		if value, ok := lastValue(o.args, name); ok {
			chosen = append(chosen, "-"+name+" "+gotest.ShellQuote([]string{value}))
		}
	}
	if o.run.label.expr != nil {
		chosen = append(chosen, "--label "+gotest.ShellQuote([]string{o.run.label.String()}))
	}
	if len(chosen) > 0 {
		text += " with " + usage.List(chosen)
	}
	return text
}

// wantsNoTests reports whether a run without tests is what was asked for: something else
// than tests, or a pattern that no name can match. A raw command names no tests.
func wantsNoTests(o *options) bool {
	if o.rawCommand {
		return true
	}
	for _, name := range []string{"bench", "list", "c", "n", "h", "help"} {
		if value, ok := lastValue(o.args, name); ok && value != "false" {
			return true
		}
	}
	run, ok := lastValue(o.args, "run")
	return ok && (run == "^$" || run == "$^")
}

// lastValue returns the value of go test's flag of that name, "" for a switch that
// stands alone; the last one counts.
func lastValue(args []string, name string) (value string, ok bool) {
	args, _ = splitAtArgs(args)
	for i := 0; i < len(args); i++ {
		word := args[i]
		if !strings.HasPrefix(word, "-") || word == "-" {
			continue
		}
		got, v, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimLeft(word, "-"), "test."), "=")
		if !hasValue && gotest.TakesValue(got) && i+1 < len(args) {
			i++
			v = args[i]
		}
		if got == name {
			value, ok = v, true
		}
	}
	return value, ok
}
