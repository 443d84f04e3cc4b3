package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/gotestcohort/cohort/report/testevent"
)

// Most events tell that a test began and passed. Where neither the format nor a file
// shows them, all that stays of such a test is that it counts, and having testjson
// decode its events would be most of cohort's work.

const (
	// maxHeld bounds the events of a package, in bytes, that wait for its running tests
	// to end. More are passed on: testjson, too, keeps the output of a test and of all
	// its subtests until it has passed. go/doc/comment has a test of 6 MB.
	maxHeld = 8 << 20
	// maxIdle bounds what a package keeps of that for its next tests.
	maxIdle = 64 << 10
	// maxSpares is how many buffers are kept for the next packages, each of at most maxSpare bytes:
	// new memory for each would cost more than all that is done with it.
	maxSpares, maxSpare = 4, 1 << 20
)

// actionDropped is the action of an event that passing puts in the place of those it
// takes out: its Elapsed is how many tests they were of. testjson ignores it, and the
// Handler counts them at the very place of the stream.
const actionDropped = "cohort-dropped"

// passing takes the events of tests that pass out of a stream. A test is taken out with
// all that ran beside it in its package, when all of them have ended well; everything
// else keeps its order. One goroutine may use it at a time.
type passing struct {
	packages map[string]*passingPackage
	spares   [][]byte // empty
	off      bool     // something was read that is not understood: all is passed on
}

// passingPackage is a package of the stream.
type passingPackage struct {
	name    string          // with JSON's escapes
	running map[string]bool // tests that began and did not end
	held    []byte          // the events since nothing ran, unless open
	open    bool            // until nothing runs, every event is passed on
	alarmed bool            // until the package ends, every event is passed on
	begun   int             // tests whose beginning is held
	dropped int             // tests taken out of which the stream does not tell yet
}

// filter returns a reader of src, whole lines, without the events of tests that pass.
// Nothing runs when it begins.
func (s *passing) filter(src io.Reader) io.Reader {
	s.packages, s.off = map[string]*passingPackage{}, false
	// As much as a lineReader gives at once.
	return &passingReader{passing: s, src: src, in: make([]byte, maxLine)}
}

// release appends to out all that is held.
func (s *passing) release(out []byte) []byte {
	for _, name := range slices.Sorted(maps.Keys(s.packages)) {
		out = s.packages[name].release(out)
	}
	return out
}

// line appends to out what is to be passed on, now that line was read.
func (s *passing) line(out, line []byte) []byte {
	if s.off || bytes.HasPrefix(line, []byte(`{"ImportPath":"`)) {
		return append(out, line...) // a build's output is of no test
	}
	e, ok := testevent.Parse(line)
	if !ok {
		s.off = true
		return append(s.release(out), line...)
	}
	p, known := s.packages[string(e.Package)]
	if !known {
		// Its first event is passed on: testjson shall know the package.
		p = &passingPackage{name: string(e.Package), running: map[string]bool{}, open: true}
		s.packages[p.name] = p
	}
	switch {
	case len(e.Test) == 0:
		out = append(p.release(out), line...)
		if e.Ends() {
			s.spare(p.held)
			p.held, p.alarmed = nil, false
		}
	case !p.open && !p.alarmed && len(p.held)+len(line) <= maxHeld && p.holds(e):
		p.note(e)
		if n := len(s.spares); cap(p.held) == 0 && n > 0 {
			p.held, s.spares = s.spares[n-1], s.spares[:n-1]
		}
		p.held = append(p.held, line...)
		if string(e.Action) == "run" {
			p.begun++
		}
	default:
		out = append(p.release(out), line...)
		p.note(e)
	}
	p.close()
	if len(p.held) == 0 && cap(p.held) > maxIdle {
		s.spare(p.held)
		p.held = nil
	}
	return out
}

// spare keeps a buffer for another package.
func (s *passing) spare(buf []byte) {
	if cap(buf) > 0 && cap(buf) <= maxSpare && len(s.spares) < maxSpares {
		s.spares = append(s.spares, buf[:0])
	}
}

// release appends to out how many tests were taken out and what is held, and passes on
// what follows.
func (p *passingPackage) release(out []byte) []byte {
	if p.dropped > 0 {
		out = fmt.Appendf(out, `{"Action":"%s","Package":"%s","Elapsed":%d}`+"\n", actionDropped, p.name, p.dropped)
	}
	out = append(out, p.held...)
	p.held, p.begun, p.dropped, p.open = p.held[:0], 0, 0, true
	return out
}

// close begins to hold events again, if nothing runs.
func (p *passingPackage) close() {
	if len(p.running) > 0 {
		return
	}
	p.dropped += p.begun
	p.held, p.begun, p.open = p.held[:0], 0, false
}

// holds reports whether e says nothing if its test passes.
func (p *passingPackage) holds(e testevent.Event) bool {
	running := p.running[string(e.Test)]
	switch string(e.Action) {
	case "run":
		return !running && p.rootRuns(e.Test)
	case "pass", "pause", "cont":
		return running
	case "output":
		return running && !e.Alarms()
	}
	return false
}

// rootRuns reports whether test is no subtest, or its root runs. A subtest without one
// is more to testjson than a test.
func (p *passingPackage) rootRuns(test []byte) bool {
	root, _, sub := bytes.Cut(test, []byte("/"))
	return !sub || p.running[string(root)]
}

// note keeps track of what runs, as testjson does.
func (p *passingPackage) note(e testevent.Event) {
	switch string(e.Action) {
	case "pass", "fail", "skip":
		delete(p.running, string(e.Test))
		p.alarmed = p.alarmed || string(e.Action) == "fail" && !p.rootRuns(e.Test)
		return
	case "output":
		p.alarmed = p.alarmed || e.Alarms()
	}
	if !p.running[string(e.Test)] {
		p.running[string(e.Test)] = true
	}
}

// passingReader is what filter returns.
type passingReader struct {
	passing *passing
	src     io.Reader
	in      []byte
	cut     bool // what was passed on last is no whole line
	filtered
}

func (r *passingReader) Read(p []byte) (int, error) { return r.read(p, r.fill) }

// fill reads once. Only a line too long for testjson comes in pieces.
func (r *passingReader) fill() {
	n, err := r.src.Read(r.in)
	r.err = err
	out := r.out[:0]
	for rest := r.in[:n]; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n') + 1
		switch {
		case i == 0:
			out, i, r.cut = append(r.passing.release(out), rest...), len(rest), true
			r.passing.off = true
		case r.cut:
			out, r.cut = append(out, rest[:i]...), false
		default:
			out = r.passing.line(out, rest[:i])
		}
		rest = rest[i:]
	}
	if err != nil {
		out = r.passing.release(out)
	}
	r.out, r.r = out, 0
}

// showsPassed reports whether a format shows something of tests that pass, or might.
func showsPassed(format string) bool {
	switch format {
	case "pkgname", "short", "pkgname-and-test-fails", "short-with-failures", "standard-quiet", "none":
		return false
	}
	return true
}
