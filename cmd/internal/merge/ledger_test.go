package merge

import (
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/plan"
)

// dividedPlan gives p to two shards, the first of which takes what is new, and q to the second.
func dividedPlan() *plan.ShardPlan {
	return &plan.ShardPlan{Shards: 2, Packages: []plan.PlannedPackage{
		{Path: "p", Pieces: []plan.PlannedPiece{{Shard: 1, First: true, Tests: []string{"TestA", "TestB"}}, {Shard: 2, Tests: []string{"TestC"}}}},
		{Path: "q", Pieces: []plan.PlannedPiece{{Shard: 2, First: true, Tests: []string{"TestQ"}}}},
	}}
}

// TestShardLedger tells the ledger of shards what they ran: "p.TestA pass", "p fail"; with a + it was
// in a rerun.
func TestShardLedger(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		shard int
		exit  int
		idle  string
		ran   string
		want  string
	}{
		{"all of it", 1, 0, "", "p.TestA pass, p.TestB skip, p pass", ""},
		{"and what is new", 1, 0, "", "p.TestA pass, p.TestB pass, p.TestNew pass, p.TestA/sub pass, p pass", ""},
		{"one is lost", 1, 0, "", "p.TestA pass, p pass", "TestB of p did not run in shard 1/2 (f)"},
		{"one is lost, and another package fails", 2, 1, "", "p pass, q.TestQ fail, q fail", "TestC of p did not run in shard 2/2 (f)"},
		{"a subtest is no test", 1, 0, "", "p.TestA pass, p.TestB/x pass, p pass", "TestB of p did not run in shard 1/2 (f)"},
		{"one that only began", 1, 0, "", "p.TestA pass, p.TestB run, p pass", "TestB of p did not run in shard 1/2 (f)"},
		{"the package did not build", 1, 1, "", "p fail", ""},
		{"it did not, and the run passed", 1, 0, "", "p fail", "TestA of p did not run in shard 1/2 (f)\nTestB of p did not run in shard 1/2 (f)"},
		{"it passed in a rerun", 1, 0, "", "p.TestA fail, p fail, +p.TestA pass, +p.TestB pass, +p pass", ""},
		{"no end of a package", 2, 0, "", "p.TestC pass, p pass, q.TestQ pass", "package q ended not at all in shard 2/2 (f)"},
		{"two ends", 1, 0, "", "p.TestA pass, p.TestB pass, p pass, p pass", "package p ended twice in shard 1/2 (f)"},
		{"a test of another shard", 1, 0, "", "p.TestA pass, p.TestB pass, p.TestC pass, p pass", "TestC of p ran in shard 1/2 (f), but the plan gives it to shard 2"},
		{"a new test in another piece", 2, 0, "", "p.TestC pass, p.TestNew pass, p pass, q.TestQ pass, q pass", "TestNew of p ran in shard 2/2 (f), but the plan gives it to shard 1"},
		{"a package of another shard", 1, 0, "", "p.TestA pass, p.TestB pass, p pass, q.TestQ pass, q pass", "package q ran in shard 1/2 (f), but the plan gives it to shard 2"},
		{"a package of none", 1, 0, "", "p.TestA pass, p.TestB pass, p pass, r pass", "package r ran in shard 1/2 (f), but the plan gives it to none"},
		{"a TestMain that runs none", 1, 0, "p", "p pass", ""},
		{"a TestMain that runs some", 1, 0, "p", "p.TestA pass, p pass", "TestB of p did not run in shard 1/2 (f)"},
		{"-failfast", 2, 1, "", "p.TestC fail, p fail", ""},
		{"-test.failfast", 2, 1, "", "p.TestC fail, p fail, p fail", "package p ended twice in shard 2/2 (f)"},
		{"--failfast", 2, 0, "", "p.TestC pass, p pass", "package q ended not at all in shard 2/2 (f)"},
		{"-run=failfast", 2, 1, "", "p.TestC fail, p fail", "package q ended not at all in shard 2/2 (f)"},
		{"nothing at all", 2, 0, "", "", "package p ended not at all in shard 2/2 (f)\npackage q ended not at all in shard 2/2 (f)"},
	} {
		m := record.Manifest{Shard: &record.Shard{Index: tt.shard, Idle: strings.Fields(tt.idle)}, Verdict: record.Verdict{Exit: tt.exit}}
		if strings.HasPrefix(tt.name, "-") {
			m.Command = []string{tt.name, "./..."}
		}
		l := newShardLedger(dividedPlan(), m, "f")
		for _, text := range strings.Split(tt.ran, ", ") {
			name, action, ok := strings.Cut(text, " ")
			if !ok {
				continue
			}
			e := record.Event{Action: action}
			if again, ok := strings.CutPrefix(name, "+"); ok {
				name, e.Attempt.Number = again, 1
			}
			e.Package, e.Test, _ = strings.Cut(name, ".")
			l.add(&e)
		}
		if got := strings.Join(l.settle(), "\n"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
