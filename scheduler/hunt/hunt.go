package hunt

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// Run hunts. When ctx ends, the processes are signalled as [testbin.Run] says,
// and the report covers what has been found by then. The error is what kept the
// hunt from being done: wrong arguments or directives, a binary that does not
// start. A package that cannot be built does not end the hunt; see
// [Report.BuildCode].
func Run(ctx context.Context, c *Config) (_ *Report, err error) {
	begin := time.Now()
	tell := func(p Progress) {
		if c.Progress != nil {
			c.Progress(p)
		}
	}
	tell(Progress{Phase: Building, Of: c.Runs})
	listener, err := gotest.Listen()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, listener.Close()) }()
	col, err := collect(ctx, c, listener)
	if err != nil {
		if ctx.Err() != nil {
			return &Report{Stopped: true, Seed: c.Seed, Workers: c.Workers}, nil
		}
		return nil, err
	}
	judged := slices.ContainsFunc(col.bins, func(b *binary) bool { return slices.ContainsFunc(b.units, c.judges) })
	if !judged && col.code == 0 {
		return nil, ErrNoTest
	}
	// Packages come as their builds end; the plan is to depend on the seed alone.
	slices.SortFunc(col.bins, func(a, b *binary) int { return cmp.Compare(a.path, b.path) })
	r := &runner{worker: &worker.Run{
		ID: rand.Text(), Workers: c.Workers, Timeout: c.GoTest.Timeout, Exec: c.GoTest.Exec,
		Kill: c.Kill, Runner: worker.Local{}, Now: time.Now,
	}, gate: newGate(c.Locks)}
	pool := newPool(c.Workers)
	camp := &campaign{
		cfg: c, runner: r, pool: pool, bins: col.bins,
		start: time.Now(), tell: tell, records: make(map[*unit]*record),
	}
	if err := camp.run(ctx); err != nil {
		return nil, err
	}
	lab := &laboratory{ctx: ctx, cfg: c, runner: r, pool: pool, sources: make(map[sourceKey][]*outcome)}
	findings := examine(ctx, c, camp, lab)
	if lab.err != nil {
		return nil, lab.err
	}
	rep := camp.summarize(findings)
	rep.Warnings, rep.BuildOutput, rep.BuildCode = col.warnings, col.trouble, col.code
	rep.Processes += lab.processes
	rep.Elapsed = time.Since(begin)
	rep.Stopped = ctx.Err() != nil
	return rep, nil
}

// examine explains each unit that failed, in order of package and place. First it surveys all of
// them at the same time, which needs no idle machine; what does, comes after that, one by one.
func examine(ctx context.Context, c *Config, camp *campaign, lab *laboratory) []Finding {
	suspects := camp.suspects()
	if c.Unprobed {
		var findings []Finding
		for _, s := range suspects {
			findings = append(findings, newFinding(c.GoTest, s, &diagnosis{kind: Unexplained, show: condition{task: s.failing[0].task}}))
		}
		return findings
	}
	surveyed := make([]*hypothesis, len(suspects))
	stations := make([]*station, len(suspects))
	var all sync.WaitGroup
	done := 0
	for i, s := range suspects {
		stations[i] = lab.station(len(suspects))
		all.Go(func() {
			surveyed[i] = survey(stations[i], s)
			lab.mu.Lock()
			defer lab.mu.Unlock()
			done++
			camp.tellProbing(Surveying, done, len(suspects), lab.processes, 0)
		})
	}
	all.Wait()
	begin := time.Now()
	var findings []Finding
	for i, s := range suspects {
		d := &diagnosis{kind: Unexplained, show: condition{task: s.failing[0].task}}
		if ctx.Err() == nil {
			camp.tellProbing(Probing, i, len(suspects), lab.processes, time.Since(begin))
			full := explain(stations[i], s, surveyed[i])
			full.inOrder = stations[i].run(s.unit, condition{task: s.source()}, glance)
			if ctx.Err() == nil {
				d = full
			} else {
				d.probes = full.probes
			}
		}
		findings = append(findings, newFinding(c.GoTest, s, d))
	}
	shareNames(findings)
	return findings
}

// suspects are the units that failed at least once, in order of package and place.
func (c *campaign) suspects() []*suspect {
	var suspects []*suspect
	for _, r := range c.records {
		if r.rounds.failed > 0 {
			suspects = append(suspects, &suspect{
				unit: r.unit, rounds: r.rounds, failing: r.failing, passing: r.passing,
				workers: c.cfg.Workers, ordinary: c.cfg.Ordinary, output: r.output,
			})
		}
	}
	slices.SortFunc(suspects, func(a, b *suspect) int {
		return cmp.Or(cmp.Compare(a.bin.path, b.bin.path), cmp.Compare(a.place, b.place))
	})
	for _, s := range suspects {
		for _, other := range suspects {
			if other != s {
				s.peers = append(s.peers, other.unit)
			}
		}
		s.sound = c.sound(s.bin)
	}
	return suspects
}

// sound are some tests that never failed, those of other packages first: tests of a package share
// more than others do.
func (c *campaign) sound(bin *binary) []*unit {
	var list []*unit
	for _, own := range []bool{false, true} {
		for _, b := range c.bins {
			for _, u := range b.units {
				r := c.records[u]
				passed := !c.cfg.judges(u) || r != nil && r.rounds.failed == 0
				if (b == bin) == own && passed && u.loose() && len(list) < maxSound {
					list = append(list, u)
				}
			}
		}
	}
	return list
}

// summarize is the report on the rounds.
func (c *campaign) summarize(findings []Finding) *Report {
	rep := &Report{
		Rounds: c.done, Processes: c.processes, Seed: c.cfg.Seed, Workers: c.cfg.Workers,
		Packages: len(c.bins), Findings: findings,
	}
	for _, b := range c.bins {
		rep.Paths = append(rep.Paths, b.path)
		for _, u := range b.units {
			if r := c.records[u]; r != nil {
				rep.Units++
				if r.rounds.failed == 0 {
					rep.Passed++
				}
			}
		}
	}
	return rep
}

// tellProbing tells that i of n suspects have been surveyed, or explained, which took spent
// and some processes.
func (c *campaign) tellProbing(phase Phase, i, n, processes int, spent time.Duration) {
	p := Progress{Phase: phase, Round: i, Of: n, Processes: c.processes + processes, Failed: n}
	if i > 0 && phase == Probing {
		p.Left = spent * time.Duration(n-i) / time.Duration(i)
	}
	c.tell(p)
}
