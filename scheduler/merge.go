package scheduler

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// merger joins the output of a package's processes to one stream that reads
// like one run of the binary under -test.v=test2json. Its measure is the
// block: what a process prints from the start of a test to its end. The oldest
// open block streams; the others are held back, each as a whole, until they
// end. So the output of one test stays together, and a long test can be
// watched.
//
// A merger may be used from several goroutines.
type merger struct {
	out io.Writer
	// strict holds ended blocks back while another one streams. Otherwise they
	// go out at once, between two lines of it: for readers that sort events by
	// test anyway, an early result is worth more than neighbouring lines.
	strict bool
	// spill makes a file for held lines that are too many for memory.
	spill func() (*os.File, error)

	mu      sync.Mutex
	buf     []byte // not yet written to out
	seam    testbin.Seam
	feeds   []*feed // with lines held back or a block open
	stream  *feed   // whose block streams, or nil
	current string  // the test that the reader takes output for
	blocks  int     // blocks opened so far
	err     error   // lines were lost: the package must not pass
}

// newMerger returns a merger that writes to out. The first line it writes makes
// a reader take only marked lines for framing.
func newMerger(out io.Writer, strict bool, spill func() (*os.File, error)) *merger {
	return &merger{out: out, strict: strict, spill: spill, buf: []byte("\x16=== NAME  \n")}
}

// feed is the merger's view of one process. Its event, flush and close are for
// the goroutine that reads the process.
type feed struct {
	m *merger
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

	// test is whose line came last, last the top-level test reported last;
	// finals counts closing lines.
	test   string
	last   string
	finals int
	subtests
	// coverage is what follows the figure in the coverage line, if hasCoverage.
	coverage    string
	hasCoverage bool
}

func (m *merger) newFeed(verbatim bool, shuffleLine string, resumed map[string]bool) *feed {
	return &feed{
		m: m, verbatim: verbatim, shuffleLine: []byte(shuffleLine), resumed: resumed, open: make(map[string]bool),
		subtests: subtests{failed: make(map[string]bool)},
	}
}

// event takes one line of the process.
func (f *feed) event(e testbin.Event) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if f.block != 0 && f.reported && len(f.open) == 0 && e.Kind != testbin.KindOutput {
		f.m.endBlock(f)
	}
	if f.drop(&e) {
		return
	}
	f.track(e)
	f.m.line(f, e.Kind, e.Test, e.Line)
}

// drop reports whether a line is not for the reader: names, which the merger
// states anew, and what is true of this process but not of the whole run.
func (f *feed) drop(e *testbin.Event) bool {
	switch e.Kind {
	case testbin.KindName:
		f.reported = false
		return true
	case testbin.KindFinal:
		f.finals++
		return !f.verbatim
	case testbin.KindRun:
		f.begun = true
		if f.resumed[e.Test] {
			delete(f.resumed, e.Test)
			e.Kind, e.Line = testbin.KindCont, []byte("\x16=== CONT  "+e.Test+"\n")
		}
	case testbin.KindOutput:
		return e.Test == "" && f.dropOutput(e)
	}
	return false
}

// dropOutput is drop for output of the package. TestMain may have printed
// without a newline before the line with the seed.
func (f *feed) dropOutput(e *testbin.Event) bool {
	line := e.Line
	if !f.begun && len(f.shuffleLine) > 0 && bytes.HasSuffix(line, f.shuffleLine) {
		e.Line, e.Partial = line[:len(line)-len(f.shuffleLine)], true
		return len(e.Line) == 0
	}
	if f.finals == 0 || !bytes.HasPrefix(line, []byte("coverage: ")) {
		return false
	}
	suffix, ok := gotest.CoverageSuffix(string(line))
	if !ok {
		return false
	}
	f.coverage, f.hasCoverage = suffix, true
	return !f.verbatim
}

// track follows which top-level tests are open.
func (f *feed) track(e testbin.Event) {
	f.partial, f.test = e.Partial, e.Test
	top := !strings.Contains(e.Test, "/")
	switch e.Kind {
	case testbin.KindRun, testbin.KindCont, testbin.KindPause:
		f.reported = false
		if top {
			f.open[e.Test] = true
		}
	case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		f.subtests.note(e.Kind, e.Test)
		f.reported = true
		if top {
			delete(f.open, e.Test)
			f.last = e.Test
		}
	}
}

// flush passes on what may be passed on. Call it when the process is silent.
func (f *feed) flush() {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.m.write()
}

// close ends the feed after the last line.
func (f *feed) close() {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if f.block != 0 {
		f.m.endBlock(f)
	}
	f.m.write()
}

// add writes lines of the scheduler's own, outside any test. Framing among
// them must leave the reader outside.
func (m *merger) add(lines string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name("")
	m.put([]byte(lines))
	m.write()
}

// line adds a line to f's block, which it opens if need be.
func (m *merger) line(f *feed, kind testbin.Kind, test string, line []byte) {
	if f.block == 0 {
		m.blocks++
		f.block = m.blocks
		if !slices.Contains(m.feeds, f) {
			m.feeds = append(m.feeds, f)
		}
		if m.stream == nil {
			m.stream = f
		}
	}
	if m.stream == f {
		if kind != testbin.KindOutput && !m.strict {
			m.releaseEnded() // those that came while f could not be interrupted
		}
		m.emit(kind, test, line)
		return
	}
	if !f.held.add(m.spill, kind, test, line) {
		// Neither memory nor file: the lines go out now. They are still whole
		// and say whose they are.
		m.drain(f, true)
		m.emit(kind, test, line)
	}
}

// endBlock closes f's block; if it was the stream's, the next one streams.
func (m *merger) endBlock(f *feed) {
	f.block, f.reported = 0, false
	if m.stream != f {
		f.held.endBlock()
		if !m.strict && !m.stream.reported && !m.stream.partial {
			m.releaseEnded()
		}
		return
	}
	m.stream = nil
	m.releaseEnded()
	for _, g := range m.feeds {
		if g.block != 0 && (m.stream == nil || g.block < m.stream.block) {
			m.stream = g
		}
	}
	if m.stream != nil {
		m.drain(m.stream, true)
	}
}

// releaseEnded passes on all held blocks that have ended.
func (m *merger) releaseEnded() {
	for _, g := range m.feeds {
		if g != m.stream {
			m.drain(g, false)
		}
	}
	m.feeds = slices.DeleteFunc(m.feeds, func(g *feed) bool { return g.block == 0 })
}

// drain passes on what is held of f.
func (m *merger) drain(f *feed, everything bool) {
	if err := f.held.drain(everything, m.emit); err != nil && m.err == nil {
		m.err = err
	}
}

// emit writes a line for the reader, who must know whose output it is.
func (m *merger) emit(kind testbin.Kind, test string, line []byte) {
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
func (m *merger) put(lines []byte) {
	if len(lines) > 0 && lines[0] == '\x16' && m.seam.Deaf() {
		m.buf = append(m.buf, '\n')
	}
	m.buf = append(m.buf, lines...)
	m.seam.Wrote(lines)
}

// name makes the reader take what follows for test's output.
func (m *merger) name(test string) {
	if m.current == test {
		return
	}
	m.current = test
	m.put([]byte("\x16=== NAME  " + test + "\n"))
}

// write passes the buffer on. A gotest.Request keeps its first error itself.
func (m *merger) write() {
	if len(m.buf) > 0 {
		_, _ = m.out.Write(m.buf)
		m.buf = m.buf[:0]
	}
}
