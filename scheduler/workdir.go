package scheduler

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// workEnv begins the setting of where the go command makes its work directory.
const workEnv = "GOTMPDIR="

// workDir makes a directory for the go command's work directory, which an
// interrupted build leaves behind, as does a go command that is killed. Without
// it ("") the go command does as ever, and says what is wrong.
func workDir(env []string) string {
	dir, err := os.MkdirTemp(gotest.GoEnv(env, "GOTMPDIR"), "cohort-work-")
	if err != nil {
		return ""
	}
	return dir
}

// binaryDir is where test binaries are kept: on the file system that they are on
// already, so that it takes no room.
func (r *Run) binaryDir() string {
	if r.work != "" {
		return r.work
	}
	return r.listener.Dir
}

// removeFiles removes all files of the run.
func (r *Run) removeFiles() error {
	err := r.listener.Close()
	if r.work != "" {
		if rmErr := os.RemoveAll(r.work); rmErr != nil {
			err = errors.Join(err, fmt.Errorf("remove the go command's work directory: %w", rmErr))
		}
	}
	return err
}

// userWork returns the environment of a test as the user's go command would set it.
func (r *Run) userWork(env []string) []string {
	if r.work == "" {
		return env
	}
	env = slices.DeleteFunc(env, func(kv string) bool { return strings.HasPrefix(kv, workEnv) })
	for _, kv := range r.cfg.Env {
		if strings.HasPrefix(kv, workEnv) {
			env = append(env, kv)
		}
	}
	return env
}
