package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// listWait is how long a machine waits for the leader's list of files, which it has just begun to store.
const listWait = 5 * time.Second

// shareSource makes the list of this machine's files available to those of another source. Without it
// they only know that theirs is another.
func (q *queueRun) shareSource(ctx context.Context) {
	file := filepath.Join(q.temp, "source")
	err := os.WriteFile(file, q.place.source.text, 0o600)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, q.engine.Terms().AckWait)
		defer cancel()
		err = q.engine.PutBlob(ctx, q.facts.Files, file)
	}
	if err != nil {
		q.door.say("=== Queue: a machine with other source cannot be told in which files: " + err.Error())
	}
}

// differs names the files in which this machine's source is another than the run's, "" if they are not
// known.
func (q *queueRun) differs(ctx context.Context, run remote.Facts) string {
	ctx, cancel := context.WithTimeout(ctx, listWait)
	defer cancel()
	file := filepath.Join(q.temp, "source-of-run")
	for {
		err := q.engine.GetBlob(ctx, run.Files, file)
		if err == nil {
			break
		}
		if !errors.Is(err, remote.ErrGone) || ctx.Err() != nil {
			return ""
		}
		select {
		case <-ctx.Done():
		case <-time.After(listWait / 10):
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	kind, _, _ := strings.Cut(run.Source, ":")
	return differingFiles(sourceList{kind, text}, q.place.source)
}
