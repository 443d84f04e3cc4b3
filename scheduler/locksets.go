package scheduler

import (
	"strings"

	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// lockSet is tasks of a package that hold the same locks.
type lockSet struct {
	names []string
	tasks []*ledger.Task
}

// byLocks sorts tasks by what they hold, in the order of their first tasks: what shares a process
// holds the locks of all of it, so that tests with different locks do better in different ones.
func byLocks(a *ledger.Account, tasks []*ledger.Task) []lockSet {
	var sets []lockSet
	place := make(map[string]int)
	for _, t := range tasks {
		names := a.Locks(t)
		key := strings.Join(names, " ")
		i, ok := place[key]
		if !ok {
			i = len(sets)
			place[key] = i
			sets = append(sets, lockSet{names: names})
		}
		sets[i].tasks = append(sets[i].tasks, t)
	}
	return sets
}

// loose returns how many tasks may share a process.
func (s lockSet) loose() int {
	n := 0
	for _, t := range s.tasks {
		if !t.OwnProcess() {
			n++
		}
	}
	return n
}

// processes returns in how many processes each set may run at most, 0 for any number. A package with
// a TestMain that is split has one for each worker: each set with tasks that may share one has one
// for them, and the set with the most of them has those that remain.
func processes(mode ledger.Mode, sets []lockSet, workers int) []int {
	most := make([]int, len(sets))
	switch {
	case mode.OneProcess():
		for i := range most {
			most[i] = 1
		}
		return most
	case mode != ledger.Bundled:
		return most
	}
	used, largest := 0, 0
	for i, s := range sets {
		most[i] = len(s.tasks) - s.loose() + min(s.loose(), 1)
		used += most[i]
		if s.loose() > sets[largest].loose() {
			largest = i
		}
	}
	if len(most) > 0 {
		most[largest] += max(workers-used, 0)
	}
	return most
}
