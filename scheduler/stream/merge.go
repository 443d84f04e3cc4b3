package stream

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Merger joins the output of a package's processes to one stream that reads
// like one run of the binary under -test.v=test2json. Its measure is the
// block: what a process prints from the start of a test to its end. The oldest
// open block streams; the others are held back, each as a whole, until they
// end. So the output of one test stays together, and a long test can be
// watched.
//
// A Merger may be used from several goroutines.
type Merger struct {
	out io.Writer
	// strict holds ended blocks back while another one streams. Otherwise they
	// go out at once, between two lines of it: for readers that sort events by
	// test anyway, an early result is worth more than neighbouring lines.
	strict bool
	// spill makes a file for held lines that are too many for memory.
	spill func() (*os.File, error)

	mu        sync.Mutex
	buf       []byte // not yet written to out
	seam      testbin.Seam
	processes []*Process // with lines held back or a block open
	stream    *Process   // whose block streams, or nil
	current   string     // the test that the reader takes output for
	midLine   bool       // the last line put has no end yet
	blocks    int        // blocks opened so far
	err       error      // lines were lost: the package must not pass
	// joint are the tests of which several processes run a part each, by name: whether the reader
	// has been told of the start. Nil if there are none.
	joint map[string]bool
	// left are subtests whose start the reader has seen in a process that was ended because of another
	// test.
	left map[string]bool
}

// New returns a Merger that writes to out. The first line it writes makes
// a reader take only marked lines for framing.
func New(out io.Writer, strict bool, spill func() (*os.File, error)) *Merger {
	return &Merger{out: out, strict: strict, spill: spill, buf: []byte("\x16=== NAME  \n"), left: make(map[string]bool)}
}

// Process is the Merger's view of one process. Its methods are for
// the goroutine that reads the process.
type Process struct {
	m *Merger
	// verbatim passes on the closing PASS or FAIL and the coverage line, since
	// no other process of this binary has run or will.
	verbatim bool
	// shuffleLine is the line that states the seed, which is not to be passed
	// on, or nil.
	shuffleLine []byte
	// resumed are tests whose start the reader has seen in another process.
	resumed map[string]bool

	held     spool
	block    int             // the open block's number, 0 for none
	open     map[string]bool // its top-level tests
	reported bool            // the last framing line was a report: what follows belongs to it
	partial  bool            // the last line was a piece
	begun    bool            // a test has started

	test   string // whose line came last
	closed bool   // the closing line has come
	part   *part  // nil unless the process runs a part of a test
}

// ProcessOptions say what the reader is not to see of a process.
type ProcessOptions struct {
	// Verbatim passes on the closing PASS or FAIL and the coverage line, since
	// no other process of this binary has run or will.
	Verbatim bool
	// ShuffleLine is the line that states the seed, which is not passed on; "" for none.
	ShuffleLine string
	// Resumed are tests whose start the reader has seen in another process. It is kept and
	// changed.
	Resumed map[string]bool
	// Part names the test of which the process runs a part, "" for none. The reader gets one start of
	// it, and its report from [Merger.Join]. Leads reports that what the test prints outside of its
	// subtests is passed on; of the other parts it is only if the part does not pass.
	Part  string
	Leads bool
}

// Process enters a process whose output is to come. The caller must Close it.
func (m *Merger) Process(o ProcessOptions) *Process {
	p := &Process{
		m: m, verbatim: o.Verbatim, shuffleLine: []byte(o.ShuffleLine), resumed: o.Resumed, open: make(map[string]bool),
	}
	if o.Part != "" {
		p.part = &part{test: o.Part, leads: o.Leads}
		m.expect(o.Part)
	}
	return p
}

// Discard returns a process whose output nobody reads.
func Discard() *Process {
	return New(io.Discard, false, noFile).Process(ProcessOptions{})
}

func noFile() (*os.File, error) { return nil, errors.ErrUnsupported }

// Event takes one line of the process.
func (p *Process) Event(e testbin.Event) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if p.block != 0 && p.reported && len(p.open) == 0 && e.Kind != testbin.KindOutput {
		p.m.endBlock(p)
	}
	if p.drop(&e) {
		return
	}
	p.track(e)
	if p.runsPartOf(e.Test) {
		p.own(e.Kind, e.Line)
		return
	}
	p.m.line(p, e.Kind, e.Test, e.Line)
}

// drop reports whether a line is not for the reader: names, which the Merger
// states anew, and what is true of this process but not of the whole run.
func (p *Process) drop(e *testbin.Event) bool {
	switch e.Kind {
	case testbin.KindName:
		p.reported = false
		return true
	case testbin.KindFinal:
		p.closed = true
		return !p.verbatim
	case testbin.KindRun:
		p.begun = true
		if p.resumed[e.Test] || p.m.left[e.Test] {
			delete(p.resumed, e.Test)
			delete(p.m.left, e.Test)
			e.Kind, e.Line = testbin.KindCont, []byte("\x16=== CONT  "+e.Test+"\n")
		}
	case testbin.KindOutput:
		return e.Test == "" && p.dropOutput(e)
	}
	return false
}

// dropOutput is drop for output of the package. TestMain may have printed
// without a newline before the line with the seed.
func (p *Process) dropOutput(e *testbin.Event) bool {
	line := e.Line
	if !p.begun && len(p.shuffleLine) > 0 && bytes.HasSuffix(line, p.shuffleLine) {
		e.Line, e.Partial = line[:len(line)-len(p.shuffleLine)], true
		return len(e.Line) == 0
	}
	if !p.closed || !bytes.HasPrefix(line, []byte("coverage: ")) {
		return false
	}
	_, coverage := testbin.CoverageSuffix(string(line))
	return coverage && !p.verbatim
}

// track follows which top-level tests are open.
func (p *Process) track(e testbin.Event) {
	p.partial, p.test = e.Partial, e.Test
	top := !strings.Contains(e.Test, "/")
	switch e.Kind {
	case testbin.KindRun, testbin.KindCont, testbin.KindPause:
		p.reported = false
		if top {
			p.open[e.Test] = true
		}
	case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		p.reported = true
		if top {
			delete(p.open, e.Test)
		}
	}
}

// Flush passes on what may be passed on. Call it when the process is silent.
func (p *Process) Flush() {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	p.m.rest()
	p.m.write()
}

// Close ends the Process after the last line.
func (p *Process) Close() {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	p.tell()
	if p.block != 0 {
		p.m.endBlock(p)
	}
	p.m.rest()
	p.m.write()
}

// rest leaves the reader where words without a name belong: with the test that streams, or outside
// any test. If exec-test is killed, the go command adds "signal: killed" to what came before. That
// must not be the end of a test that passed, which nobody shows.
func (m *Merger) rest() {
	switch {
	case m.midLine:
	case m.stream == nil:
		m.name("")
	case !m.stream.reported:
		m.name(m.stream.test)
	}
}

// Add writes lines of the scheduler's own, outside any test. Framing among
// them must leave the reader outside.
func (m *Merger) Add(lines string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name("")
	m.put([]byte(lines))
	m.write()
}

// line adds a line to p's block, which it opens if need be.
func (m *Merger) line(p *Process, kind testbin.Kind, test string, line []byte) {
	if p.block == 0 {
		m.blocks++
		p.block = m.blocks
		if !slices.Contains(m.processes, p) {
			m.processes = append(m.processes, p)
		}
		if m.stream == nil {
			m.stream = p
		}
	}
	if m.stream == p {
		if kind != testbin.KindOutput && !m.strict {
			m.releaseEnded() // those that came while p could not be interrupted
		}
		m.emit(kind, test, line)
		return
	}
	if !p.held.add(m.spill, kind, test, line) {
		// Neither memory nor file: the lines go out now. They are still whole
		// and say whose they are.
		m.drain(p, true)
		m.emit(kind, test, line)
	}
}

// endBlock closes p's block; if it was the stream's, the next one streams.
func (m *Merger) endBlock(p *Process) {
	p.block, p.reported = 0, false
	if m.stream != p {
		p.held.endBlock()
		if !m.strict && !m.stream.reported && !m.stream.partial {
			m.releaseEnded()
		}
		return
	}
	m.stream = nil
	m.releaseEnded()
	for _, g := range m.processes {
		if g.block != 0 && (m.stream == nil || g.block < m.stream.block) {
			m.stream = g
		}
	}
	if m.stream != nil {
		m.drain(m.stream, true)
	}
}

// releaseEnded passes on all held blocks that have ended.
func (m *Merger) releaseEnded() {
	for _, g := range m.processes {
		if g != m.stream {
			m.drain(g, false)
		}
	}
	m.processes = slices.DeleteFunc(m.processes, func(g *Process) bool { return g.block == 0 })
}

// drain passes on what is held of p.
func (m *Merger) drain(p *Process, everything bool) {
	if err := p.held.drain(everything, m.emit); err != nil && m.err == nil {
		m.err = err
	}
}

// emit writes a line for the reader, who must know whose output it is.
func (m *Merger) emit(kind testbin.Kind, test string, line []byte) {
	m.begin(test)
	if kind == testbin.KindOutput {
		m.name(test)
	}
	m.current = test
	m.put(line)
	if len(m.buf) >= 64<<10 {
		m.write()
	}
}

// put buffers lines or a piece of one, so that the reader cannot miss framing.
func (m *Merger) put(lines []byte) {
	if len(lines) > 0 && lines[0] == '\x16' && m.seam.Deaf() {
		m.buf = append(m.buf, '\n')
	}
	m.buf = append(m.buf, lines...)
	m.seam.Wrote(lines)
	if len(lines) > 0 {
		m.midLine = lines[len(lines)-1] != '\n'
	}
}

// name makes the reader take what follows for test's output.
func (m *Merger) name(test string) {
	if m.current == test {
		return
	}
	m.current = test
	m.put([]byte("\x16=== NAME  " + test + "\n"))
}

// Err returns why lines were lost, nil if none were: then the package must not pass.
func (m *Merger) Err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// write passes the buffer on. A gotest.Request keeps its first error itself.
func (m *Merger) write() {
	if len(m.buf) > 0 {
		_, _ = m.out.Write(m.buf)
		m.buf = m.buf[:0]
	}
}
