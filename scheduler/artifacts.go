package scheduler

import (
	"slices"

	"github.com/gotestcohort/cohort/scheduler/artifact"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// keepArtifacts keeps the files of the tests of j that have failed, and removes all others. The store is
// not used unless j has a folder for them.
func (j *job) keepArtifacts(store *artifact.Store, claims *artifact.Claims, result *worker.Result) {
	if j.Files.Artifacts == "" {
		return
	}
	store.Keep(j.suite.path, j.Attempt, claims.Close(func(test string) bool { return cutOff(result, test) }))
	store.Remove(j.Files.Artifacts)
}

// cutOff reports whether a test or subtest that had not ended with its process fails for that, or was
// kept by the end of the run from ending. One that only ran in parallel runs again.
func cutOff(r *worker.Result, test string) bool {
	named := func(t testbin.OpenTest) bool { return t.Name == test }
	return slices.ContainsFunc(r.Broken, named) || slices.ContainsFunc(r.Open, named)
}
