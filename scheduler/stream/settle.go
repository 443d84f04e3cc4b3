package stream

import (
	"slices"

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
// how the process ended.
func (p *Process) Settle(s ledger.Settlement, reason string) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	for _, t := range slices.Backward(s.Broken) { // subtests before their parents
		p.report("FAIL", t.Name)
	}
	for _, t := range s.Skipped {
		for range t.Want {
			p.start(t)
			p.text(t.Name, t.Why)
			p.report("SKIP", t.Name)
			t.Resumed = false
		}
	}
	for _, t := range s.Lost {
		p.start(t)
		p.text(t.Name, "cohort: the test was to run and did not ("+reason+")")
		p.report("FAIL", t.Name)
	}
}

func (p *Process) start(t ledger.Planned) {
	if !t.Resumed {
		p.m.line(p, testbin.KindRun, t.Name, []byte("\x16=== RUN   "+t.Name+"\n"))
	}
}

func (p *Process) text(test, text string) {
	p.m.line(p, testbin.KindOutput, test, []byte("    "+text+"\n"))
}

func (p *Process) report(result, test string) {
	kind := testbin.KindFail
	if result == "SKIP" {
		kind = testbin.KindSkip
	}
	p.m.line(p, kind, test, []byte("\x16--- "+result+": "+test+" (0.00s)\n"))
}
