package plan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The run whose efficiency is measured: that of TestQueueEfficiency, which has a queue.
const (
	farShards, farWorkers = 12, 4
	farCopies             = 40               // of each recorded package
	farLink               = time.Second      // for each package of a shard
	farOff                = 0.3              // by which the history is off, typically
	farLate               = 30 * time.Second // within which machines come late
)

// TestShardRuns: of the time of all workers, shards by history have four fifths spent on tests, with
// recorded tests and a history that is off. Machines that come late, and one that is lost and whose
// job is started again, cost what a queue saves; that is not promised, and only told.
func TestShardRuns(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it simulates long runs")
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	suite, packages := farSuite(t, rnd)
	p, _ := mustPlan(t, packages, farShards, ByHistory)
	ends := make([]time.Duration, farShards)
	work := time.Duration(0)
	for shard := range ends {
		own, takes := farShard(suite, p, shard+1)
		ends[shard] = simulate(own, farWorkers, noisy(farOff), uint64(shard)).end + time.Duration(len(own.packages))*farLink/farWorkers
		work += takes
	}
	used := farUsed(work, ends)
	t.Logf("efficiency: static, %d shards of %d workers: %.2f, in %v", farShards, farWorkers, used, slices.Max(ends).Round(time.Second))
	if used < 0.80 {
		t.Errorf("%.2f is less than 0.80", used)
	}
	for i := range ends {
		ends[i] += time.Duration(rnd.Int64N(int64(farLate)))
	}
	ends[1] += time.Minute // after which it is lost
	t.Logf("efficiency: static, %d shards of %d workers, machines come within %v, 1 of %d is lost after a minute and starts again: %.2f, in %v",
		farShards, farWorkers, farLate, farShards, farUsed(work, ends), slices.Max(ends).Round(time.Second))
}

// farUsed is what share of the time of all workers is spent on tests, until the last shard ends.
func farUsed(work time.Duration, ends []time.Duration) float64 {
	return float64(work) / float64(slices.Max(ends)*farShards*farWorkers)
}

// farSuite is recorded packages, and what a history thinks of them.
func farSuite(t *testing.T, rnd *rand.Rand) (s suite, packages []ShardPackage) {
	for _, recorded := range recordedSuites(t) {
		for range farCopies {
			p := recorded.packages[0]
			pkg := ShardPackage{Path: fmt.Sprintf("p%04d", len(packages)), Startup: p.startup}
			for k, u := range p.units {
				name := fmt.Sprintf("Test%d", k)
				estimate := time.Duration(float64(u.takes) * math.Exp(farOff*rnd.NormFloat64()))
				pkg.Units = append(pkg.Units, ShardUnit{Name: name, Tests: []string{name}, Estimate: estimate, Known: true})
			}
			packages = append(packages, pkg)
			s.packages = append(s.packages, p)
		}
	}
	return s, packages
}

// farShard is the part of a suite that a shard runs, and what its tests take.
func farShard(s suite, p *ShardPlan, shard int) (own suite, takes time.Duration) {
	for _, job := range p.Jobs(shard) {
		var number int
		fmt.Sscanf(job.Path, "p%d", &number)
		pkg := s.packages[number]
		units := pkg.units
		pkg.units = nil
		for k, u := range units {
			if job.Has(fmt.Sprintf("Test%d", k)) {
				pkg.units = append(pkg.units, u)
				takes += u.takes
			}
		}
		own.packages = append(own.packages, pkg)
	}
	return own, takes
}
