package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// mergeHistories adds history files and records to the history args[0]. What cannot be read is left out:
// the error names it.
func mergeHistories(ctx context.Context, args []string, env historyEnv) error {
	if len(args) < 2 {
		return errors.New("merge needs the file to write and at least one file to add to it")
	}
	out := args[0]
	if isRecord(out) {
		return fmt.Errorf("%s is a record: name the history that is to be written first", out)
	}
	var files, records []string
	for _, name := range args[1:] {
		if isRecord(name) {
			records = append(records, name)
		} else {
			files = append(files, name)
		}
	}
	var problems []error
	if len(files) > 0 {
		problems = history.Merge(ctx, out, files, env.Now)
	}
	if len(records) > 0 {
		problems = append(problems, addRecords(ctx, out, records, env)...)
	}
	return errors.Join(problems...)
}

// isRecord reports whether a file is a record, whole or not.
func isRecord(name string) bool {
	_, err := record.Peek(name)
	return err == nil || errors.Is(err, record.ErrNewer) || errors.Is(err, record.ErrIncomplete)
}

// addRecords adds the runs of records to the history out.
func addRecords(ctx context.Context, out string, names []string, env historyEnv) (problems []error) {
	var all history.Additions
	module := ""
	for _, name := range names {
		added, from, err := readAdditions(name, env.Environ)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all.Runs = append(all.Runs, added.Runs...)
		if module == "" {
			module = from
		}
	}
	if len(all.Runs) == 0 && len(problems) > 0 {
		return problems
	}
	if err := history.Add(ctx, out, module, all, env.Now); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// readAdditions returns what the run of a record adds to a history, and its module.
func readAdditions(name string, environ []string) (added history.Additions, module string, err error) {
	r, err := record.Open(name)
	if err != nil {
		return added, "", err
	}
	added, err = recordedAdditions(r, environ)
	if err == nil && len(added.Runs) == 0 {
		err = errors.New("it adds nothing to a history: cohort has run no test in it")
	}
	if err := errors.Join(err, r.Close()); err != nil {
		return added, "", fmt.Errorf("%s: %w", name, err)
	}
	return added, r.Manifest.Module, nil
}

// historyEnv is what runHistory needs from its surroundings.
type historyEnv struct {
	// Location says where the history of the module at hand is. runHistory sets its Flag.
	Location history.Location
	// Now is the time that ages are measured from.
	Now time.Time
	// Width is that of the terminal in columns, 0 if there is none: a table that does not fit is
	// printed as a list.
	Width int
	// Environ is the environment.
	Environ []string
}
