package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// queueReports are the files that a leader leaves for those who ask what the run has come to.
type queueReports struct{ junit, summary string }

func newQueueReports(dir string) queueReports {
	return queueReports{junit: filepath.Join(dir, "junit.xml"), summary: filepath.Join(dir, "summary")}
}

// keepSummary keeps what was printed in the end, without the colors of this machine's terminal.
func (r queueReports) keepSummary(text string) error {
	plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(text, "")
	if err := os.WriteFile(r.summary, []byte(plain), 0o600); err != nil {
		return fmt.Errorf("keep the summary for other machines: %w", err)
	}
	return nil
}

// shareReports makes the reports of a run available to others. Without them the run has its result all
// the same.
func (q *queueRun) shareReports(ctx context.Context, files queueReports) (r remote.Reports) {
	ctx, cancel := context.WithTimeout(ctx, q.engine.Terms().AckWait)
	defer cancel()
	for _, one := range []struct {
		file string
		sum  *string
	}{{files.junit, &r.JUnit}, {files.summary, &r.Summary}} {
		sum, err := remote.FileSum(one.file)
		if errors.Is(err, fs.ErrNotExist) { // the run did not come so far
			continue
		}
		if err == nil {
			err = q.engine.PutBlob(ctx, sum, one.file)
		}
		if err != nil {
			q.door.say(fmt.Sprintf("=== Queue: cohort-queue report will have no %s: %v", filepath.Base(one.file), err))
			continue
		}
		*one.sum = sum
	}
	return r
}
