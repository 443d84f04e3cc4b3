package hunt

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
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
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env = c.Dir, append(c.Env[:len(c.Env):len(c.Env)], l.Env())
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
	cmd.WaitDelay = worker.Grace
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start go test: %w", err)
	}
	events := make(chan string, 1)
	go func() { events <- readTrouble(stdout) }() // ends with the command's output
	col := new(collection)
	said, err := col.take(l, c, events)
	if waitErr := cmd.Wait(); waitErr != nil {
		var exit *exec.ExitError
		if !errors.As(waitErr, &exit) && ctx.Err() == nil {
			return nil, fmt.Errorf("go test: %w", waitErr)
		}
		col.code = max(1, cmd.ProcessState.ExitCode())
	}
	col.trouble = stderr.String() + said
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return col, err
}

// interrupt asks the go command to end.
func interrupt(p *os.Process) error {
	if runtime.GOOS == "windows" { // it has no such signal
		return p.Kill()
	}
	return p.Signal(os.Interrupt)
}

// take keeps the binaries until the go command's output ends, and returns what
// it said. Of the errors it returns all, and keeps taking meanwhile: the go
// command waits for an answer.
func (col *collection) take(l *gotest.Listener, c *Config, events <-chan string) (string, error) {
	var errs []error
	for n := 0; ; n++ {
		select {
		case req := <-l.Requests():
			b, warnings, err := keep(req, c, filepath.Join(l.Dir, "bin"+strconv.Itoa(n)))
			errs = append(errs, err)
			if b != nil && len(b.units) > 0 {
				col.bins = append(col.bins, b)
			}
			col.warnings = append(col.warnings, warnings...)
			// If exec-test is gone, the go command says so.
			_ = req.Exit(0)
		case said := <-events:
			return said, errors.Join(errs...)
		}
	}
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

// readTrouble reads go test -json to its end and returns what it says of
// packages that fail. No package fails in its tests, as none are run, so that
// these are what could not be built, vetted or loaded.
func readTrouble(r io.Reader) string {
	var said strings.Builder
	held := make(map[string]string) // output of packages
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e struct{ Action, Package, Output string }
		if len(line) > 0 && json.Unmarshal(line, &e) != nil {
			said.Write(line)
		}
		switch e.Action {
		case "build-output":
			said.WriteString(e.Output)
		case "output":
			held[e.Package] += e.Output
		case "fail":
			said.WriteString(held[e.Package])
			delete(held, e.Package)
		case "pass", "skip":
			delete(held, e.Package)
		}
		if err != nil {
			return said.String()
		}
	}
}
