package hunt

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
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
	}}
	pool := newPool(c.Workers)
	camp := &campaign{
		cfg: c, runner: r, pool: pool, bins: col.bins,
		start: time.Now(), tell: tell, records: make(map[*unit]*record),
	}
	if err := camp.run(ctx); err != nil {
		return nil, err
	}
	lab := &laboratory{
		ctx: ctx, cfg: c, runner: r, pool: pool,
		sources: make(map[*binary][]*outcome), taken: make(map[*unit]int),
	}
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

// examine explains each unit that failed, in order of package and place.
func examine(ctx context.Context, c *Config, camp *campaign, lab *laboratory) []Finding {
	var failed []*record
	for _, r := range camp.records {
		if r.rounds.failed > 0 {
			failed = append(failed, r)
		}
	}
	slices.SortFunc(failed, func(a, b *record) int {
		return cmp.Or(cmp.Compare(a.unit.bin.path, b.unit.bin.path), cmp.Compare(a.unit.place, b.unit.place))
	})
	begin := time.Now()
	var findings []Finding
	for i, r := range failed {
		s := &suspect{
			unit: r.unit, rounds: r.rounds, failing: r.failing, passing: r.passing,
			workers: c.Workers, output: r.output,
		}
		d := &diagnosis{kind: Unexplained, show: condition{task: s.failing[0].task}}
		if ctx.Err() == nil {
			camp.tellProbing(i, len(failed), lab.processes, time.Since(begin))
			lab.begin()
			if full := explain(lab, s); ctx.Err() == nil {
				d = full
			} else {
				d.probes = full.probes
			}
		}
		findings = append(findings, newFinding(c.GoTest, s, d))
	}
	shareGroups(findings)
	return findings
}

// summarize is the report on the rounds.
func (c *campaign) summarize(findings []Finding) *Report {
	rep := &Report{
		Rounds: c.done, Processes: c.processes, Seed: c.cfg.Seed, Workers: c.cfg.Workers,
		Packages: len(c.bins), Findings: findings,
	}
	for _, b := range c.bins {
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

// tellProbing tells that i of n suspects have been explained, which took spent
// and some processes.
func (c *campaign) tellProbing(i, n, processes int, spent time.Duration) {
	p := Progress{Phase: Probing, Round: i, Of: n, Processes: c.processes + processes, Failed: n}
	if i > 0 {
		p.Left = spent * time.Duration(n-i) / time.Duration(i)
	}
	c.tell(p)
}
