package stream

import (
	"strings"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// A test of which several processes run a part each is one test to the reader: it starts once, with
// the first line of it that is passed on, and is reported once, when all parts have ended.

// part is what a process runs of such a test.
type part struct {
	test  string
	leads bool
	// over reports that the part has its result, shown that its own lines are passed on as they
	// come, whatever it is.
	over, shown bool
	kept        []keptLine
	size        int // of kept, in bytes
}

// keptLine is a line that the test prints outside of its subtests.
type keptLine struct {
	kind testbin.Kind
	line []byte
}

// maxKept bounds what is held back of what a part prints outside of subtests. A part that prints
// more is shown.
const maxKept = 64 << 10

// expect makes the Merger state the start of a test by itself.
func (m *Merger) expect(test string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.joint == nil {
		m.joint = make(map[string]bool)
	}
	if _, ok := m.joint[test]; !ok { // another part may have begun
		m.joint[test] = false
	}
}

// begin states the start of the test that a line belongs to, if it is one of several parts and the
// reader does not know it.
func (m *Merger) begin(test string) {
	if m.joint == nil {
		return
	}
	root, _, _ := strings.Cut(test, "/")
	if begun, ok := m.joint[root]; ok && !begun {
		m.joint[root] = true
		m.current = root
		m.put([]byte("\x16=== RUN   " + root + "\n"))
	}
}

// runsPartOf reports whether the process runs a part of that test.
func (p *Process) runsPartOf(test string) bool { return p.part != nil && p.part.test == test }

// own takes a line about the test of the part itself, and not about one of its subtests.
func (p *Process) own(kind testbin.Kind, line []byte) {
	part := p.part
	switch kind {
	case testbin.KindRun:
	case testbin.KindPause, testbin.KindCont:
		if part.leads {
			p.m.line(p, kind, part.test, line)
		}
	case testbin.KindPass:
		part.over, part.kept = true, nil
		p.endPart()
	case testbin.KindFail, testbin.KindSkip:
		part.over = true
		p.tell()
		p.endPart()
	default:
		if part.leads || part.shown || part.over {
			p.m.line(p, kind, part.test, line)
			return
		}
		part.kept = append(part.kept, keptLine{kind, append([]byte(nil), line...)})
		if part.size += len(line); part.size > maxKept {
			p.tell()
		}
	}
}

// tell passes on what is held back of a part that has not passed.
func (p *Process) tell() {
	part := p.part
	if part == nil || part.shown || part.over && part.kept == nil {
		return
	}
	part.shown = true
	for _, k := range part.kept {
		p.m.line(p, k.kind, part.test, k.line)
	}
	part.kept = nil
}

// endPart ends the block of a part, which has no report.
func (p *Process) endPart() {
	if p.block != 0 {
		p.m.endBlock(p)
	}
	p.reported = false
}

// Join reports a test of which several processes have run a part each. Call it when all of them are
// closed.
func (m *Merger) Join(j ledger.Joined) {
	p := m.Process(ProcessOptions{})
	m.mu.Lock()
	if j.Why != "" {
		p.text(j.Test, j.Why)
	}
	switch j.Outcome {
	case ledger.Passed:
		m.line(p, testbin.KindPass, j.Test, reportLine("PASS", j.Test, j.Took))
	case ledger.Failed:
		m.line(p, testbin.KindFail, j.Test, reportLine("FAIL", j.Test, j.Took))
	case ledger.Skipped:
		m.line(p, testbin.KindSkip, j.Test, reportLine("SKIP", j.Test, j.Took))
	}
	m.mu.Unlock()
	p.Close()
}
