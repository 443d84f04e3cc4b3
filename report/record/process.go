package record

import (
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// Process is a test process, or something else that held a worker for a while.
type Process struct {
	Number  int
	Worker  int
	Package string // import path
	Kind    string // first, attempt, baseline or probe
	Attempt int
	Group   string // the declared group that it ran; "": none
	Seed    string // -test.shuffle; "": source order
	Command string // what repeats it, for a shell; "": not known
	Start   time.Time
	End     time.Time // zero: it had not ended when the run did
	Exit    int
	Signal  string // that ended it; "": none
	CPU     time.Duration
	MaxRSS  int64  // bytes; 0: not known
	Machine string // where it ran; "": where the run was, or not known
	Tests   []ProcessTest
}

// ProcessTest is a root test that a process ran.
type ProcessTest struct {
	Name    string
	Start   time.Time // zero: it did not begin
	Elapsed time.Duration
	Result  string // pass, fail, skip; "": it did not end
}

// processJSON is a line of processes.jsonl.
type processJSON struct {
	Number  int               `json:"number"`
	Worker  int               `json:"worker"`
	Package string            `json:"package,omitempty"`
	Kind    string            `json:"kind,omitempty"`
	Attempt int               `json:"attempt"`
	Group   string            `json:"group,omitempty"`
	Seed    string            `json:"seed,omitempty"`
	Command string            `json:"command,omitempty"`
	Start   time.Time         `json:"start"`
	End     time.Time         `json:"end,omitzero"`
	Exit    int               `json:"exit"`
	Signal  string            `json:"signal,omitempty"`
	CPU     float64           `json:"cpu"`
	MaxRSS  int64             `json:"maxrss"`
	Machine string            `json:"machine,omitempty"`
	Tests   []processTestJSON `json:"tests,omitempty"`
}

type processTestJSON struct {
	Name    string    `json:"name"`
	Start   time.Time `json:"start,omitzero"`
	Elapsed float64   `json:"elapsed"`
	Result  string    `json:"result,omitempty"`
}

// MarshalJSON writes p as a line of processes.jsonl.
func (p Process) MarshalJSON() ([]byte, error) {
	j := processJSON{
		p.Number, p.Worker, p.Package, p.Kind, p.Attempt, p.Group, p.Seed, p.Command, p.Start, p.End, p.Exit, p.Signal,
		p.CPU.Seconds(), p.MaxRSS, p.Machine, nil,
	}
	for _, t := range p.Tests {
		j.Tests = append(j.Tests, processTestJSON{t.Name, t.Start, t.Elapsed.Seconds(), t.Result})
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads a line of processes.jsonl.
func (p *Process) UnmarshalJSON(text []byte) error {
	var j processJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*p = Process{
		j.Number, j.Worker, j.Package, j.Kind, j.Attempt, j.Group, j.Seed, j.Command, j.Start, j.End, j.Exit, j.Signal,
		duration(j.CPU), j.MaxRSS, j.Machine, nil,
	}
	for _, t := range j.Tests {
		p.Tests = append(p.Tests, ProcessTest{t.Name, t.Start, duration(t.Elapsed), t.Result})
	}
	return nil
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// ProcessEnd is how a process ended.
type ProcessEnd struct {
	Number  int
	End     time.Time
	Exit    int
	Signal  string // "": none
	CPU     time.Duration
	MaxRSS  int64  // bytes; 0: not known
	Machine string // where it ran; "": where the run was, or not known
}

// processes is the text of processes.jsonl while it grows. It keeps the processes that run, and the
// packages, which the manifest lists.
type processes struct {
	w *Writer

	mu       sync.Mutex
	buf      []byte
	running  map[int]*Process
	packages map[string]int // place in list
	list     []Package
}

// PackageFound says that a package is to be tested, and what is in it. It is kept until Close. Called
// again, it replaces what was known of the package but not how it ended.
func (w *Writer) PackageFound(p Package) {
	s := &w.processes
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.pkg(p.Path)
	old := s.list[at]
	p.Passed, p.End = old.Passed, old.End
	s.list[at] = p
}

// pkg returns the place of a package in the list. The caller holds s.mu.
func (s *processes) pkg(path string) int {
	at, ok := s.packages[path]
	if !ok {
		at = len(s.list)
		s.packages[path] = at
		s.list = append(s.list, Package{Path: path})
	}
	return at
}

// PackageEnded says how a package ended.
func (w *Writer) PackageEnded(path string, passed bool, at time.Time) {
	s := &w.processes
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &s.list[s.pkg(path)]
	p.Passed, p.End = passed, at
}

// ProcessStarted says that p runs. Its Tests are those that it is to run, in order, with their names
// only; more may come up.
func (w *Writer) ProcessStarted(p Process) {
	s := &w.processes
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Tests = slices.Clone(p.Tests)
	s.running[p.Number] = &p
}

// TestStarted says that a process has begun a root test.
func (w *Writer) TestStarted(process int, test string, at time.Time) {
	s := &w.processes
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.running[process]; p != nil {
		p.test(test, false).Start = at
	}
}

// TestEnded says how a root test ended: pass, fail or skip.
func (w *Writer) TestEnded(process int, test, result string, at time.Time, elapsed time.Duration) {
	s := &w.processes
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.running[process]
	if p == nil {
		return
	}
	t := p.test(test, true)
	t.Result, t.Elapsed = result, elapsed
	if t.Start.IsZero() {
		t.Start = at.Add(-elapsed)
	}
}

// test returns the run of that name that has begun, or else one that has not. With -count there are
// several of a name.
func (p *Process) test(name string, begun bool) *ProcessTest {
	for i := range p.Tests {
		if t := &p.Tests[i]; t.Name == name && t.Result == "" && t.Start.IsZero() != begun {
			return t
		}
	}
	if begun {
		return p.test(name, false)
	}
	p.Tests = append(p.Tests, ProcessTest{Name: name})
	return &p.Tests[len(p.Tests)-1]
}

// ProcessEnded says how a process ended. Tests that it did not begin are no longer its own.
func (w *Writer) ProcessEnded(e ProcessEnd) {
	s := &w.processes
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.running[e.Number]
	if p == nil {
		return
	}
	delete(s.running, e.Number)
	p.End, p.Exit, p.Signal, p.CPU, p.MaxRSS, p.Machine = e.End, e.Exit, e.Signal, e.CPU, e.MaxRSS, e.Machine
	s.write(p)
}

// write adds a process to the text. The caller holds s.mu.
func (s *processes) write(p *Process) {
	p.Tests = slices.DeleteFunc(p.Tests, func(t ProcessTest) bool { return t.Start.IsZero() })
	slices.SortStableFunc(p.Tests, func(a, b ProcessTest) int { return a.Start.Compare(b.Start) })
	text, err := json.Marshal(p)
	if err != nil {
		return // only a year beyond 9999 fails, and then the process is left out
	}
	if s.w.redact != nil {
		text = s.w.redact.JSON(text)
	}
	s.buf = append(append(s.buf, text...), '\n')
}

// Process records a process that another record holds, as it is.
func (w *Writer) Process(p Process) {
	s := &w.processes
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Tests = slices.Clone(p.Tests)
	s.write(&p)
}

// settle hands on the text once it has size bytes. The caller may wait for a disk.
func (s *processes) settle(size int) { s.handOn(size, false) }

// flush hands on all that there is, to be in the file at once.
func (s *processes) flush() { s.handOn(1, true) }

func (s *processes) handOn(size int, flush bool) {
	s.mu.Lock()
	data := s.buf
	if len(data) < size || len(data) == 0 {
		s.mu.Unlock()
		return
	}
	s.buf = nil
	s.mu.Unlock()
	s.w.handOn(chunk{kind: processesKind, data: data, flush: flush})
}

// finish hands on all that there is, with the processes that still run, and returns the packages.
func (s *processes) finish() []Package {
	s.mu.Lock()
	var numbers []int
	for n := range s.running {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		s.write(s.running[n])
		delete(s.running, n)
	}
	list := s.list
	s.mu.Unlock()
	s.settle(1)
	return list
}
