package plan

import (
	"cmp"
	"slices"
	"time"
)

// minPart is what a part of a test should have to do at least, process starts aside: below it the
// gain is not worth the output of another process.
const minPart = 100 * time.Millisecond

// Division says how the subtests of one test may be divided.
type Division struct {
	// Costs are what the subtests take, Body is what the test itself takes in each process.
	Costs []time.Duration
	Body  time.Duration
	// Workers is how many processes can run at a time.
	Workers int
	// Startup is the cost of a process start of the package, 0 for not known. End is
	// [Config.End].
	Startup, End time.Duration
}

// Divide assigns the subtests of a test, by their numbers, to parts of about the same length, each
// worth a process of its own, and no more parts than workers. The first part is the shortest: it is
// the one for whatever else comes up. Each list is sorted. Nil is to run the test as a whole.
func Divide(d Division) [][]int {
	total := time.Duration(0)
	order := make([]int, len(d.Costs))
	for i, c := range d.Costs {
		total += max(c, testFloor)
		order[i] = i
	}
	startup := d.Startup
	if startup <= 0 {
		startup = defaultStartup
	}
	least := max(minPart, idleStarts*startup, d.Body, d.End)
	n := min(d.Workers, len(d.Costs), int(total/least))
	if n < 2 {
		return nil
	}
	// The longest first, each to the part that has least.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(d.Costs[b], d.Costs[a]) })
	parts, loads := make([][]int, n), make([]time.Duration, n)
	for _, i := range order {
		lightest := 0
		for p := range loads {
			if loads[p] < loads[lightest] {
				lightest = p
			}
		}
		parts[lightest] = append(parts[lightest], i)
		loads[lightest] += max(d.Costs[i], testFloor)
	}
	first := 0
	for p := range parts {
		slices.Sort(parts[p])
		if loads[p] < loads[first] {
			first = p
		}
	}
	parts[0], parts[first] = parts[first], parts[0]
	return parts
}
