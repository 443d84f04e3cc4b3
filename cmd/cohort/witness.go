package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// witness watches the stream of a rerun of which nothing is known but its events. It writes the
// events of the unit's package down as its process printed them, so that the ledger's rule says
// whether the unit has passed.
type witness struct {
	unit       *plainUnit
	part       []byte // an incomplete line
	failed     bool   // something in the stream failed, of whatever package
	good       bool   // the package has ended, in pass or skip
	open       map[string]bool
	transcript *ledger.Transcript
	parser     *testbin.Parser
}

// newWitness returns the witness of one rerun of u.
func newWitness(u *plainUnit) *witness {
	w := &witness{unit: u, open: make(map[string]bool), transcript: ledger.NewTranscript(u.owed)}
	w.parser = testbin.NewParser(nil, w.transcript.Event)
	return w
}

func (w *witness) Write(p []byte) (int, error) {
	rest := p
	for {
		line, after, ok := bytes.Cut(rest, []byte("\n"))
		if !ok {
			w.part = append(w.part, rest...)
			return len(p), nil
		}
		w.line(append(w.part, line...))
		w.part, rest = w.part[:0], after
	}
}

func (w *witness) line(line []byte) {
	var event struct{ Action, Package, Test string }
	if json.Unmarshal(line, &event) != nil {
		return
	}
	if event.Action == "fail" || event.Action == "build-fail" {
		w.failed = true
	}
	switch {
	case event.Package != w.unit.pkg:
	case event.Test != "":
		w.test(event.Action, event.Test)
	case event.Action == "pass" || event.Action == "skip":
		w.good = true
	case event.Action == "fail":
		w.good = false
	}
}

// framings are the lines that test processes print for the actions of a test.
var framings = map[string]string{
	"run": "=== RUN   %", "pause": "=== PAUSE %", "cont": "=== CONT  %",
	"pass": "--- PASS: % (0.00s)", "fail": "--- FAIL: % (0.00s)", "skip": "--- SKIP: % (0.00s)",
}

// test takes an action of a test. A raw command may leave out that a test has started.
func (w *witness) test(action, test string) {
	framing, ok := framings[action]
	if !ok {
		return
	}
	ends := strings.HasPrefix(framing, "---")
	if ends && !w.open[test] {
		w.test("run", test)
	}
	w.open[test] = !ends
	_, _ = w.parser.Write([]byte("\x16" + strings.Replace(framing, "%", test, 1) + "\n")) // it takes everything
}

// passed reports whether the stream shows that all of the unit ran and passed, and books what the
// next rerun owes. The status of the command is that of the process.
func (w *witness) passed(status error) bool {
	if len(w.part) > 0 {
		w.line(w.part)
		w.part = nil
	}
	w.parser.Close()
	end := ledger.Ending{Reason: "the command failed"}
	if status != nil {
		end.Code = 1
	}
	if root := w.unit.root; root != "" {
		end.Planned = []ledger.Planned{{Name: root, Want: 1}}
	}
	s := w.transcript.Settle(w.parser, end)
	w.unit.owed = w.transcript.Next()
	ended := w.good || w.unit.root != "" // of a test the result is among the settled
	return s.Clean() && !w.failed && ended && len(w.parser.Seen()) > 0 && len(w.transcript.Owed) == 0
}
