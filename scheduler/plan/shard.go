package plan

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"time"
)

// A shard plan divides a suite among machines that do not talk to each other. Each computes it for
// itself, so it depends on nothing but its input: not on the order of the input, on maps, or on
// floats, whose last digit may differ between processors.

// ShardMode says how a suite is divided.
type ShardMode string

const (
	// ByHistory gives each machine the same amount of work, as far as estimates tell.
	ByHistory ShardMode = "history"
	// ByHash decides by names alone, so that machines with different histories agree, and a test
	// that comes or goes moves no other.
	ByHash ShardMode = "hash"
)

// ParseShardMode returns the mode with that name.
func ParseShardMode(s string) (ShardMode, error) {
	if mode := ShardMode(s); mode == ByHistory || mode == ByHash {
		return mode, nil
	}
	return "", fmt.Errorf("unknown mode %q (there are %s and %s)", s, ByHistory, ByHash)
}

// ShardUnit is what is never divided: a group, or a test in none.
type ShardUnit struct {
	// Name is unique in its package.
	Name string
	// Tests are the names of its tests. Each is in one unit of its package.
	Tests []string
	// Estimate is what it takes, without the process start, if Known.
	Estimate time.Duration
	Known    bool
}

// ShardPackage is a package to test.
type ShardPackage struct {
	// Path is the import path.
	Path string
	// Units may be empty: a package without tests is built by one machine.
	Units []ShardUnit
	// Whole packages are not divided: those with a TestMain, and those of which nothing is known.
	Whole bool
	// Unread packages are those whose files cannot be parsed, so that Units says nothing of them.
	Unread bool
	// Startup is the cost of starting one of its processes; 0 means unknown.
	Startup time.Duration
}

// buildCost is what building a package costs each machine that has a part of it, about: compiling
// its tests and linking them takes a core for 0.2 s (a small package) to 2 s. It keeps packages
// with short tests together, and makes a suite of nothing but short tests even by packages.
const buildCost = 250 * time.Millisecond

// PlanShards divides the packages among n machines and returns the plan with what each machine
// will take, about. Wrong input (n below 1, a package twice, a test in two units) is an error.
func PlanShards(packages []ShardPackage, n int, mode ShardMode) (*ShardPlan, []time.Duration, error) {
	if n < 1 {
		return nil, nil, fmt.Errorf("plan shards: %d shards: at least 1 is needed", n)
	}
	sorted, err := sortPackages(packages)
	if err != nil {
		return nil, nil, fmt.Errorf("plan shards: %w", err)
	}
	var d *division
	switch mode {
	case ByHistory:
		d = divideByHistory(sorted, n)
	case ByHash:
		d = divideByHash(sorted, n)
	default:
		return nil, nil, fmt.Errorf("plan shards: unknown mode %q", mode)
	}
	return d.plan(mode), d.loads, nil
}

// shardPackage is a package whose units are sorted and have a cost.
type shardPackage struct {
	ShardPackage
	costs    []int64 // of the units, in nanoseconds
	work     int64   // sum of costs
	overhead int64   // per machine
}

// sortPackages returns the packages and their units in order of their names, with costs.
func sortPackages(packages []ShardPackage) ([]*shardPackage, error) {
	perTest := meanPerTest(packages)
	sorted := make([]*shardPackage, 0, len(packages))
	for _, in := range packages {
		p := &shardPackage{ShardPackage: in, overhead: int64(in.Startup + buildCost)}
		if in.Startup <= 0 {
			p.overhead = int64(defaultStartup + buildCost)
		}
		p.Units = slices.Clone(in.Units)
		slices.SortFunc(p.Units, func(a, b ShardUnit) int { return cmp.Compare(a.Name, b.Name) })
		if err := p.check(); err != nil {
			return nil, err
		}
		// Tests like those of its own package, if one of them is known.
		own := meanPerTest([]ShardPackage{in})
		if own == 0 {
			own = perTest
		}
		if own == 0 {
			own = int64(priorPerTest)
		}
		for _, u := range p.Units {
			cost := unitCost(u, own)
			p.costs = append(p.costs, cost)
			p.work += cost
		}
		sorted = append(sorted, p)
	}
	slices.SortFunc(sorted, func(a, b *shardPackage) int { return cmp.Compare(a.Path, b.Path) })
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Path == sorted[i-1].Path {
			return nil, fmt.Errorf("package %s is given twice", sorted[i].Path)
		}
	}
	return sorted, nil
}

// check returns what makes the units of a package unusable.
func (p *shardPackage) check() error {
	seen := make(map[string]bool)
	for i, u := range p.Units {
		if i > 0 && u.Name == p.Units[i-1].Name {
			return fmt.Errorf("package %s: unit %s is given twice", p.Path, u.Name)
		}
		if len(u.Tests) == 0 {
			return fmt.Errorf("package %s: unit %s has no test", p.Path, u.Name)
		}
		for _, name := range u.Tests {
			if seen[name] {
				return fmt.Errorf("package %s: test %s is given twice", p.Path, name)
			}
			seen[name] = true
		}
	}
	return nil
}

// meanPerTest returns what a test takes whose estimate is known, 0 if there is none.
func meanPerTest(packages []ShardPackage) int64 {
	sum, tests := int64(0), int64(0)
	for _, p := range packages {
		for _, u := range p.Units {
			if u.Known {
				sum += unitCost(u, 0)
				tests += int64(len(u.Tests))
			}
		}
	}
	if tests == 0 {
		return 0
	}
	return sum / tests
}

// unitCost returns what a unit takes in nanoseconds.
func unitCost(u ShardUnit, perTest int64) int64 {
	if !u.Known {
		return perTest * int64(len(u.Tests))
	}
	return max(int64(u.Estimate), int64(testFloor)*int64(len(u.Tests)))
}

// division says which machine runs which units.
type division struct {
	packages []*shardPackage
	// shards has, for each package, the units of each machine that has a part of it.
	shards []map[int][]int
	// first is the machine that also takes what was not foreseen, by package.
	first []int
	loads []time.Duration
}

func newDivision(packages []*shardPackage, n int) *division {
	d := &division{packages: packages, first: make([]int, len(packages)), loads: make([]time.Duration, n)}
	for range packages {
		d.shards = append(d.shards, make(map[int][]int))
	}
	return d
}

// give adds units of a package to a machine.
func (d *division) give(pkg, shard int, units []int) {
	p := d.packages[pkg]
	d.loads[shard] += time.Duration(d.price(pkg, shard))
	for _, u := range units {
		d.loads[shard] += time.Duration(p.costs[u])
	}
	d.shards[pkg][shard] = append(d.shards[pkg][shard], units...)
}

// price is what a package costs a machine besides its tests: nothing more if it has a part already.
func (d *division) price(pkg, shard int) int64 {
	if _, has := d.shards[pkg][shard]; has {
		return 0
	}
	return d.packages[pkg].overhead
}

// hashWhole is how many units a package has at least to be divided by hash. A smaller one gains
// nothing from being built on several machines.
const hashWhole = 8

// divideByHash gives each unit to the machine that its name says.
func divideByHash(packages []*shardPackage, n int) *division {
	d := newDivision(packages, n)
	for i, p := range packages {
		home := hashOf(n, p.Path)
		d.first[i] = home
		d.give(i, home, nil)
		for u, unit := range p.Units {
			shard := home
			if !p.Whole && len(p.Units) >= hashWhole {
				shard = hashOf(n, p.Path, unit.Name)
			}
			d.give(i, shard, []int{u})
		}
	}
	return d
}

// hashOf returns a number below n that only the names decide.
func hashOf(n int, names ...string) int {
	h := fnv.New64a()
	for _, name := range names {
		h.Write([]byte(name)) // never fails, says package hash
		h.Write([]byte{0})
	}
	// The low bits of FNV mix badly, so the high ones are mixed in (the end of MurmurHash3).
	sum := h.Sum64()
	sum = (sum ^ sum>>33) * 0xff51afd7ed558ccd
	sum = (sum ^ sum>>33) * 0xc4ceb9fe1a85ec53
	return int((sum ^ sum>>33) % uint64(n))
}
