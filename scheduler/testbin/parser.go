package testbin

import (
	"bytes"
	"time"
	"unicode/utf8"
)

const (
	// marker begins each framing line and ends an unterminated line before it.
	marker = 0x16

	// lineLimit is the longest line, newline included, that can be framing, and
	// the largest piece of a longer line that is emitted. It is the input buffer
	// of the go command's own converter (cmd/internal/test2json), so that both
	// take the same lines for framing.
	lineLimit = 4096
)

// Event is one line of a test binary's output, or a piece of a long one.
type Event struct {
	// Kind says what the line is.
	Kind Kind
	// Test is the full name of the test that a framing line is about, or that
	// an output line belongs to. It is empty for output of the package.
	Test string
	// Elapsed is the time that a report (KindPass, KindFail, KindSkip) states.
	Elapsed time.Duration
	// Depth is how deep a report is indented, in steps of four spaces. The
	// testing package indents none under -test.v=test2json.
	Depth int
	// OK reports, for KindFinal, whether the line is PASS.
	OK bool
	// Partial reports that Line does not end in a newline: it is a piece of a
	// line over 4 KiB that goes on in the next event, or the line was ended by a
	// marker or by the end of the stream. Framing is never partial.
	Partial bool
	// Rejected reports that Line looked like framing that cannot be true now
	// (see Parser); its Kind is KindOutput.
	Rejected bool
	// Line is the raw line, newline included, and for framing with the marker in
	// front. Output never holds a marker byte. It is never empty, and valid only
	// during the call.
	Line []byte
}

// Parser is an io.Writer that takes the output of a test binary run with
// -test.v=test2json, in chunks of any size, and emits one Event per line.
//
// Output belongs to the test that the last framing line named, as in test2json. But the message of
// a death does not stay with a test that has ended: it goes to the one that has run for longest.
// A line is held back until its newline, a marker, 4 KiB or Close; more than
// that is never kept.
//
// A test can print bytes that look like framing. The parser keeps the state of
// the protocol and rejects what the testing package cannot have printed:
//
//   - A test starts only while no other top-level test is running (paused ones
//     may wait), and only if it is known.
//   - A test passes or is skipped, pauses or continues, only if it is running,
//     or paused, respectively.
//   - A subtest does anything only while its root is open, or has failed: a
//     panic reports the root before all its subtests are done.
//   - A failure of a known test is always accepted: none is ever lost.
//   - The closing PASS or FAIL comes only when no test is open.
//
// Lines that begin with a marker and are not accepted become output without
// that marker. So the go command's converter, which takes only marked lines for
// framing once it has seen one, reads the emitted lines exactly as they were
// emitted. Unmarked lines are always output; so that the converter agrees, the
// caller begins what it sends there with a marked line ("\x16=== NAME  \n").
//
// Benchmarks are let through whenever no test is open and are not tallied: the
// testing package does not report their end.
//
// A Parser is not safe for concurrent use.
type Parser struct {
	emit     func(Event)
	protocol protocol
	test     string // whose output comes now
	held     []byte // beginning of a line whose end has not come
	mid      bool   // pieces of the current line have been emitted
}

// NewParser returns a parser that calls emit for each line, in order, from
// within Write and Close. The function known reports whether the binary has a
// top-level test (or, if benchmarks run, a benchmark) of that name; nil means
// that every name is known.
func NewParser(known func(name string) bool, emit func(Event)) *Parser {
	return &Parser{
		emit:     emit,
		protocol: newProtocol(known),
		held:     make([]byte, 0, lineLimit),
	}
}

// Blame sets whose output the goroutines are that the process prints when it is asked for them:
// test returns a top-level test, or "" for that of the line before. It is called from within Write
// and Close, and not if that test does not run any more.
func (p *Parser) Blame(test func() string) { p.protocol.blame = test }

// Write parses b. It never fails and keeps no reference to b.
func (p *Parser) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		b = b[p.take(b):]
	}
	return n, nil
}

// Close emits a last line that has no newline. It is output whatever it looks
// like. The parser may be queried afterwards, but not written to.
func (p *Parser) Close() {
	if len(p.held) > 0 {
		p.piece(p.held)
		p.held = p.held[:0]
	}
}

// take handles what b holds of the current line and returns its length.
func (p *Parser) take(b []byte) int {
	window := b[:min(len(b), lineLimit-len(p.held))]
	n, ended := lineEnd(window, p.mid || len(p.held) > 0)
	switch {
	case ended && len(p.held) == 0:
		p.line(b[:n])
	case ended:
		p.held = append(p.held, b[:n]...)
		p.line(p.held)
		p.held = p.held[:0]
	case len(p.held)+n < lineLimit:
		p.held = append(p.held, window...)
	case len(p.held) == 0:
		n = wholeRunes(window)
		p.piece(b[:n])
	default:
		p.held = append(p.held, window...)
		whole := wholeRunes(p.held)
		p.piece(p.held[:whole])
		p.held = p.held[:copy(p.held, p.held[whole:])]
	}
	return n
}

// lineEnd returns how many bytes of b belong to the current line and whether it
// ends there. Inside tells that b does not begin the line: then a marker at
// b[0] ends it.
func lineEnd(b []byte, inside bool) (n int, ended bool) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b, ended = b[:i+1], true
	}
	from := min(1, len(b))
	if inside {
		from = 0
	}
	if i := bytes.IndexByte(b[from:], marker); i >= 0 {
		return from + i, true
	}
	return len(b), ended
}

// wholeRunes returns the length of b without a last UTF-8 sequence that is not
// whole, judged by its first byte alone, as the go command's converter does.
func wholeRunes(b []byte) int {
	for i := len(b) - 1; i >= 0 && i > len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if have := len(b) - i; have < runeLen(b[i]) {
				return i
			}
			break
		}
	}
	return len(b)
}

// runeLen returns the length of the UTF-8 sequence that begins with c.
func runeLen(c byte) int {
	switch {
	case c&0xe0 == 0xc0:
		return 2
	case c&0xf0 == 0xe0:
		return 3
	case c&0xf8 == 0xf0:
		return 4
	}
	return 1
}

// line handles a line, or the last piece of one, which may be empty.
func (p *Parser) line(line []byte) {
	if p.mid || len(line) == 0 || line[0] != marker {
		p.output(line, false)
		p.mid = false
		return
	}
	f, ok := parseFrame(line)
	if !ok {
		p.output(line, false)
		return
	}
	if !p.protocol.admit(f) {
		p.output(line, true)
		return
	}
	p.protocol.apply(f)
	p.test = f.name
	p.emit(Event{Kind: f.kind, Test: f.name, Elapsed: f.elapsed, Depth: f.depth, OK: f.ok, Line: line})
}

// piece handles a part of a line that ends before the line does.
func (p *Parser) piece(b []byte) {
	p.output(b, false)
	p.mid = true
}

// output emits b, without the marker that it may begin with.
func (p *Parser) output(b []byte, rejected bool) {
	if len(b) > 0 && b[0] == marker {
		b = b[1:]
	}
	if len(b) == 0 {
		return
	}
	if !p.mid {
		p.test = p.protocol.dying(p.test, b)
	}
	p.emit(Event{Kind: KindOutput, Test: p.test, Partial: b[len(b)-1] != '\n', Rejected: rejected, Line: b})
}
