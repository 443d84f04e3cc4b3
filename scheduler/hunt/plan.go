package hunt

import "slices"

// The rounds differ, so that each kind of failure has a chance to show. Half of
// them run a package in one process, where a test has all others for company,
// half spread it as an ordinary run would. These repeat with a period of ten:
const (
	period      = 10
	sourceRound = 0 // as go test does; only the first time
	twiceRound  = 2 // every test twice in its process
	procsRound  = 3 // with GOMAXPROCS=1
)

// planRound returns the processes of round i. It is a pure function: the same
// arguments give the same plan. A process of serial units runs by itself.
func planRound(bins []*binary, i int, seed int64, workers int) []task {
	t := task{order: order{shuffled: true, seed: seed + int64(i)}, count: 1}
	whole := i%2 == 0
	switch {
	case i == sourceRound:
		t.order = order{}
	case i%period == twiceRound:
		t.count = 2
	case i%period == procsRound:
		t.procs = 1
	}
	var tasks []task
	for _, b := range rotated(bins, i) {
		tasks = append(tasks, planBinary(b, t, whole, workers)...)
	}
	return tasks
}

// goTestRounds are at the beginning of an ordinary hunt: as go test runs the packages.
const goTestRounds = 2

// planOrdinary returns the processes of round i of an ordinary hunt. It is a pure function. After
// the rounds of go test a package is one shuffled process in every second round, as with one
// worker; in the others it is spread as it would be for fewer and for more workers.
func planOrdinary(bins []*binary, i int, seed int64, workers int) []task {
	t := task{order: order{shuffled: i >= goTestRounds, seed: seed + int64(i)}, count: 1}
	whole := i < goTestRounds || i%2 == 0
	spread := []int{workers, 2, 2 * workers}[i/2%3]
	var tasks []task
	for _, b := range rotated(bins, i) {
		tasks = append(tasks, planBinary(b, t, whole, spread)...)
	}
	return tasks
}

// rotated begins with another element in each round, so that packages meet
// other neighbours.
func rotated(bins []*binary, i int) []*binary {
	if len(bins) == 0 {
		return nil
	}
	i %= len(bins)
	return slices.Concat(bins[i:], bins[:i])
}

// planBinary returns the processes of one package: t with units.
func planBinary(b *binary, t task, whole bool, workers int) []task {
	t.bin = b
	if b.fixed != nil {
		t.order = *b.fixed
	}
	with := func(units ...*unit) task {
		t := t
		t.units = units
		return t
	}
	if b.together {
		t := with(b.units...)
		t.all = true
		return []task{t}
	}
	var tasks []task
	var loose []*unit
	for _, u := range b.units {
		if u.loose() {
			loose = append(loose, u)
			continue
		}
		own := with(u)
		if u.def.Declared {
			own.count = 1 // a declared group has its state and is given a fresh process each time
		}
		tasks = append(tasks, own)
	}
	if len(loose) == 0 {
		return tasks
	}
	loose = t.order.sorted(b, loose)
	size := len(loose)
	if !whole {
		// As many tests share a process as at the beginning of an ordinary run.
		size = (len(loose) + 2*workers - 1) / (2 * workers)
	}
	sets := [][]*unit{loose}
	if !whole {
		sets = byLocks(loose)
	}
	for _, set := range sets {
		for part := range slices.Chunk(set, size) {
			tasks = append(tasks, with(part...))
		}
	}
	return tasks
}

// serial reports whether no other process may run beside this one.
func (t task) serial() bool {
	return slices.ContainsFunc(t.units, func(u *unit) bool { return u.def.Serial })
}

// failFast reports whether the process ends at its first failure: it runs a
// declared group.
func (t task) failFast() bool {
	return len(t.units) == 1 && t.units[0].def.Declared && !t.all
}
