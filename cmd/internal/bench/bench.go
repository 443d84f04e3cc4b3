package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// row is one line of the list of things to measure.
type row struct {
	name, about string
	// prepare builds what the row needs, unmeasured, and returns what to measure.
	prepare func(context.Context, *bench) ([]table, error)
}

// table is a set of contestants that do the same work.
type table struct {
	title  string
	rounds int
	// bound is the time below which no scheduling can go, 0 if the row has none.
	bound       time.Duration
	contestants []contestant
}

// contestant is one way to do the work.
type contestant struct {
	name string
	argv []string // argv[0] is an absolute path, or a command on the PATH
	dir  string
	env  []string // added to the environment
	// before puts things back as they have to be before a measurement. May be nil.
	before func() error
	// value replaces the time that the command took by another figure of that run. May be nil.
	value func() (time.Duration, error)
	// repeat is how often the command runs for one measurement, which is then the mean. 0 is once.
	repeat int
	// exit is the exit code that is expected.
	exit int
}

// sample is one measurement.
type sample struct {
	time time.Duration
	// cpu is what the processes of the run used, user and system time together.
	cpu time.Duration
	// memory is the peak resident set, in bytes, of all processes of the run together where that
	// can be told, else of the largest; 0 where neither is known.
	memory int64
}

// bench is the place to work in: a temporary folder with the programs to compare.
type bench struct {
	options
	tmp               string
	cohort, gotestsum string
	cores             int
	results           []result
	servers           []*exec.Cmd // that rows have started
}

func newBench(ctx context.Context, opts options) (*bench, error) {
	tmp, err := os.MkdirTemp("", "cohort-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{options: opts, tmp: tmp, cores: runtime.GOMAXPROCS(0)}
	suffix := ""
	if runtime.GOOS == "windows" {
		suffix = ".exe"
	}
	b.cohort, b.gotestsum = filepath.Join(tmp, "cohort"+suffix), filepath.Join(tmp, "gotestsum"+suffix)
	for path, pkg := range map[string]string{
		b.cohort:    "github.com/gotestcohort/cohort/cmd/cohort",
		b.gotestsum: "gotest.tools/gotestsum",
	} {
		// Without cgo, as the README says to install it: a static binary starts a third faster.
		build := contestant{name: "go build", argv: []string{"go", "build", "-o", path, pkg}, env: []string{"CGO_ENABLED=0"}}
		if _, err := b.once(ctx, &build); err != nil {
			return nil, errors.Join(err, b.close())
		}
	}
	_, err = fmt.Fprintf(b.out, "%s %s/%s, %d cores\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, b.cores)
	return b, err
}

// close ends what rows have started, and removes everything that was generated.
func (b *bench) close() error {
	var errs []error
	for _, server := range b.servers {
		errs = append(errs, server.Process.Kill())
		_ = server.Wait() // it was killed
	}
	return errors.Join(append(errs, os.RemoveAll(b.tmp))...)
}

// do runs a command that is not measured.
func (b *bench) do(ctx context.Context, dir string, argv ...string) error {
	_, err := b.once(ctx, &contestant{name: argv[0], argv: argv, dir: dir})
	return err
}

// fresh forgets what cohort remembers: the next run is its first one ever.
func (b *bench) fresh() error {
	return errors.Join(os.RemoveAll(b.history()), os.RemoveAll(b.links()))
}

func (b *bench) history() string { return filepath.Join(b.tmp, "history") }
func (b *bench) links() string   { return filepath.Join(b.tmp, "links") }

// environ is the user's environment, but for what would make two runs of the bench differ.
func (b *bench) environ() []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "COHORT_") || strings.HasPrefix(kv, "GOTESTSUM_") ||
			strings.HasPrefix(kv, "GITHUB_ACTIONS=") || strings.HasPrefix(kv, "TEST_DIRECTORY=")
	})
	// A thousand test binaries are more than the link cache keeps by default.
	return append(env, "COHORT_HISTORY="+b.history(), "COHORT_LINK_CACHE="+b.links(), "COHORT_LINK_CACHE_SIZE=4GiB")
}

// table measures the contestants in turn, round by round, and prints the result.
func (b *bench) table(ctx context.Context, r row, t table) error {
	rounds := t.rounds
	if b.rounds > 0 {
		rounds = b.rounds
	}
	samples := make([][]sample, len(t.contestants))
	for round := range rounds {
		for i, c := range t.contestants {
			s, err := b.sample(ctx, &c)
			if err != nil {
				return err
			}
			samples[i] = append(samples[i], s)
			if b.verbose {
				if _, err := fmt.Fprintf(b.out, "round %d  %-30s %v\n", round, c.name, s.time); err != nil {
					return err
				}
			}
		}
	}
	b.results = append(b.results, results(r.name, t, samples)...)
	return report(b.out, r.name, t, samples)
}

// sample measures a contestant once.
func (b *bench) sample(ctx context.Context, c *contestant) (sample, error) {
	if c.before != nil {
		if err := c.before(); err != nil {
			return sample{}, err
		}
	}
	repeat := max(c.repeat, 1)
	var sum sample
	for range repeat {
		s, err := b.once(ctx, c)
		if err != nil {
			return sample{}, err
		}
		sum.time += s.time
		sum.cpu += s.cpu
		sum.memory = max(sum.memory, s.memory)
	}
	sum.time /= time.Duration(repeat)
	sum.cpu /= time.Duration(repeat)
	if c.value != nil {
		value, err := c.value()
		if err != nil {
			return sample{}, err
		}
		sum.time = value
	}
	return sum, nil
}

// once runs a command to its end. What it prints goes to files, as in CI, and is shown only if the
// exit code is not the expected one.
func (b *bench) once(ctx context.Context, c *contestant) (s sample, err error) {
	out, err := os.Create(filepath.Join(b.tmp, "output"))
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, out, out
	cmd.Env = append(b.environ(), c.env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 15 * time.Second // cohort gives its tests 10 s to end
	start := time.Now()
	if err = cmd.Start(); err == nil {
		tree := watchMemory(cmd.Process.Pid)
		err = cmd.Wait()
		s.memory = tree.stop()
	}
	s.time = time.Since(start)
	if ctx.Err() != nil {
		return sample{}, fmt.Errorf("%s: %w", c.name, context.Cause(ctx))
	}
	if cmd.ProcessState == nil {
		return sample{}, fmt.Errorf("start %s: %w", c.name, err)
	}
	if got := cmd.ProcessState.ExitCode(); got != c.exit {
		return sample{}, fmt.Errorf("%s (%s) exits %d, want %d:\n%s", c.name, strings.Join(c.argv, " "), got, c.exit, tail(out))
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.memory = max(s.memory, peakMemory(cmd.ProcessState))
	return s, nil
}

// tail returns the last part of a file, enough to see what went wrong.
func tail(f *os.File) []byte {
	const enough = 4 << 10
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return []byte(err.Error())
	}
	text, err := io.ReadAll(io.NewSectionReader(f, max(0, end-enough), enough))
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(text)
}
