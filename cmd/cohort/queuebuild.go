package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/remote/node"
)

// Where a machine has test binaries from.
const (
	binariesAuto  = "auto"
	binariesShip  = "ship"
	binariesBuild = "build"
)

var queueBinaries = []string{binariesAuto, binariesShip, binariesBuild}

// queueBinariesValue is one of queueBinaries; "" is the first.
type queueBinariesValue string

func (v *queueBinariesValue) Set(raw string) error { return setWord((*string)(v), raw, queueBinaries) }
func (v *queueBinariesValue) Type() string         { return "source" }
func (v *queueBinariesValue) String() string       { return word(string(*v), queueBinaries) }

// binaries are what this machine has, or will have, of the test binaries of the run.
func (q *queueRun) binaries() *node.Binaries {
	b := node.NewBinaries(q.engine, q.temp)
	b.Local(func(sum string) string {
		if r := q.runner.Load(); r != nil {
			return r.File(sum)
		}
		return ""
	})
	if from := q.opts.queue.binaries.String(); from != binariesShip {
		b.Build(node.Building{
			Build: q.build, First: from == binariesBuild,
			Other: func(dir string, why error) {
				q.door.say(fmt.Sprintf("=== Queue: the test binary of ./%s cannot be built here as the leader has it (%v): such are downloaded", dir, why))
			},
		})
	}
	return b
}

// build has the go command build the test binary of a package, as the leader's does, into a file.
func (q *queueRun) build(ctx context.Context, dir, file string) (err error) {
	l, err := gotest.Listen()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	words, err := q.buildCommand(dir, filepath.Join(l.Dir, "profile"))
	if err != nil {
		return err
	}
	built := false
	// Its work directory would stay behind if it is ended.
	env := append(q.cmd.env.list[:len(q.cmd.env.list):len(q.cmd.env.list)], "GOTMPDIR="+q.temp)
	col, err := gotest.Collect(ctx, l, words, "", env, func(req *gotest.Request) error {
		built = true
		return copyFile(file, req.Binary)
	})
	switch {
	case err != nil:
		return err
	case !built || col.Code != 0:
		return fmt.Errorf("go test: exit status %d: %s", col.Code, strings.TrimSpace(col.Trouble))
	}
	return nil
}

// buildCommand is the go command that builds the test binary of a package. What it writes of coverage
// goes to a file that nobody reads.
func (q *queueRun) buildCommand(dir, profile string) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find cohort's own program: %w", err)
	}
	toolexec, err := q.cmd.toolexec(q.opts, q.args)
	if err != nil {
		return nil, err
	}
	args := *q.args
	pkg := filepath.Join(q.place.root, filepath.FromSlash(dir))
	args.Packages = []string{pkg}
	// A seed keeps the go command from printing results of its cache.
	words, err := args.Command(gotest.CommandOptions{Self: self, Toolexec: toolexec, Seed: "1"})
	if err != nil {
		return nil, err
	}
	own := []string{"-vet=off"}
	if args.CoverProfile != "" {
		own = append(own, "-coverprofile="+profile)
	}
	return slices.Insert(words, slices.Index(words, pkg), own...), nil
}

// copyFile copies a file to one that is not there.
func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() // it was only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// tellBinaries says where this machine had its test binaries from, if it was told to build them.
func (q *queueRun) tellBinaries(b *node.Binaries) {
	if built, downloaded := b.Counts(); built > 0 || q.opts.queue.binaries == binariesBuild && downloaded > 0 {
		q.door.say(fmt.Sprintf("=== Queue: of the test binaries %d were built here, %d downloaded", built, downloaded))
	}
}
