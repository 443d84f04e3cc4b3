package record

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// The kinds of a [Wait].
const (
	// BuildWait is until a package was built.
	BuildWait = "build"
	// LockWait is until another process gave back a lock, or a serial process had ended.
	LockWait = "lock"
)

// Wait is a time in which a worker ran nothing, and for what.
type Wait struct {
	Worker   int
	Kind     string // BuildWait or LockWait
	Package  string // of the process that waited
	Lock     string // "": of a build, or one of the two processes is serial
	Holder   int    // number of the process that was waited for; -1: of a build
	From, To time.Time
}

// Title says what was waited for.
func (w Wait) Title(m Manifest) string {
	switch {
	case w.Kind == BuildWait:
		return "wait for the build of " + m.Relative(w.Package)
	case w.Lock == "":
		return fmt.Sprintf("wait for process %d: serial", w.Holder)
	}
	return fmt.Sprintf("wait for lock %s of process %d", w.Lock, w.Holder)
}

const (
	// shortWait is how long a worker may run nothing without a wait: it takes that long to start a
	// process.
	shortWait = 5 * time.Millisecond
	// handOver is how much later than the end of a process another one may start that waited for it.
	handOver = 100 * time.Millisecond
)

// Waits returns what the workers waited for, in the order in which the waits began. It is found out from
// what is known of the processes: a worker whose next process starts after its package was found has
// waited for the build, and one that runs nothing until a process ends, whereupon another one with the
// same lock starts anywhere, for that. A record of merged shards has none: their workers began at
// different times.
func (r *Run) Waits() []Wait {
	if r.Manifest.Start.IsZero() || r.Manifest.Shard != nil && r.Manifest.Shard.Index == 0 {
		return nil
	}
	f := waitFinder{run: r, found: map[string]time.Time{}}
	for _, p := range r.Manifest.Packages {
		f.found[p.Path] = p.Start
	}
	f.handedOver()
	free := map[int]time.Time{} // when each worker had nothing to do any more
	for _, s := range r.occupied() {
		from, ok := free[s.worker]
		if !ok {
			from = r.Manifest.Start
		}
		f.add(s.worker, from, s.start, s.process)
		if s.end.After(from) {
			from = s.end
		}
		free[s.worker] = from
	}
	for worker, from := range free {
		f.add(worker, from, r.Manifest.End, nil)
	}
	slices.SortStableFunc(f.waits, func(a, b Wait) int { return cmp.Or(a.From.Compare(b.From), a.Worker-b.Worker) })
	return f.waits
}

// occupation is what a worker is busy with.
type occupation struct {
	worker     int
	start, end time.Time
	process    *Process // nil: a set-up
}

// occupied returns what the workers were busy with, by its start.
func (r *Run) occupied() []occupation {
	var all []occupation
	for i, p := range r.Processes {
		if !p.Start.IsZero() {
			all = append(all, occupation{p.Worker, p.Start, r.end(p), &r.Processes[i]})
		}
	}
	for _, s := range r.TimedSetups() {
		if s.Machine != "" {
			continue // its worker is none of those that processes have here
		}
		all = append(all, occupation{s.Worker, s.Start, s.End(), nil})
	}
	slices.SortStableFunc(all, func(a, b occupation) int { return cmp.Or(a.start.Compare(b.start), a.worker-b.worker) })
	return all
}

// need is what a process must hold while it runs.
type need struct {
	locks  []string
	serial bool
}

// clash returns why two processes cannot run at the same time: the lock, or "" if one is serial.
func (n need) clash(m need) (lock string, clash bool) {
	if n.serial || m.serial {
		return "", true
	}
	for _, name := range n.locks {
		if slices.Contains(m.locks, name) {
			return name, true
		}
	}
	return "", false
}

// needs returns what each process needs, by number.
func (r *Run) needs() map[int]need {
	type test struct{ pkg, name string }
	units := map[test]*Unit{}
	for _, p := range r.Manifest.Packages {
		for i, u := range p.Units {
			if len(u.Locks) == 0 && !u.Serial {
				continue
			}
			for _, name := range u.names() {
				units[test{p.Path, name}] = &p.Units[i]
			}
		}
	}
	all := map[int]need{}
	if len(units) == 0 {
		return all
	}
	for _, p := range r.Processes {
		var n need
		for _, t := range p.Tests {
			if u := units[test{p.Package, t.Name}]; u != nil {
				n.locks, n.serial = append(n.locks, u.Locks...), n.serial || u.Serial
			}
		}
		all[p.Number] = n
	}
	return all
}

// names are the tests of the unit.
func (u Unit) names() []string {
	if len(u.Tests) == 0 {
		return []string{u.Name}
	}
	return u.Tests
}

// waitFinder finds waits.
type waitFinder struct {
	run   *Run
	found map[string]time.Time // when each package was built
	locks []Wait               // of whoever was free: From is when its package was found, To when it went on
	waits []Wait
}

// handedOver finds the processes that started because another one had ended.
func (f *waitFinder) handedOver() {
	needs := f.run.needs()
	if len(needs) == 0 {
		return
	}
	for _, p := range f.run.Processes {
		best := Wait{}
		for _, q := range f.run.Processes {
			end := f.run.end(q)
			if q.Number == p.Number || end.After(p.Start) || p.Start.Sub(end) > handOver || !end.After(best.To) {
				continue
			}
			if lock, ok := needs[p.Number].clash(needs[q.Number]); ok {
				best = Wait{Kind: LockWait, Package: p.Package, Lock: lock, Holder: q.Number, From: f.found[p.Package], To: end}
			}
		}
		if best.Kind != "" {
			f.locks = append(f.locks, best)
		}
	}
	slices.SortStableFunc(f.locks, func(a, b Wait) int { return a.To.Compare(b.To) })
}

// add adds what a worker waited for in a time in which it ran nothing, at the end of which it started p;
// nil: it did not.
func (f *waitFinder) add(worker int, from, to time.Time, p *Process) {
	if worker < 0 {
		return
	}
	if p != nil && p.Attempt == 0 {
		if found := f.found[p.Package]; found.After(from) && !found.After(to) {
			f.wait(Wait{Worker: worker, Kind: BuildWait, Package: p.Package, Holder: -1, From: from, To: found})
			from = found
		}
	}
	for _, w := range f.locks {
		if w.To.After(from) && !w.To.After(to) && w.From.Before(w.To) {
			if w.From.Before(from) {
				w.From = from
			}
			w.Worker, from = worker, w.To
			f.wait(w)
		}
	}
}

func (f *waitFinder) wait(w Wait) {
	if w.To.Sub(w.From) >= shortWait {
		f.waits = append(f.waits, w)
	}
}
