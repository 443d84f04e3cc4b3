package hunt

import (
	"context"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// collection is what the go command has built.
type collection struct {
	bins     []*binary
	warnings []grouping.Warning
	// trouble is what the go command said of packages that it could not build,
	// and code its exit status.
	trouble string
	code    int
}

// collect lets the go command build the test binaries, and keeps each when it
// is to be run, instead of running it.
func collect(ctx context.Context, c *Config, l *gotest.Listener) (*collection, error) {
	// A seed keeps the go command from printing results of its cache instead
	// of running the binaries.
	words, err := c.GoTest.Command(gotest.CommandOptions{Self: c.Self, Workers: c.Workers, Toolexec: c.Toolexec, Seed: "1"})
	if err != nil {
		return nil, err
	}
	col := new(collection)
	n := 0
	said, err := gotest.Collect(ctx, l, words, c.Dir, c.Env, func(req *gotest.Request) error {
		b, warnings, err := keep(req, c, filepath.Join(l.Dir, "bin"+strconv.Itoa(n)))
		n++
		if b != nil && len(b.units) > 0 {
			col.bins = append(col.bins, b)
		}
		col.warnings = append(col.warnings, warnings...)
		return err
	})
	if said != nil {
		col.trouble, col.code = said.Trouble, said.Code
	}
	return col, err
}

// keep reads what a binary's tests are, and puts it where it outlives the go
// command.
func keep(req *gotest.Request, c *Config, dir string) (*binary, []grouping.Warning, error) {
	list, err := grouping.ReadTestmain(req.Binary)
	if err != nil {
		return nil, nil, err
	}
	list.Dir = req.Dir
	args := gotest.ParseBinaryArgs(req.Args)
	_, err = grouping.Annotate(list, grouping.SourceOptions{
		BuildTags: c.GoTest.Tags, Race: c.GoTest.Race, Msan: c.GoTest.Msan, Asan: c.GoTest.Asan, Positions: true,
	})
	if err != nil {
		return nil, nil, err
	}
	c.Rules.Apply(list)
	own, dist := c.Rules.Manner(list.ImportPath), c.Dist
	if own.Dist != "" {
		dist = own.Dist
	}
	sel, err := grouping.Select(list, grouping.Options{
		Dist: dist, Groups: c.Groups, Run: args.Run, Skip: args.Skip,
	})
	if err != nil {
		return nil, nil, err
	}
	b := newBinary(list, sel.Units)
	if !sel.Plain() && !args.Opaque {
		b.selection = sel
	}
	b.dir, b.env, b.args = req.Dir, req.Env, args
	split := c.SplitTestMain
	if own.SplitTestMain != nil {
		split = *own.SplitTestMain
	}
	b.together = list.TestMain && !split || args.Opaque || dist == grouping.LoadPackage
	b.fixed = fixedOrder(own.Order)
	b.program = filepath.Join(dir, filepath.Base(req.Binary))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, nil, err
	}
	return b, sel.Warnings, testbin.Duplicate(req.Binary, b.program)
}
