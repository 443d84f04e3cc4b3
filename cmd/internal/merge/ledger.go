package merge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/plan"
)

// shardLedger is what a shard has done, against what the plan gives it.
type shardLedger struct {
	plan  *plan.ShardPlan
	shard int
	file  string
	exit  int      // of the shard's run
	early bool     // the run was to end at a failure, so that what comes after it did not run
	idle  []string // packages that may pass without running a test, as go test has it

	jobs map[string]plan.ShardJob
	// ends are the results of packages in the first pass, ended the tests that have ended in some
	// attempt, by package.
	ends     map[string][]string
	ended    map[string]map[string]bool
	problems []string
}

func newShardLedger(p *plan.ShardPlan, m record.Manifest, file string) *shardLedger {
	l := &shardLedger{plan: p, shard: m.Shard.Index, idle: m.Shard.Idle, file: file, exit: m.Verdict.Exit, early: endsEarly(m),
		jobs: make(map[string]plan.ShardJob), ends: make(map[string][]string), ended: make(map[string]map[string]bool)}
	for _, job := range p.Jobs(l.shard) {
		l.jobs[job.Path] = job
	}
	return l
}

// endsEarly reports whether a run was to end at a failure.
func endsEarly(m record.Manifest) bool {
	fails, ok := m.Flags["max-fails"]
	return ok && fails != "0" && fails != "" || slices.ContainsFunc(m.Command, func(word string) bool {
		return strings.TrimPrefix(strings.TrimLeft(word, "-"), "test.") == "failfast" && strings.HasPrefix(word, "-")
	})
}

// name names the shard.
func (l *shardLedger) name() string {
	return fmt.Sprintf("shard %d/%d (%s)", l.shard, l.plan.Shards, l.file)
}

// add takes an event of the shard.
func (l *shardLedger) add(e *record.Event) {
	if e.Package == "" || e.Action != "pass" && e.Action != "fail" && e.Action != "skip" {
		return
	}
	if e.Test == "" {
		if e.Attempt.Number == 0 {
			l.ends[e.Package] = append(l.ends[e.Package], e.Action)
		}
		return
	}
	if e.Test != e.Root() {
		return
	}
	tests := l.ended[e.Package]
	if tests == nil {
		tests = make(map[string]bool)
		l.ended[e.Package] = tests
	}
	tests[e.Test] = true
}

// settle returns what the shard ran that was not its own, and what it did not run, sorted.
func (l *shardLedger) settle() []string {
	for path := range l.ends {
		if _, ok := l.jobs[path]; !ok && !l.unplanned() {
			l.say("package %s ran in %s, but the plan gives it to %s", path, l.name(), l.owner(path, ""))
		}
	}
	for path, tests := range l.ended {
		job, ok := l.jobs[path]
		if !ok {
			continue
		}
		for name := range tests {
			if !job.Has(name) {
				l.say("%s of %s ran in %s, but the plan gives it to %s", name, path, l.name(), l.owner(path, name))
			}
		}
	}
	for path, job := range l.jobs {
		l.settlePackage(path, job)
	}
	slices.Sort(l.problems)
	return shorten(l.problems)
}

// unplanned reports whether the shard ran the go command only for it to say that it has no package.
func (l *shardLedger) unplanned() bool {
	return len(l.plan.Packages) == 0 && l.shard == 1 && l.exit != 0
}

// settlePackage compares what ran of a package with what was to run.
func (l *shardLedger) settlePackage(path string, job plan.ShardJob) {
	ends := l.ends[path]
	if l.early && l.exit != 0 && len(ends) < 2 {
		return
	}
	if len(ends) != 1 {
		l.say("package %s ended %s in %s", path, times(len(ends)), l.name())
		return
	}
	if ends[0] == "fail" && l.exit != 0 {
		return // what did not run is part of that failure
	}
	if len(l.ended[path]) == 0 && slices.Contains(l.idle, path) {
		return // a TestMain that exits 0 without running anything is ok with go test too
	}
	for _, name := range l.planned(path, job) {
		if !l.ended[path][name] {
			l.say("%s of %s did not run in %s", name, path, l.name())
		}
	}
}

// planned returns the tests that the plan names for the shard.
func (l *shardLedger) planned(path string, job plan.ShardJob) []string {
	if !job.First {
		return job.Run
	}
	p, _ := l.plan.Package(path)
	for _, piece := range p.Pieces {
		if piece.Shard == l.shard {
			return piece.Tests
		}
	}
	return nil
}

// owner names the shard to which the plan gives a test, or a package.
func (l *shardLedger) owner(path, test string) string {
	p, ok := l.plan.Package(path)
	if !ok {
		return "none"
	}
	var shards []string
	for _, piece := range p.Pieces {
		if test == "" || slices.Contains(piece.Tests, test) {
			shards = append(shards, fmt.Sprint(piece.Shard))
		}
	}
	if len(shards) == 0 {
		for _, piece := range p.Pieces {
			if piece.First {
				shards = append(shards, fmt.Sprint(piece.Shard))
			}
		}
	}
	return "shard " + strings.Join(shards, " and ")
}

func (l *shardLedger) say(format string, args ...any) {
	l.problems = append(l.problems, fmt.Sprintf(format, args...))
}

func times(n int) string {
	switch n {
	case 0:
		return "not at all"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// shorten keeps a list that people can read.
func shorten(lines []string) []string {
	const most = 10
	if len(lines) <= most {
		return lines
	}
	return append(lines[:most:most], fmt.Sprintf("and %d more", len(lines)-most))
}
