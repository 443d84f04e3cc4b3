package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/remote"
)

// queuePast is the history of this machine as it was when it began to take part in a run.
type queuePast struct {
	file string // a copy, "" for none
	sum  string
}

// keepHistory copies the history of this machine, for a run that it may lead: whoever takes over divides
// the tests by the same one.
func (q *queueRun) keepHistory() {
	from := q.cmd.historyLocation(q.opts.run.history, q.args.Dir).Path()
	if from == "" || q.opts.queue.role == queueAgent {
		return
	}
	text, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	to := filepath.Join(q.temp, "history")
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	sum := ""
	if err == nil {
		sum, err = remote.FileSum(to)
	}
	if err != nil {
		q.cmd.log.warnf("copy the history: %v", err) // it only ever helps
		return
	}
	q.past, q.facts.History = queuePast{to, sum}, sum
}

// recall returns the history that the run's first leader had, by its sum; nil if that is not to be had,
// or if it had none. It is made available to the next leader if it is this machine's.
func (q *queueRun) recall(ctx context.Context, sum string) *history.Snapshot {
	if sum == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, q.engine.Terms().AckWait)
	defer cancel()
	file := q.past.file
	var err error
	if sum == q.past.sum {
		err = q.engine.PutBlob(ctx, sum, file)
	} else {
		file = filepath.Join(q.temp, "history-of-first")
		err = q.engine.GetBlob(ctx, sum, file)
	}
	if err != nil {
		q.cmd.log.warnf("the history by which the tests are divided does not go from one leader to the next, which may run again what has run: %v", err)
	}
	past, err := history.Read(file, variant(q.args))
	if err != nil { // of its own one the run says what is wrong
		return nil
	}
	return past
}

// packagesOf returns what reports of an import path whether the arguments name it, as far as that can be
// said without the go command: all do whose patterns are other than paths.
func packagesOf(args *gotest.Args, module string) func(pkg string) bool {
	type pattern struct {
		tree  string
		below bool // what is below it too
	}
	var patterns []pattern
	all := func(string) bool { return true }
	dir, err := filepath.Abs(args.Dir)
	if err != nil {
		return all
	}
	root, err := moduleRoot(dir)
	if err != nil {
		return all
	}
	named := args.Packages
	if len(named) == 0 {
		named = []string{"."}
	}
	for _, p := range named {
		at, below := strings.CutSuffix(p, "...")
		rel, err := filepath.Rel(root, filepath.Join(dir, filepath.FromSlash(at)))
		if err != nil || !filepath.IsLocal(rel) || !(p == "." || strings.HasPrefix(p, "./")) || strings.Contains(at, "...") {
			return all
		}
		patterns = append(patterns, pattern{path.Join(module, filepath.ToSlash(rel)), below})
	}
	return func(pkg string) bool {
		for _, p := range patterns {
			if pkg == p.tree || p.below && strings.HasPrefix(pkg, p.tree+"/") {
				return true
			}
		}
		return false
	}
}
