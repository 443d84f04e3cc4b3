package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// State is where the account of a package is in its life.
type State uint8

// The states of an account.
const (
	// Running plans and runs tests.
	Running State = iota
	// Dropping starts nothing more and waits for what runs.
	Dropping
	// Closed has its result. Nothing changes any more.
	Closed
)

// String returns the state in one word.
func (s State) String() string { return [...]string{"running", "dropping", "closed"}[s] }

// Spec is what an account is made from.
type Spec struct {
	Mode Mode
	// Units are the units of the package in the order of dispatch.
	Units []*Unit
	// Names is how often each name is in the list of tests: the internal and the external test
	// package may both have it.
	Names map[string]int
	// Count and CPUs are how often the binary repeats each test: -test.count and the length of
	// the -test.cpu list.
	Count, CPUs int
	// TestMain reports that the package has a TestMain.
	TestMain bool
	// Workers bounds the tasks of a Bundled package, ListSize the names of one process in bytes.
	Workers, ListSize int
	// Baseline reports that the processes of a split package count coverage from zero, so that
	// one without tests has to show what each of them counts before its first test.
	Baseline bool
}

// Account is the account of one package. It is for one goroutine.
type Account struct {
	spec   Spec
	byTest map[string]*Unit
	state  State

	ready    []*Task // for the planner
	rest     []*Task // of a package that is one process at a time
	waiting  []*Task // those that the planner has
	strays   int     // tasks that were started and that the planner did not have: there can be none
	running  int     // processes of the first pass
	started  int     // so far, the baseline aside
	parts    int     // of those, the processes that ran a part of the package
	baseline baseline

	// idle are tests that a program of -exec did not run, ran whether it ran others: it may run
	// all tests or none.
	idle     []Planned
	ran      bool
	dropped  []Planned // with Drop
	failures []string
	refusals []string // reasons for which tests were not run
	process  int      // that failed outside its tests, 0 for none
	code     int
	ended    time.Time
}

// NewAccount returns the account of a package of which nothing has run.
func NewAccount(s Spec) *Account {
	a := &Account{spec: s, byTest: make(map[string]*Unit)}
	for _, u := range s.Units {
		for _, t := range u.Def.Tests {
			a.byTest[t.Name] = u
		}
	}
	if s.Mode.OneProcess() {
		a.ready = []*Task{a.Everything()}
		return a
	}
	for _, u := range s.Units {
		a.ready = append(a.ready, a.tasksOf(u)...)
	}
	if s.Mode == Bundled {
		a.ready = bundle(a.ready, s.Workers)
	}
	return a
}

// Everything returns the package as one task.
func (a *Account) Everything() *Task {
	t := &Task{All: true, Known: a.spec.Mode != Opaque}
	if t.Known {
		for _, u := range a.spec.Units {
			t.Tests = append(t.Tests, a.Plan(u.Def.Names())...)
		}
	}
	return t
}

// TaskOf returns a unit as one task, whole.
func (a *Account) TaskOf(u *Unit) *Task {
	return &Task{Unit: u, Known: true, Tests: a.Plan(u.Def.Names())}
}

// Plan returns what one process is to do of the tests.
func (a *Account) Plan(names []string) []Planned {
	tests := make([]Planned, len(names))
	for i, name := range names {
		tests[i] = Planned{Name: name, Want: a.spec.Names[name] * a.repeats(name)}
		if u := a.byTest[name]; u != nil && u.Def.Declared {
			tests[i].Group = u.Def.Group
		}
	}
	return tests
}

// repeats is how often the testing package runs a test of that name: examples once, whatever
// -count and -cpu say.
func (a *Account) repeats(name string) int {
	if strings.HasPrefix(name, "Example") {
		return 1
	}
	return a.spec.Count * a.spec.CPUs
}

// Mode returns how the package's tests share processes.
func (a *Account) Mode() Mode { return a.spec.Mode }

// Units returns the units of the package in the order of dispatch.
func (a *Account) Units() []*Unit { return a.spec.Units }

// UnitOf returns the unit that a test is in, nil for none.
func (a *Account) UnitOf(test string) *Unit { return a.byTest[test] }

// Serial reports whether a process of the task may run beside no other.
func (a *Account) Serial(t *Task) bool {
	if t.All {
		return slices.ContainsFunc(a.spec.Units, func(u *Unit) bool { return u.Def.Serial })
	}
	return anySerial(t.Tests, a.byTest)
}

// Locks returns the names that a process of the task holds, sorted, each once; nil for none.
func (a *Account) Locks(t *Task) []string {
	var names []string
	for _, p := range t.Tests {
		if u := a.byTest[p.Name]; u != nil {
			names = append(names, u.Def.Locks...)
		}
	}
	if t.All {
		for _, u := range a.spec.Units {
			names = append(names, u.Def.Locks...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Holds reports whether a test of u is in the task.
func (a *Account) Holds(t *Task, u *Unit) bool {
	return slices.ContainsFunc(t.Tests, func(p Planned) bool { return a.byTest[p.Name] == u })
}

// SoleGroup names the declared group that all tests of the package are in, "" if there is none.
func (a *Account) SoleGroup() string {
	if u := a.spec.Units; len(u) == 1 && u[0].Def.Declared {
		return u[0].Def.Group
	}
	return ""
}

// Take returns the tasks that can be planned now. The planner has them from then on.
func (a *Account) Take() []*Task {
	tasks := a.ready
	a.ready = nil
	a.waiting = append(a.waiting, tasks...)
	return tasks
}

// idleNow reports whether nothing of the package waits or runs.
func (a *Account) idleNow() bool {
	return len(a.ready)+len(a.rest)+len(a.waiting)+a.running == 0
}

// Dropped reports whether what waits is not to run any more.
func (a *Account) Dropped() bool { return a.state != Running }

// Start books that a process with tasks has started.
func (a *Account) Start(tasks []*Task) {
	a.claim(tasks)
	a.started++
	if !slices.ContainsFunc(tasks, func(t *Task) bool { return t.All }) {
		a.parts++
	}
}

// Refuse books that tasks which the planner had are not to run. BookRefused ends that.
func (a *Account) Refuse(tasks []*Task) {
	a.claim(tasks)
	refuseParts(tasks)
}

// Withdraw books that a process which Start has booked was refused where it was to run: none of its
// tests has run. BookRefused ends that.
func (a *Account) Withdraw(tasks []*Task) {
	a.started--
	if !slices.ContainsFunc(tasks, func(t *Task) bool { return t.All }) {
		a.parts--
	}
	refuseParts(tasks)
}

func refuseParts(tasks []*Task) {
	for _, t := range tasks {
		if t.Part() != nil {
			t.Unit.joint.refused = true
		}
	}
}

// claim takes tasks back from the planner.
func (a *Account) claim(tasks []*Task) {
	had := len(a.waiting)
	a.waiting = slices.DeleteFunc(a.waiting, func(t *Task) bool { return slices.Contains(tasks, t) })
	a.strays += len(tasks) - (had - len(a.waiting))
	a.running++
}

// BookRefused books that their tests have been reported as skipped, for a reason for which the
// package cannot pass: its tests have not run.
func (a *Account) BookRefused(reason string) {
	a.running--
	if !slices.Contains(a.refusals, reason) {
		a.refusals = append(a.refusals, reason)
	}
	a.requeue(nil)
}

// Report is what a process of the first attempt has shown.
type Report struct {
	// Process is its number.
	Process int
	Settlement
	// Subtests are those that failed.
	Subtests map[string]bool
	// Shown is for the process of a part of a test.
	Shown Shown
	// Code is the exit status, negative for a signal; End is when it ended.
	Code int
	End  time.Time
	// Err is why the process was not run, nil if it was.
	Err error
}

// Book books a process of the first attempt that has ended.
func (a *Account) Book(r Report) {
	a.running--
	a.ended = r.End
	if r.Err != nil {
		a.Fail(r.Err.Error())
	}
	a.ran = a.ran || len(r.Ended) > 0
	if !a.spec.TestMain {
		a.idle = append(a.idle, r.Idle...)
	}
	a.blame(r)
	missed := a.join(r)
	if r.PackageFailure != "" {
		a.process = r.Process
		a.Fail(r.PackageFailure)
		if len(r.Dropped) > 0 {
			a.Drop() // every process would end like this one
		}
	}
	a.requeue(slices.Concat(r.Again, missed))
	if r.Code != 0 && a.code == 0 {
		a.code = max(1, r.Code) // a signal counts as 1, as the go command has it
	}
}

// blame enters the failures of a process with their units.
func (a *Account) blame(r Report) {
	for _, name := range r.Failed {
		if a.byTest[name] == nil {
			a.Fail(name + " failed, which was not to run")
			continue
		}
		a.fail(r, name)
	}
	for _, t := range r.Lost {
		a.fail(r, t.Name)
	}
	for _, t := range r.Skipped {
		// Another test may have ended the process that a group was in. Without a failure of its
		// own the group counts as failed: it has not run to its end.
		if u := a.byTest[t.Name]; len(u.Failed) == 0 {
			a.fail(r, t.Name)
		}
	}
	for name := range r.Subtests {
		root, _, _ := strings.Cut(name, "/")
		if u := a.byTest[root]; u != nil {
			if u.Owed == nil {
				u.Owed = make(map[string]bool)
			}
			u.Owed[name] = true
		}
	}
}

func (a *Account) fail(r Report, test string) {
	u := a.byTest[test]
	u.Ended = r.End
	if len(u.Parts) > 0 && len(u.Failed) > 0 {
		return // another part has failed before
	}
	u.Failed = append(u.Failed, test)
	u.Process = r.Process
}

// requeue plans what a process has not run.
func (a *Account) requeue(again []Planned) {
	if a.state != Running {
		return
	}
	tasks := a.leftovers(again)
	if !a.spec.Mode.OneProcess() {
		a.ready = append(a.ready, tasks...)
		return
	}
	a.rest = append(a.rest, tasks...)
	if len(a.rest) > 0 && len(a.waiting) == 0 && a.running == 0 {
		a.ready, a.rest = append(a.ready, a.rest[0]), a.rest[1:]
	}
}

// leftovers returns the tasks for tests that have not run: one for each unit or part of one, or of a
// package whose units share processes one for as many tests as fit into a list. Tests that need
// different counts need different processes; those with the same count come together.
func (a *Account) leftovers(again []Planned) []*Task {
	type key struct {
		unit         *Unit
		part         int
		count, chunk int
	}
	together := a.spec.Mode != Split
	byKey := make(map[key]*Task)
	byCount := make(map[int][]*Task)
	var counts []int
	size := 0
	for _, t := range again {
		size += len(t.Name) + len("|")
		k := key{unit: a.byTest[t.Name], part: t.Part, count: a.countFor(t)}
		if together {
			k.unit, k.chunk = nil, size/a.spec.ListSize
		}
		if byKey[k] == nil {
			if byCount[k.count] == nil {
				counts = append(counts, k.count)
			}
			byKey[k] = &Task{Unit: k.unit, Known: true, Count: k.count}
			byCount[k.count] = append(byCount[k.count], byKey[k])
		}
		byKey[k].Tests = append(byKey[k].Tests, t)
	}
	var tasks []*Task
	for _, count := range counts {
		tasks = append(tasks, byCount[count]...)
	}
	return tasks
}

// countFor is the -test.count that the rest of a test needs, 0 for the user's. It is for a process
// with the last of the -test.cpu list alone: the binary goes through the list in its order.
func (a *Account) countFor(t Planned) int {
	repeats := a.repeats(t.Name)
	if repeats <= 1 || t.Want >= a.spec.Names[t.Name]*repeats {
		return 0
	}
	each := a.spec.Names[t.Name]
	return (t.Want + each - 1) / each
}

// Fail notes a reason why the package fails beside its tests. One that is known adds nothing.
func (a *Account) Fail(reason string) {
	if !slices.Contains(a.failures, reason) {
		a.failures = append(a.failures, reason)
	}
}

// Drop gives up what waits.
func (a *Account) Drop() {
	if a.state == Running {
		a.state = Dropping
	}
	for _, t := range slices.Concat(a.ready, a.rest, a.waiting) {
		a.dropped = append(a.dropped, t.Tests...)
	}
	a.ready, a.rest, a.waiting = nil, nil, nil
}

// NotStarted returns the tests that were given up before a process had them. One that several
// processes were to run together is among them once, if none has begun it: see [Account.Joined].
func (a *Account) NotStarted() []Planned {
	var all []Planned
	for _, t := range a.dropped {
		if t.Part == 0 {
			all = append(all, t)
		}
	}
	for _, u := range a.spec.Units {
		if n := len(u.Parts); n > 0 && !u.joint.begun && !u.joint.failed && u.joint.idle < n {
			all = append(all, a.Plan(u.Def.Names())...)
		}
	}
	return all
}

// Settled reports whether the account can be closed: nothing of the package waits or runs.
func (a *Account) Settled() bool {
	return a.state != Closed && a.idleNow() && !a.NeedsBaseline()
}

// Close ends the account's life.
func (a *Account) Close() {
	if a.ran && len(a.idle) > 0 {
		a.Fail(a.idle[0].Name + " was to run and did not: the program of -exec exited 0 without it")
	}
	a.state = Closed
}

// State returns where the account is in its life.
func (a *Account) State() State { return a.state }

// Passed reports whether the first attempt of everything was good.
func (a *Account) Passed() bool {
	return len(a.failures)+len(a.refusals) == 0 && !slices.ContainsFunc(a.spec.Units, func(u *Unit) bool { return len(u.Failed) > 0 })
}

// Failures are the reasons why the package fails beside its tests.
func (a *Account) Failures() []string { return a.failures }

// Refusals are the reasons for which tests of the package were not run, each once.
func (a *Account) Refusals() []string { return a.refusals }

// FailedIn returns the number of the process that failed outside its tests, 0 for none.
func (a *Account) FailedIn() int { return a.process }

// Code is the exit status of the first process that had a bad one, 0 for none.
func (a *Account) Code() int { return a.code }

// Ended is when the last process of the first attempt ended.
func (a *Account) Ended() time.Time { return a.ended }

// Solo reports whether one process has run the package as it is: it has printed the closing
// line itself.
func (a *Account) Solo() bool { return a.started == 1 && a.spec.Mode.OneProcess() }

// Check panics if the account is in a state that cannot be.
func (a *Account) Check() {
	bad := a.running < 0 || a.strays > 0
	switch a.state {
	case Dropping:
		bad = bad || len(a.ready)+len(a.rest)+len(a.waiting) > 0
	case Closed:
		bad = bad || len(a.ready)+len(a.rest)+len(a.waiting)+a.running > 0
	}
	if bad {
		panic(fmt.Sprintf("ledger: a package that is %v has %d tasks ready, %d later, %d with the planner, %d processes",
			a.state, len(a.ready), len(a.rest), len(a.waiting)-a.strays, a.running))
	}
}
