package worker

import (
	"strconv"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// own are the variables that tell tests where they run. A process that a test starts must not
// hand on those of its own.
func ownVariable(name string) bool {
	switch name {
	case "COHORT_WORKER", "COHORT_WORKERS", "COHORT_RUN_ID", "COHORT_ATTEMPT", "COHORT_GROUP", "COHORT_PROBE":
		return true
	}
	return false
}

// environ is the environment of a process: that of the go command's own, and what tells the
// tests where they run.
func (r *Run) environ(j *Job) []string {
	ownDir := j.ownCoverDir()
	env := make([]string, 0, len(j.Binary.Env)+7)
	for _, kv := range j.Binary.Env {
		name, _, _ := strings.Cut(kv, "=")
		if !ownVariable(name) && (name != "GOCOVERDIR" || !ownDir) && (name != "GOMAXPROCS" || j.Procs == 0) {
			env = append(env, kv)
		}
	}
	env = append(env,
		"COHORT_WORKER="+strconv.Itoa(j.Slot),
		"COHORT_WORKERS="+strconv.Itoa(r.Workers),
		"COHORT_RUN_ID="+r.ID,
		"COHORT_ATTEMPT="+strconv.Itoa(j.Attempt))
	if j.Group != "" {
		env = append(env, "COHORT_GROUP="+j.Group)
	}
	if j.Kind == ledger.Probe {
		env = append(env, "COHORT_PROBE=1")
	}
	if ownDir {
		env = append(env, "GOCOVERDIR="+j.childCoverDir())
	}
	if j.Procs > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(j.Procs))
	}
	return env
}
