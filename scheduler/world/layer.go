package world

import (
	"fmt"
	"maps"
	"slices"
)

// Need is what a process needs of the world, and which process it is.
type Need struct {
	// Worker is the number of its worker.
	Worker int
	// Own are the numbers of the workers' set-ups that it needs.
	Own []int
	// For is whose attempt the process is.
	For Attempt
}

// Attempt is one run of something: what a set-up that is started for each attempt stands for.
type Attempt struct {
	// Number is 0 for the first run, 1.. for reruns.
	Number int
	// Package is the import path, Unit the name of the group or test, "" for the whole package.
	Package, Unit string
}

// layer is what stands on one worker for one attempt, above what lasts there. Its parts are set up
// for one process, and torn down before those for the next one are set up.
type layer struct {
	need Need
	// users are the processes that use it, used reports that there was one.
	users int
	used  bool
	// ending reports that it is being torn down to make room for the next one.
	ending bool
}

// perAttempt reports whether a part is set up anew for each attempt.
func (s *State) perAttempt(p Part) bool { return p.Worker != Everyone && p.Number >= s.lasting }

// layered reports whether a process needs something that is set up for its attempt alone.
func (s *State) layered(n Need) bool {
	return slices.ContainsFunc(n.Own, func(own int) bool { return own >= s.lasting })
}

// inLayer returns the parts of a worker's layer that stand or are under way, in the order in which
// they were started.
func (s *State) inLayer(worker int) (parts []Part) {
	for _, p := range s.order {
		if p.Worker == worker && s.perAttempt(p) {
			parts = append(parts, p)
		}
	}
	return parts
}

// fits reports whether a layer was begun for a process, and no other process has used it.
func (l *layer) fits(n Need) bool {
	return !l.used && !l.ending && l.need.For == n.For && slices.Equal(slices.Sorted(slices.Values(l.need.Own)), slices.Sorted(slices.Values(n.Own)))
}

// claim reports whether the layer of a worker is for that process and no other. If it is another
// one's, it is to be torn down first.
func (s *State) claim(n Need) bool {
	if !s.layered(n) {
		return true
	}
	l := s.layers[n.Worker]
	if l != nil && l.fits(n) {
		return true
	}
	s.wanted = slices.DeleteFunc(s.wanted, func(p Part) bool { return p.Worker == n.Worker && s.perAttempt(p) })
	if len(s.inLayer(n.Worker)) > 0 {
		l.ending = true
		return false
	}
	s.layers[n.Worker] = &layer{need: n}
	return true
}

// vacate returns the tear-downs that make room for the next attempts: of each layer that no process
// uses the part that was started last.
func (s *State) vacate() (actions []Action) {
	if s.halted {
		return nil // what stands is torn down at the end, or stays
	}
	for _, worker := range slices.Sorted(maps.Keys(s.layers)) {
		l, parts := s.layers[worker], s.inLayer(worker)
		if !l.ending || l.users > 0 || len(parts) == 0 || slices.ContainsFunc(parts, func(p Part) bool { return s.phases[p].running() }) {
			continue
		}
		last := parts[len(parts)-1]
		s.phases[last] = Ending
		actions = append(actions, Action{Part: last, TearDown: true, For: l.need.For})
	}
	return actions
}

// leave takes that a part of a layer has been torn down: it may be set up again.
func (s *State) leave(p Part) {
	delete(s.phases, p)
	s.order = slices.DeleteFunc(s.order, func(other Part) bool { return other == p })
}

// enterLayer books that a process uses the layer of its worker.
func (s *State) enterLayer(n Need) {
	if !s.layered(n) {
		return
	}
	l := s.layers[n.Worker]
	if l == nil || !l.fits(n) {
		panic(fmt.Sprintf("world: %+v begins, and what stands is for %+v", n, l))
	}
	l.used = true
	l.users++
}

// leaveLayer is the other end of enterLayer.
func (s *State) leaveLayer(n Need) {
	if s.layered(n) {
		s.layers[n.Worker].users--
	}
}

// forAttempt returns whose attempt a part stands for: nobody's if it lasts.
func (s *State) forAttempt(p Part) Attempt {
	if !s.perAttempt(p) {
		return Attempt{}
	}
	return s.layers[p.Worker].need.For
}

// checkLayers panics if a layer is in a state that cannot be.
func (s *State) checkLayers() {
	for worker, l := range s.layers {
		if l.users < 0 || l.users > 1 {
			panic(fmt.Sprintf("world: %d processes use what stands for %+v", l.users, l.need))
		}
		for _, p := range s.inLayer(worker) {
			if phase := s.phases[p]; phase.running() && l.users > 0 {
				panic(fmt.Sprintf("world: %v is %v, and a process uses it", p, phase))
			}
		}
	}
}
