package world

import (
	"fmt"
	"slices"
)

// Everyone stands in the place of a worker for a set-up of the whole run.
const Everyone = -1

// Part is a set-up at one place.
type Part struct {
	// Worker is the worker's number, from 0, or Everyone.
	Worker int
	// Number is the set-up's place among those of the run, or among those of workers, from 0.
	Number int
}

// Phase is where a part is in its life.
type Phase uint8

// The phases, in the order in which a part goes through them. It is in Ready or Failed, not in both. A
// part that is set up for each attempt is Absent again after Ending, unless the world is ended.
const (
	// Absent is before the start.
	Absent Phase = iota
	// Starting is while the command of the set-up runs.
	Starting
	// Ready is that it has ended well.
	Ready
	// Failed is that it has not.
	Failed
	// Ending is while the command of the tear-down runs.
	Ending
	// Gone is that it has ended, however.
	Gone
)

// String returns the phase in one word.
func (p Phase) String() string {
	return [...]string{"absent", "starting", "ready", "failed", "ending", "gone"}[p]
}

// standing reports whether the part owes its tear-down.
func (p Phase) standing() bool { return p == Ready || p == Failed }

// running reports whether a command of the part runs.
func (p Phase) running() bool { return p == Starting || p == Ending }

// Answer is what State says to a process that wants to start.
type Answer uint8

// The answers.
const (
	// Enter is that everything is ready.
	Enter Answer = iota
	// Wait is that something is being set up. Ask again after each command that has ended.
	Wait
	// Refused is that a set-up has failed without which the process cannot run.
	Refused
)

// Action is a command to be run now: the set-up of a part, or its tear-down.
type Action struct {
	Part
	TearDown bool
	// For is whose attempt the part stands for, if it is set up for each; else the zero value.
	For Attempt
}

// State is what stands of the world, and decides what is started and ended next. It acts on nothing.
// It is for one goroutine.
type State struct {
	run     int // set-ups of the run
	lasting int // set-ups of each worker that are set up once; those with higher numbers for each attempt
	phases  map[Part]Phase
	order   []Part         // those that were started, in that order
	layers  map[int]*layer // by worker: what is set up for an attempt
	wanted  []Part         // to be started
	broken  map[Part]int   // for each failed set-up the worker on which it failed; its Part has Everyone or AnyWorker
	users   int            // processes that run
	halted  bool           // nothing is started any more
	closed  bool           // everything is to be torn down
	skipped bool           // nothing is torn down any more
}

// anyWorker stands in the place of the worker for a worker's set-up wherever it is.
const anyWorker = -2

// NewState returns a world in which nothing has been started. The run has so many set-ups of its own,
// and so many of the workers' last: those with higher numbers are set up anew for each attempt.
func NewState(run, lasting int) *State {
	return &State{run: run, lasting: lasting, phases: make(map[Part]Phase), layers: make(map[int]*layer), broken: make(map[Part]int)}
}

// chain returns what a process needs, in the order of starting: the run's set-ups and those of the
// worker's that are its own.
func (s *State) chain(n Need) []Part {
	var parts []Part
	for number := range s.run {
		parts = append(parts, Part{Everyone, number})
	}
	for _, number := range slices.Sorted(slices.Values(n.Own)) {
		parts = append(parts, Part{n.Worker, number})
	}
	return parts
}

// class is the set-up of a part, wherever it is.
func class(p Part) Part {
	if p.Worker != Everyone {
		p.Worker = anyWorker
	}
	return p
}

// Ask says whether a process may start. What it lacks is started, and what stands on its worker for
// another attempt is torn down before. The part that has failed is returned with Refused: a set-up
// that has failed on one worker, or for one attempt, is not tried again, and nothing that needs it
// starts anywhere.
func (s *State) Ask(n Need) (Answer, Part) {
	if p, ok := s.Refuses(n); ok {
		return Refused, p
	}
	if !s.claim(n) {
		return Wait, Part{}
	}
	for _, p := range s.chain(n) {
		switch phase := s.phases[p]; phase {
		case Ready:
		case Absent:
			if !s.halted && !slices.Contains(s.wanted, p) {
				s.wanted = append(s.wanted, p)
			}
			return Wait, Part{}
		case Starting:
			return Wait, Part{}
		default:
			panic(fmt.Sprintf("world: a process asks for %v, which is %v", p, phase))
		}
	}
	return Enter, Part{}
}

// Refuses reports whether a set-up has failed without which a process cannot run on any worker, and
// which.
func (s *State) Refuses(n Need) (Part, bool) {
	for _, p := range s.chain(n) {
		if on, ok := s.broken[class(p)]; ok {
			return Part{on, p.Number}, true
		}
	}
	return Part{}, false
}

// Break takes that a set-up of workers has failed where this state does not decide: nothing that needs it
// starts here either. Worker is the one on which it was.
func (s *State) Break(worker, number int) { s.breaks(Part{worker, number}) }

// breaks takes that a part has failed. The first one of a class counts.
func (s *State) breaks(p Part) {
	if _, told := s.broken[class(p)]; !told {
		s.broken[class(p)] = p.Worker
	}
}

// Place rates a worker for a process, less is better: by how many of the set-ups that it needs are to
// be run, and if these are as many, by whether another attempt's are to be torn down first.
func (s *State) Place(n Need) int {
	l := s.layers[n.Worker]
	stale := l != nil && !l.fits(n) && len(s.inLayer(n.Worker)) > 0 && s.layered(n)
	rating := 0
	for _, own := range n.Own {
		if p := (Part{n.Worker, own}); s.phases[p] != Ready || stale && s.perAttempt(p) {
			rating += 2
		}
	}
	if stale {
		rating++
	}
	return rating
}

// Begin books that a process has started to which Ask has said Enter, End that it has ended. Between
// the two nothing is torn down that it uses. The zero Need is a process that uses nothing of a worker.
func (s *State) Begin(n Need) {
	s.enterLayer(n)
	s.users++
}

// End is the other end of Begin.
func (s *State) End(n Need) {
	s.leaveLayer(n)
	s.users--
}

// Halt takes that the run was called off: nothing more is set up.
func (s *State) Halt() { s.halted, s.wanted = true, nil }

// Close takes that no process will start any more: everything that stands is torn down, unless keep
// says that it is to stay.
func (s *State) Close(keep bool) {
	s.Halt()
	s.closed = true
	s.skipped = s.skipped || keep
}

// Abandon takes that nothing more is to be torn down, and so nothing set up.
func (s *State) Abandon() {
	s.Halt()
	s.skipped = true
}

// Next returns what is to be run now. Each action is returned once, and its end is to be told by
// Ended.
func (s *State) Next() []Action {
	var actions []Action
	for _, p := range s.wanted {
		s.phases[p] = Starting
		s.order = append(s.order, p)
		actions = append(actions, Action{Part: p, For: s.forAttempt(p)})
	}
	s.wanted = nil
	actions = append(actions, s.vacate()...)
	if !s.closed || s.skipped || s.users > 0 || s.any(func(p Phase) bool { return p == Starting }) {
		return actions
	}
	for _, p := range s.order {
		if s.phases[p].standing() && !s.needed(p) {
			actions = append(actions, Action{Part: p, TearDown: true, For: s.forAttempt(p)})
		}
	}
	for _, a := range actions {
		if a.TearDown {
			s.phases[a.Part] = Ending
		}
	}
	return actions
}

// needed reports whether another part may depend on p: one of the same place that came later, or
// for a set-up of the run any of a worker's.
func (s *State) needed(p Part) bool {
	at := slices.Index(s.order, p)
	for i, other := range s.order {
		if s.phases[other] == Gone || other == p {
			continue
		}
		if other.Worker == p.Worker && i > at || p.Worker == Everyone && other.Worker != Everyone {
			return true
		}
	}
	return false
}

func (s *State) any(is func(Phase) bool) bool {
	return slices.ContainsFunc(s.order, func(p Part) bool { return is(s.phases[p]) })
}

// Ended books that an action has ended, well if ok. A tear-down that fails has still been; one that
// fails when nothing more is to be torn down was cut short.
func (s *State) Ended(a Action, ok bool) {
	was := s.phases[a.Part]
	switch {
	case a.TearDown && was == Ending && !ok && s.skipped:
		s.phases[a.Part] = Failed // it was cut short
	case a.TearDown && was == Ending && s.perAttempt(a.Part):
		s.leave(a.Part)
	case a.TearDown && was == Ending:
		s.phases[a.Part] = Gone
	case !a.TearDown && was == Starting && ok:
		s.phases[a.Part] = Ready
	case !a.TearDown && was == Starting:
		s.phases[a.Part] = Failed
		s.breaks(a.Part)
	default:
		panic(fmt.Sprintf("world: %+v has ended, and it was %v", a, was))
	}
}

// Broken reports whether a set-up has failed.
func (s *State) Broken() bool { return len(s.broken) > 0 }

// Over reports whether everything is as it will stay: nothing runs, and nothing is owed.
func (s *State) Over() bool {
	if !s.closed || s.any(Phase.running) {
		return false
	}
	return s.skipped || !s.any(Phase.standing)
}

// Left returns the parts that stand, in the order in which they are to be torn down: those of
// workers before those of the run, the last that was started first.
func (s *State) Left() []Part {
	var workers, run []Part
	for _, p := range slices.Backward(s.order) {
		switch {
		case s.phases[p] == Gone:
		case p.Worker == Everyone:
			run = append(run, p)
		default:
			workers = append(workers, p)
		}
	}
	return append(workers, run...)
}

// Check panics if the state is one that cannot be.
func (s *State) Check() {
	for i, p := range s.order {
		phase := s.phases[p]
		gone := (phase == Ending || phase == Gone) && !s.perAttempt(p)
		if slices.Index(s.order, p) != i || phase == Absent || gone && (s.users > 0 || !s.closed) {
			panic(fmt.Sprintf("world: %v is %v, %d processes run", p, phase, s.users))
		}
	}
	if s.users < 0 {
		panic(fmt.Sprintf("world: %d processes run", s.users))
	}
	s.checkLayers()
}
