package plan

import (
	"cmp"
	"slices"
)

// divideByHistory cuts packages into pieces and gives them out, the longest first, each to the
// machine that has least to do.
//
// A piece is at most a fifth of a machine's work, unless a single unit is more. Where that does
// not come within a twentieth of what is possible, smaller pieces are tried: each piece may mean
// that one more machine builds the package, so the largest that do are the best.
func divideByHistory(packages []*shardPackage, n int) *division {
	var best *division
	for _, parts := range []int64{5, 8, 13, 21} {
		d := dealOut(packages, cutPieces(packages, n, parts), n)
		bound := d.bound()
		if best == nil || slices.Max(d.loads) < slices.Max(best.loads) {
			best = d
		}
		if int64(slices.Max(d.loads)) <= bound+bound/20 {
			break
		}
	}
	best.chooseFirst()
	return best
}

// bound is what the busiest machine has to do at least, if every package is built once.
func (d *division) bound() int64 {
	total := int64(0)
	for _, p := range d.packages {
		total += p.work + p.overhead
	}
	return max(total/int64(len(d.loads)), d.longest())
}

// longest is the most that cannot be divided.
func (d *division) longest() int64 {
	longest := int64(0)
	for _, p := range d.packages {
		if p.Whole {
			longest = max(longest, p.work+p.overhead)
			continue
		}
		for _, cost := range p.costs {
			longest = max(longest, cost+p.overhead)
		}
	}
	return longest
}

// piece is a part of a package that one machine runs.
type piece struct {
	pkg   int
	units []int
	cost  int64 // without overhead
}

// cutPieces cuts packages into pieces of at most a part of a machine's work.
func cutPieces(packages []*shardPackage, n int, parts int64) []piece {
	total := int64(0)
	for _, p := range packages {
		total += p.work + p.overhead
	}
	limit := total / int64(n) / parts
	var pieces []piece
	for i, p := range packages {
		// With less work than it costs to begin, a piece is not worth another machine.
		room := max(limit-p.overhead, p.overhead)
		if p.Whole || n == 1 || p.work <= room {
			pieces = append(pieces, wholePiece(i, p))
			continue
		}
		pieces = append(pieces, cutPackage(i, p, room)...)
	}
	return pieces
}

func wholePiece(i int, p *shardPackage) piece {
	whole := piece{pkg: i, cost: p.work}
	for u := range p.Units {
		whole.units = append(whole.units, u)
	}
	return whole
}

// cutPackage fills pieces with the units of a package, the longest first, each into the first
// piece that has room for it.
func cutPackage(i int, p *shardPackage, room int64) []piece {
	order := make([]int, len(p.Units))
	for u := range order {
		order[u] = u
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(p.costs[b], p.costs[a]), cmp.Compare(a, b)) })
	var pieces []piece
	// open is where pieces with room begin: those before it are as good as full, so that ten thousand
	// tests are not tried with a thousand pieces each.
	open := 0
	for _, u := range order {
		k := open
		for k < len(pieces) && pieces[k].cost+p.costs[u] > room {
			k++
		}
		if k == len(pieces) {
			pieces = append(pieces, piece{pkg: i})
		}
		pieces[k].units = append(pieces[k].units, u)
		pieces[k].cost += p.costs[u]
		for open < len(pieces) && pieces[open].cost > room-room/64 {
			open++
		}
	}
	return pieces
}

// dealOut gives the pieces to the machines, the longest first.
func dealOut(packages []*shardPackage, pieces []piece, n int) *division {
	d := newDivision(packages, n)
	longest := func(a, b piece) int {
		return cmp.Or(cmp.Compare(b.cost+packages[b.pkg].overhead, a.cost+packages[a.pkg].overhead),
			cmp.Compare(a.pkg, b.pkg), slices.Compare(a.units, b.units))
	}
	slices.SortFunc(pieces, longest)
	for _, c := range pieces {
		best := 0
		for shard := range n {
			if int64(d.loads[shard])+d.price(c.pkg, shard) < int64(d.loads[best])+d.price(c.pkg, best) {
				best = shard
			}
		}
		d.give(c.pkg, best, c.units)
	}
	return d
}

// chooseFirst lets the machine with least to do, of those that have a part of a package, take what
// of it was not foreseen.
func (d *division) chooseFirst() {
	for i, shards := range d.shards {
		best := -1
		for shard := range d.loads {
			if _, has := shards[shard]; has && (best < 0 || d.loads[shard] < d.loads[best]) {
				best = shard
			}
		}
		d.first[i] = best
	}
}
