package worker

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// TestEnviron: a process gets the environment of the go command's own, less what would tell it of
// another process, and what says where it runs.
func TestEnviron(t *testing.T) {
	t.Parallel()
	const common = " COHORT_WORKER=1 COHORT_WORKERS=4 COHORT_RUN_ID=id"
	for name, tc := range map[string]struct {
		env  string
		job  Job
		want string
	}{
		"first":     {"A=1 B=", Job{Slot: 1}, "A=1 B=" + common + " COHORT_ATTEMPT=0"},
		"a rerun":   {"", Job{Slot: 1, Attempt: 2, Kind: ledger.Attempt}, common + " COHORT_ATTEMPT=2"},
		"a probe":   {"", Job{Slot: 1, Kind: ledger.Probe}, common + " COHORT_ATTEMPT=0 COHORT_PROBE=1"},
		"a group":   {"", Job{Slot: 1, Group: "g h"}, common + " COHORT_ATTEMPT=0 COHORT_GROUP=g h"},
		"no equals": {"odd", Job{Slot: 1}, "odd" + common + " COHORT_ATTEMPT=0"},
		"those of a cohort around this one": {"COHORT_WORKER=7 COHORT_WORKERS=8 COHORT_RUN_ID=x COHORT_ATTEMPT=3 COHORT_GROUP=g COHORT_PROBE=1 COHORT_X=1",
			Job{Slot: 1}, "COHORT_X=1" + common + " COHORT_ATTEMPT=0"},
		"coverage of its own": {"GOCOVERDIR=/go A=1", Job{Slot: 1, Files: Files{CoverDir: "/own"}}, "A=1" + common + " COHORT_ATTEMPT=0 GOCOVERDIR=/own"},
		"the user's coverage": {"GOCOVERDIR=/gone A=1", Job{Slot: 1, Files: Files{CoverDir: "/own"}},
			"A=1" + common + " COHORT_ATTEMPT=0 GOCOVERDIR=" + filepath.Join("/own", "children")},
		"coverage of all": {"GOCOVERDIR=/go", Job{Slot: 1, All: true, Files: Files{CoverDir: "/go"}}, "GOCOVERDIR=/go" + common + " COHORT_ATTEMPT=0"},
		"no coverage":     {"GOCOVERDIR=/go", Job{Slot: 1}, "GOCOVERDIR=/go" + common + " COHORT_ATTEMPT=0"},
		"processors":      {"GOMAXPROCS=8 A=1", Job{Slot: 1, Procs: 2}, "A=1" + common + " COHORT_ATTEMPT=0 GOMAXPROCS=2"},
		"the user's":      {"GOMAXPROCS=8", Job{Slot: 1}, "GOMAXPROCS=8" + common + " COHORT_ATTEMPT=0"},
	} {
		run := Run{ID: "id", Workers: 4}
		tc.job.Binary.Env, tc.job.Binary.Args = strings.Fields(tc.env), &gotest.BinaryArgs{CoverDir: "/go"}
		before := slices.Clone(tc.job.Binary.Env)
		if got, want := strings.Join(run.environ(&tc.job), " "), strings.TrimPrefix(tc.want, " "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if !slices.Equal(tc.job.Binary.Env, before) {
			t.Errorf("%s: the binary's environment is now %v", name, tc.job.Binary.Env)
		}
	}
}
