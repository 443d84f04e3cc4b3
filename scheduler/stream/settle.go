package stream

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Own adds a line about the process to what the test that ran last printed. The line is valid
// only during the call.
func (p *Process) Own(line string) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	p.m.line(p, testbin.KindOutput, p.test, []byte(line))
}

// Settle tells the reader what the ledger made of the tests without a report. The reason says
// how the process ended, ran how long a test or subtest that it has cut off was running.
func (p *Process) Settle(s ledger.Settlement, reason string, ran func(test string) time.Duration) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	for _, t := range slices.Backward(s.Broken) { // subtests before their parents
		p.report("FAIL", t.Name, ran(t.Name))
	}
	p.interrupted(s, ran)
	p.spared(s)
	for _, t := range s.Skipped {
		for range t.Want {
			p.start(t)
			p.text(t.Name, t.Why)
			p.report("SKIP", t.Name, 0)
			t.Resumed = false
		}
	}
	for _, t := range s.Lost {
		p.start(t)
		p.text(t.Name, "cohort: the test was to run and did not ("+reason+")")
		p.report("FAIL", t.Name, 0)
	}
}

// spared sees to the subtests of tests that have lost their process to another one: those of a test
// that is skipped are skipped with it, and those of a test that runs again go on there.
func (p *Process) spared(s ledger.Settlement) {
	for _, t := range slices.Backward(s.Spared) { // subtests before their parents
		root, _, sub := strings.Cut(t.Name, "/")
		switch {
		case !sub:
		case slices.ContainsFunc(s.Skipped, func(p ledger.Planned) bool { return p.Name == root }):
			p.report("SKIP", t.Name, 0)
		default:
			p.m.left[t.Name] = true
		}
	}
}

// interrupted tells the reader of the tests that the end of the run has cut off, and of those that
// it has kept from starting: they have neither passed nor failed.
func (p *Process) interrupted(s ledger.Settlement, ran func(test string) time.Duration) {
	for _, t := range slices.Backward(s.Open) { // subtests before their parents
		took := ran(t.Name)
		p.text(t.Name, fmt.Sprintf("interrupted after %.1fs", took.Seconds()))
		p.report("SKIP", t.Name, took)
	}
	if !s.Stopped {
		return
	}
	for _, t := range s.Dropped {
		if p.runsPartOf(t.Name) {
			continue // another part may have begun
		}
		p.start(t)
		p.text(t.Name, NotStarted)
		p.report("SKIP", t.Name, 0)
	}
}

// NotStarted is the reason of a test that an interrupt has kept from starting.
const NotStarted = "interrupted before it started"

// reportLine is the line in which a test binary reports a test.
func reportLine(result, test string, took time.Duration) []byte {
	return fmt.Appendf(nil, "\x16--- %s: %s (%.2fs)\n", result, test, took.Seconds())
}

func (p *Process) start(t ledger.Planned) {
	if !t.Resumed && !p.runsPartOf(t.Name) {
		p.m.line(p, testbin.KindRun, t.Name, []byte("\x16=== RUN   "+t.Name+"\n"))
	}
}

func (p *Process) text(test, text string) {
	p.m.line(p, testbin.KindOutput, test, []byte("    "+text+"\n"))
}

func (p *Process) report(result, test string, took time.Duration) {
	kind := testbin.KindFail
	if result == "SKIP" {
		kind = testbin.KindSkip
	}
	if p.runsPartOf(test) {
		p.own(kind, nil)
		return
	}
	p.m.line(p, kind, test, reportLine(result, test, took))
}
