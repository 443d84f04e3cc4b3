package hunt

import "slices"

// task is what one process of a test binary does.
type task struct {
	bin   *binary
	units []*unit // in any order; none for what fails outside the tests
	order order
	count int // of -test.count: 1, or 2 to run everything again in the same process
	procs int // GOMAXPROCS, 0 for what it would be
	// all reports that the process runs everything that the user selected, so
	// that it needs no list.
	all bool
}

// load is what runs beside a process.
type load uint8

const (
	idle   load = iota // nothing: it is the only process
	shared             // the probes of other suspects, and other runs of the same one
	copies             // other processes that do the same
	others             // the processes that ran beside it when it failed
	rounds             // whatever the rounds run
	busy               // no process of a test, but all processors are busy
)

// condition is one way to run a victim.
type condition struct {
	task
	load       load
	neighbours []task // for others
	// second counts as failed only a victim that passed and then failed, in
	// the same process.
	second bool
}

// situation is a process of the rounds in which a suspect ran.
type situation struct {
	task
	neighbours []task // what ran beside it, some of it
	// parallel reports that the suspect waited in t.Parallel: then tests that
	// come after it in the order run before it too.
	parallel bool
	company  int // how many units run before the suspect
}

// before returns the units whose effects the victim may see, in their order.
func (s situation) before(victim *unit) []*unit {
	sorted := s.order.sorted(s.bin, s.units)
	i := slices.Index(sorted, victim)
	if i < 0 || s.parallel || s.count > 1 {
		return slices.DeleteFunc(sorted, func(u *unit) bool { return u == victim })
	}
	return sorted[:i]
}

// suspect is a unit that failed at least once.
type suspect struct {
	*unit
	rounds  tally
	failing []situation // in which it failed, the simplest first; at least one
	passing *situation  // the simplest one of company in which it passed, or nil
	peers   []*unit     // the other suspects
	sound   []*unit     // some that never failed
	workers int
	// ordinary reports that only what ordinary runs do is tried: none runs a test twice in a process.
	ordinary bool
	output   string // of the first failure
}

// task is a process that runs nothing but the suspect. A package as a whole runs as go test runs it.
func (s *suspect) task() task {
	if s.isPackage() {
		return task{bin: s.bin, units: s.bin.units, count: 1, all: true}
	}
	return task{bin: s.bin, units: []*unit{s.unit}, count: 1}
}

// source is the package in one process and in source order.
func (s *suspect) source() task {
	return task{bin: s.bin, units: s.bin.units, count: 1, all: true}
}
