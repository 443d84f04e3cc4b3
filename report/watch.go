package report

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/report/progress"
	"github.com/gotestcohort/cohort/report/testevent"
)

// Watch returns a reader of src, events that Lines has read, that tells live what they say. run
// is 0 for the first pass. Events are all it knows: what a process of several prints only when
// its turn comes is late here, and a package counts as one process.
func Watch(src io.Reader, run int, live *progress.Live) io.Reader {
	return &watchingReader{src: src, run: run, live: live, packages: map[string]*watchedPackage{}}
}

// WatchPackages is Watch for a run whose processes tell live themselves what their tests do: only
// what is said of packages counts.
func WatchPackages(src io.Reader, run int, live *progress.Live) io.Reader {
	return &watchingReader{src: src, run: run, live: live, packagesOnly: true}
}

// watchingReader is what Watch returns.
type watchingReader struct {
	src io.Reader
	// packagesOnly reports that events of tests are left out.
	packagesOnly bool
	run          int
	live         *progress.Live
	packages     map[string]*watchedPackage
	part         []byte        // of a line
	bulk         []byte        // what another goroutine tells
	told         chan struct{} // closed when it has; nil: there is none
}

// watchedPackage is a package that has begun and not ended.
type watchedPackage struct {
	process int // number of the process that stands for it
	// ended are tests whose result was read in their output: the event of it comes only with
	// whatever the process prints next.
	ended map[string]bool
}

// bulk is from how many bytes on what was read at once is told by another goroutine, while the
// caller decodes it: of a file full of events that is a tenth of the time.
const bulk = 16 << 10

// Read reads from the source, and tells what the lines say that are now complete. All has been told
// when it returns an error, and all but what it returns otherwise.
func (w *watchingReader) Read(p []byte) (int, error) {
	n, err := w.src.Read(p)
	w.wait()
	now := time.Now() // for all of them: they have come together
	if n < bulk {
		w.lines(p[:n], now)
		return n, err
	}
	w.bulk = append(w.bulk[:0], p[:n]...)
	w.told = make(chan struct{})
	go func() { // ends with the lines; wait waits for it
		defer close(w.told)
		w.lines(w.bulk, now)
	}()
	if err != nil {
		w.wait()
	}
	return n, err
}

// wait waits until everything that was read is told.
func (w *watchingReader) wait() {
	if w.told != nil {
		<-w.told
		w.told = nil
	}
}

// lines tells what is said by lines, the last of which may go on in the next ones.
func (w *watchingReader) lines(text []byte, now time.Time) {
	for rest := text; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n') + 1
		switch {
		case i == 0:
			w.part = append(w.part, rest...)
			return
		case len(w.part) > 0:
			w.line(append(w.part, rest[:i]...), now)
			w.part = w.part[:0]
		default:
			w.line(rest[:i], now)
		}
		rest = rest[i:]
	}
}

// line tells what a line says. Most of them are output, which says nothing here.
func (w *watchingReader) line(line []byte, now time.Time) {
	output := bytes.HasPrefix(actionOf(line), []byte(`output"`))
	if output && (w.packagesOnly || !bytes.Contains(line, []byte(`"Output":"--- `))) {
		return
	}
	e, ok := testevent.Parse(line)
	if !ok {
		if !bytes.HasPrefix(line, []byte(lineKey)) {
			return
		}
		if e, ok = amendedEvent(line); !ok {
			return
		}
	}
	if len(e.Test) == 0 {
		w.packageEvent(e, now)
		return
	}
	if w.packagesOnly {
		return
	}
	w.testEvent(w.pkg(e.Package, now), e, now)
}

// testEvent tells what an event of a test of p says.
func (w *watchingReader) testEvent(p *watchedPackage, e testevent.Event, now time.Time) {
	switch string(e.Action) {
	case "output":
		if result, elapsed, ok := resultLine(e); ok && !p.ended[string(e.Test)] {
			p.ended[string(e.Test)] = true
			w.live.TestEnded(p.process, unescaped(e.Test), result, now, elapsed)
		}
	case "run":
		delete(p.ended, string(e.Test))
		w.live.TestStarted(p.process, unescaped(e.Test), now)
	case "pause":
		w.live.TestPaused(p.process, unescaped(e.Test))
	case "cont":
		w.live.TestResumed(p.process, unescaped(e.Test))
	case "pass", "fail", "skip":
		if p.ended[string(e.Test)] {
			delete(p.ended, string(e.Test))
			return
		}
		w.live.TestEnded(p.process, unescaped(e.Test), string(e.Action), now, parseSeconds(string(e.Elapsed)))
	}
}

// resultLine reads the line by which the testing package says how the test of e has ended, as in
// "--- PASS: TestX (0.05s)".
func resultLine(e testevent.Event) (result string, elapsed time.Duration, ok bool) {
	rest, ok := bytes.CutPrefix(e.Output, []byte("--- "))
	word, rest, found := bytes.Cut(rest, []byte(": "))
	took, named := bytes.CutPrefix(rest, e.Test)
	took, spaced := bytes.CutPrefix(took, []byte(" ("))
	end := bytes.IndexByte(took, 's')
	if !ok || !found || !named || !spaced || end < 0 {
		return "", 0, false
	}
	switch string(word) {
	case "PASS", "FAIL", "SKIP":
		return strings.ToLower(string(word)), parseSeconds(string(took[:end])), true
	}
	return "", 0, false
}

// parseSeconds reads a number of seconds; 0 if it is none that a test can have taken.
func parseSeconds(text string) time.Duration {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0 && seconds < 1e9) { // nor NaN, nor more than a Duration holds
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

func (w *watchingReader) packageEvent(e testevent.Event, now time.Time) {
	pkg := string(e.Package)
	switch {
	case string(e.Action) == "start" && w.run == 0:
		w.live.PackageStarted(pkg)
	case e.Ends():
		if p, ok := w.packages[pkg]; ok {
			delete(w.packages, pkg)
			w.live.ProcessEnded(progress.ProcessEnd{Number: p.process, End: now})
		}
		if w.run == 0 {
			w.live.PackageEnded(pkg, string(e.Action) != "fail", now)
		}
	}
}

// pkg returns a package, for which a process stands.
func (w *watchingReader) pkg(path []byte, now time.Time) *watchedPackage {
	p, ok := w.packages[string(path)]
	if !ok {
		start := progress.Process{Package: string(path), Attempt: w.run, Kind: progress.FromEvents, Start: now}
		p = &watchedPackage{process: w.live.NewProcess(start), ended: map[string]bool{}}
		w.packages[start.Package] = p
	}
	return p
}

// amendedEvent reads an event that was changed for testjson.
func amendedEvent(line []byte) (testevent.Event, bool) {
	var e struct {
		Action, Package, Test string
		Elapsed               float64
	}
	if json.Unmarshal(line, &e) != nil || e.Package == "" {
		return testevent.Event{}, false
	}
	return testevent.Event{
		Action: []byte(e.Action), Package: []byte(e.Package), Test: escape(e.Test),
		Elapsed: strconv.AppendFloat(nil, e.Elapsed, 'g', -1, 64),
	}, true
}

// escape is the name of a test with JSON's escapes, unescaped without.
func escape(test string) []byte {
	raw, err := json.Marshal(test)
	if err != nil || len(raw) < 2 {
		return nil // a string has a form
	}
	return raw[1 : len(raw)-1]
}

func unescaped(test []byte) string {
	if bytes.IndexByte(test, '\\') < 0 {
		return string(test)
	}
	var s string
	if json.Unmarshal([]byte(`"`+string(test)+`"`), &s) != nil {
		return string(test)
	}
	return s
}
