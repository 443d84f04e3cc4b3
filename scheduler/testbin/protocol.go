package testbin

import (
	"bytes"
	"slices"
	"strings"
)

// Count is how often one top-level test was started and how it ended, in one
// process. Tests of the same name (two test packages, -count, -cpu) add up.
type Count struct {
	// Started counts "=== RUN" lines.
	Started int
	// Passed, Failed and Skipped count reports. A test may have more reports
	// than starts: a failure is accepted at any time.
	Passed, Failed, Skipped int
}

// Finished returns the number of reports.
func (c Count) Finished() int { return c.Passed + c.Failed + c.Skipped }

// OpenTest is a test, or subtest, that has started and not been reported.
type OpenTest struct {
	// Name is the full name.
	Name string
	// Paused reports that the test waits in t.Parallel.
	Paused bool
}

// Count returns the tally of a top-level test; it is zero for one never seen.
func (p *Parser) Count(name string) Count {
	if e := p.protocol.tops[name]; e != nil {
		return e.Count
	}
	return Count{}
}

// Seen returns the names of the top-level tests that have started or failed, in
// the order in which they first did.
func (p *Parser) Seen() []string { return slices.Clone(p.protocol.order) }

// Open returns the tests and subtests that are open now, in the order in which
// they started. When the process has died these are the tests that it took
// along.
func (p *Parser) Open() []OpenTest {
	var all []*openTest
	for _, o := range p.protocol.open {
		for ; o != nil; o = o.next {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b *openTest) int { return a.seq - b.seq })
	tests := make([]OpenTest, len(all))
	for i, o := range all {
		tests[i] = OpenTest{Name: o.name, Paused: o.phase == paused}
	}
	return tests
}

// Contradiction names a top-level test that was reported as failed after it had
// ended well, or without having started; "" if there is none. The testing package
// never does that: the test, or another one, has printed reports of its own, and no
// other report of the process can be believed.
func (p *Parser) Contradiction() string { return p.protocol.contradiction }

// Final returns how often the closing line PASS or FAIL came (more than once if
// TestMain calls m.Run again) and whether all of them were PASS. For n == 0, ok
// is false.
func (p *Parser) Final() (n int, ok bool) {
	return p.protocol.finals, p.protocol.finals > 0 && !p.protocol.finalFail
}

// phase is where an open test is between its RUN line and its report.
type phase uint8

const (
	first     phase = iota // running, alone among the top-level tests
	paused                 // waiting in t.Parallel
	continued              // running beside other parallel tests
)

// openTest is a test that has started and not been reported.
type openTest struct {
	name  string
	seq   int // order of start
	phase phase
	next  *openTest // open under the same name (two test packages)
}

// topTest is what is known of one top-level test.
type topTest struct {
	Count
	failedLast bool // its last report was a failure
	subs       int  // open subtests
}

// protocol is the state of the testing package's framing: which tests are open,
// and so which framing line can come next.
type protocol struct {
	known    func(string) bool
	tops     map[string]*topTest
	order    []string             // keys of tops, as first seen
	open     map[string]*openTest // by full name
	phases   [continued + 1]int   // number of open top-level tests in each phase
	seq      int                  // tests started
	reports  int                  // nested reports since the last update line
	benching bool                 // a benchmark has started

	finals    int
	finalFail bool

	contradiction string        // see Parser.Contradiction
	blame         func() string // see Parser.Blame, nil for nobody
}

func newProtocol(known func(string) bool) protocol {
	if known == nil {
		known = func(string) bool { return true }
	}
	return protocol{known: known, tops: map[string]*topTest{}, open: map[string]*openTest{}}
}

// idle reports whether no top-level test is open.
func (s *protocol) idle() bool { return s.phases == [continued + 1]int{} }

// admit reports whether the testing package can have printed f now.
func (s *protocol) admit(f frame) bool {
	top, sub := root(f.name)
	switch {
	case f.kind == kindImpossible, f.depth > s.reports:
		return false
	case f.kind == KindFinal:
		return s.idle()
	case f.name == "":
		return f.kind == KindName
	case strings.HasPrefix(top, "Benchmark"):
		return s.idle() && (s.benching || (f.kind == KindRun || f.kind == KindFail) && s.known(top))
	case f.kind == KindBench:
		return false
	case f.kind == KindFail:
		return s.open[top] != nil || s.known(top)
	case sub:
		return s.admitSub(f, top)
	}
	return s.admitTop(f)
}

// admitTop is admit for a top-level test, failures aside.
func (s *protocol) admitTop(f frame) bool {
	switch f.kind {
	case KindRun:
		// Parallel tests go on only after all others have ended, so that
		// nothing starts beside them either.
		return s.phases[first] == 0 && s.phases[continued] == 0 && s.known(f.name)
	case KindPause:
		return s.find(f.name, first) != nil
	case KindCont:
		return s.phases[first] == 0 && s.find(f.name, paused) != nil
	case KindPass, KindSkip:
		return s.running(f.name) != nil
	}
	// A goroutine may log under the name of its test just after the report.
	e := s.tops[f.name]
	return e != nil && e.Started > 0
}

// admitSub is admit for a subtest, failures aside.
func (s *protocol) admitSub(f frame, top string) bool {
	e := s.tops[top]
	if e == nil || e.Started == 0 {
		return false
	}
	switch f.kind {
	case KindName, KindAttr, KindArtifacts:
		return true
	}
	return s.open[top] != nil || e.failedLast
}

// apply enters an admitted frame into the state.
func (s *protocol) apply(f frame) {
	s.nest(f)
	top, sub := root(f.name)
	switch {
	case f.kind == KindFinal:
		s.finals++
		s.finalFail = s.finalFail || !f.ok
	case f.name == "":
	case strings.HasPrefix(top, "Benchmark"):
		s.benching = true
	case f.kind == KindRun:
		s.start(f.name, top, sub)
	case f.kind == KindPause:
		s.move(f.name, first, paused, sub)
	case f.kind == KindCont:
		s.move(f.name, paused, continued, sub)
	case f.kind == KindPass, f.kind == KindFail, f.kind == KindSkip:
		s.report(f, top, sub)
	}
}

// nest follows how deep the next report may be indented.
func (s *protocol) nest(f frame) {
	switch f.kind {
	case KindPass, KindFail, KindSkip, KindBench:
		s.reports = f.depth + 1
	default:
		s.reports = 0
	}
}

func (s *protocol) start(name, top string, sub bool) {
	e := s.entry(top)
	if sub {
		e.subs++
	} else {
		e.Started++
		s.phases[first]++
	}
	s.seq++
	s.open[name] = &openTest{name: name, seq: s.seq, next: s.open[name]}
}

func (s *protocol) move(name string, from, to phase, sub bool) {
	o := s.find(name, from)
	if o == nil {
		return // a subtest whose start was not admitted
	}
	o.phase = to
	if !sub {
		s.phases[from]--
		s.phases[to]++
	}
}

func (s *protocol) report(f frame, top string, sub bool) {
	e := s.entry(top)
	o := s.running(f.name)
	if sub {
		if o == nil {
			o = s.open[f.name]
		}
		if o != nil {
			e.subs--
			s.remove(o)
		}
		return
	}
	// After a failure another one may come: two subtests that panic at once both
	// report their parents.
	if f.kind == KindFail && o == nil && !e.failedLast && s.contradiction == "" {
		s.contradiction = f.name
	}
	switch f.kind {
	case KindPass:
		e.Passed++
	case KindFail:
		e.Failed++
	case KindSkip:
		e.Skipped++
	}
	e.failedLast = f.kind == KindFail
	if o == nil {
		return // a failure of a test that is not running
	}
	s.phases[o.phase]--
	s.remove(o)
	// A test ends well only after its subtests. What is left was never real.
	if e.subs > 0 && f.kind != KindFail && s.open[top] == nil {
		s.dropSubs(top)
		e.subs = 0
	}
}

// entry returns the entry of a top-level test, made if need be.
func (s *protocol) entry(top string) *topTest {
	e := s.tops[top]
	if e == nil {
		e = new(topTest)
		s.tops[top] = e
		s.order = append(s.order, top)
	}
	return e
}

// find returns an open test of that name and phase, or nil.
func (s *protocol) find(name string, ph phase) *openTest {
	o := s.open[name]
	for o != nil && o.phase != ph {
		o = o.next
	}
	return o
}

// running returns an open test of that name that is not paused, or nil.
func (s *protocol) running(name string) *openTest {
	if o := s.find(name, first); o != nil {
		return o
	}
	return s.find(name, continued)
}

// remove takes an open test off the list.
func (s *protocol) remove(gone *openTest) {
	head := s.open[gone.name]
	if head == gone {
		if gone.next == nil {
			delete(s.open, gone.name)
		} else {
			s.open[gone.name] = gone.next
		}
		return
	}
	for o := head; o != nil; o = o.next {
		if o.next == gone {
			o.next = gone.next
			return
		}
	}
}

// dropSubs forgets the open subtests of a top-level test.
func (s *protocol) dropSubs(top string) {
	for name := range s.open {
		if strings.HasPrefix(name, top) && strings.HasPrefix(name[len(top):], "/") {
			delete(s.open, name)
		}
	}
}

// dying returns whose output a line is that comes after a line of test: the same test's, unless it
// begins the message of a death and test has ended. Then it belongs to a test that runs, the one
// that has for longest, and inside of that to its oldest subtest that runs. Among parallel tests
// the last line before a death is often the report of another test.
func (s *protocol) dying(test string, line []byte) string {
	if s.blame != nil && IsTrace(line) {
		if top := s.blame(); top != "" && s.running(top) != nil {
			return s.innermost(top)
		}
		return test
	}
	panics := bytes.HasPrefix(line, []byte("panic: "))
	if !panics && !bytes.HasPrefix(line, []byte("fatal error: ")) {
		return test
	}
	top, _ := root(test)
	e := s.tops[top]
	reported := panics && !bytes.HasPrefix(line, []byte("panic: test timed out after "))
	if s.running(top) != nil || reported && e != nil && e.failedLast {
		return test // the testing package reports a test that panics before it dies
	}
	if o := s.oldest(""); o != nil {
		return s.innermost(o.name)
	}
	return test
}

// innermost returns the oldest subtest that runs, and inside of that its oldest one, and so on, of
// a test; the test itself without any.
func (s *protocol) innermost(test string) string {
	for o := s.oldest(test + "/"); o != nil; o = s.oldest(test + "/") {
		test = o.name
	}
	return test
}

// IsTrace reports whether a line is the one before the goroutines that a Go program prints when it
// is asked for them (runtime, sighandler).
func IsTrace(line []byte) bool { return bytes.HasPrefix(line, []byte("SIGQUIT: quit")) }

// oldest returns the open test that runs for longest of those whose name is prefix and a name
// without slashes, nil if there is none.
func (s *protocol) oldest(prefix string) *openTest {
	var oldest *openTest
	for name, o := range s.open {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || strings.Contains(rest, "/") {
			continue
		}
		for ; o != nil; o = o.next {
			if o.phase != paused && (oldest == nil || o.seq < oldest.seq) {
				oldest = o
			}
		}
	}
	return oldest
}
