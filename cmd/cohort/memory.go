package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// memory is the history of a run's module: what was known before it, and what it adds.
type memory struct {
	path string // "": it is off
	file *history.History
	past *history.Snapshot
	// hash is of the file as it was before the run, "" if nobody asks for it.
	hash string
}

// openMemory reads the history. It only ever helps: what is wrong with it is a warning.
func (c *command) openMemory(opts *options, dir string, args *gotest.Args) (*memory, error) {
	m := &memory{}
	var warning error
	where := c.historyLocation(opts.run.history, filepath.Join(dir, args.Dir))
	m.path = where.Path()
	if opts.record.wanted() {
		m.hash = hashOf(m.path)
	}
	m.file, warning = history.Open(m.path, where.Module)
	if warning != nil {
		c.log.warnf("%v", warning)
	}
	m.past = m.file.Snapshot(variant(args))
	if l := opts.queue.leads; l != nil && l.past != nil {
		m.past = l.past
	}
	if opts.run.timingFiles != "" {
		times, err := history.ReadTimingFiles(opts.run.timingFiles)
		if err != nil {
			return nil, fmt.Errorf("--timing-files: %w", err)
		}
		m.past = m.past.WithEstimates(times)
	}
	return m, nil
}

// hashOf returns the hash of a file; "": there is none, or it cannot be read.
func hashOf(name string) string {
	if name == "" {
		return ""
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "" // whoever needs the file says so
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// historyLocation says where the history of the module around dir ("": the current
// directory) is.
func (c *command) historyLocation(flag, dir string) history.Location {
	// Without a cache directory or a module there is no default place: Location says so.
	cache, _ := os.UserCacheDir()
	if dir == "" {
		dir = "."
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	module, _ := history.FindModule(dir)
	return history.Location{Flag: flag, Env: c.env.get("COHORT_HISTORY"), CacheDir: cache, Module: module, Dir: dir}
}

// variant names what makes the same tests take other times.
func variant(args *gotest.Args) string {
	var words []string
	for _, flag := range []struct {
		on   bool
		name string
	}{{args.Race, "race"}, {args.Msan, "msan"}, {args.Asan, "asan"}, {args.Cover, "cover"}, {args.Short, "short"}} {
		if flag.on {
			words = append(words, flag.name)
		}
	}
	return strings.Join(words, ",")
}

// saveLimit is how long a run waits for another one that saves the same history.
const saveLimit = 5 * time.Second

// save adds the run to the history.
func (m *memory) save() error {
	ctx, cancel := context.WithTimeout(context.Background(), saveLimit)
	defer cancel()
	return m.file.Save(ctx, time.Now())
}

var errNoSeed = errors.New("--shuffle=last: no shuffled run is remembered here (see --history)")
