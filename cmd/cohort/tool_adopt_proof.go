package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/hunt/adopt"
)

// proof runs cohort itself with the rules: what holds there holds for the user.
type proof struct {
	command *command
	opts    *adoptOptions
	args    *gotest.Args
	place   *adoptPlace
}

// run runs rounds until the rules are proved or no more are to be tried. The signal is the one that
// has ended it.
func (p *proof) run(a *adopt.Adoption) (sig os.Signal, err error) {
	dir, err := os.MkdirTemp("", "cohort-adopt-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, endSignals()...)
	defer signal.Stop(signals)
	caught := make(chan os.Signal, 1)
	go func() { // ends with ctx
		defer close(caught)
		select {
		case s := <-signals:
			caught <- s
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		round, more := a.Next()
		if !more || ctx.Err() != nil {
			break
		}
		passed, of := a.Proved()
		if _, err := fmt.Fprintf(p.command.stderr, "proof %d of %d, %d rules, %d workers, seed %d\n", passed+1, of, len(a.Rules()), round.Workers, round.Seed); err != nil {
			return nil, err
		}
		failed, err := p.round(ctx, dir, a.Rules(), round)
		if err != nil && ctx.Err() == nil {
			return nil, err
		}
		if ctx.Err() == nil {
			a.Observe(failed)
		}
	}
	cancel()
	return <-caught, nil
}

// round runs everything once and returns what failed.
func (p *proof) round(ctx context.Context, dir string, rules []*adopt.Rule, r adopt.Round) ([]adopt.Test, error) {
	text, err := p.place.with(rules)
	if err != nil {
		return nil, err
	}
	root, _ := newFlags(p.command.env)
	text = config.Mute(text, root.flags, proofFlags())
	configFile, events := filepath.Join(dir, "cohort.yaml"), filepath.Join(dir, "events.json")
	if err := os.WriteFile(configFile, text, 0o600); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find cohort's own program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, p.words(configFile, events, r)...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = p.command.env.list, &stderr
	cmd.Cancel = func() error {
		if runtime.GOOS == "windows" { // it has no such signal
			return cmd.Process.Kill()
		}
		return cmd.Process.Signal(os.Interrupt)
	}
	cmd.WaitDelay = 20 * time.Second // more than the grace that the tests get
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != exitFailed) {
		return nil, fmt.Errorf("prove the rules: %w\n%s", err, stderr.Bytes())
	}
	file, openErr := os.Open(events)
	if openErr != nil {
		return nil, openErr
	}
	failed, ran, readErr := readProof(file)
	if readErr = errors.Join(readErr, file.Close()); readErr != nil {
		return nil, fmt.Errorf("read what came of the proof: %w", readErr)
	}
	if t, ok := notRun(rules, ran); ok {
		return nil, fmt.Errorf("prove the rules: %s did not run: a variable (COHORT_FLAGS) may leave it out\n%s",
			strings.TrimSpace(t.Package+" "+t.Name), stderr.Bytes())
	}
	if err != nil && len(failed) == 0 {
		return nil, fmt.Errorf("prove the rules: no test failed, and yet: %w\n%s", err, stderr.Bytes())
	}
	return failed, nil
}

// proofFlags are the flags that the file sets for a proof too, since they say how tests run. What
// it says of the choice of tests, of outputs and of the verdict is for runs of the user.
func proofFlags() []string {
	return append([]string{"dist", "testmain", "group", "group-failfast", "quarantine", "link-cache"}, limitFlags()...)
}

// notRun returns a test of the rules that is not among those that ran, or a package of which none
// ran: its rule is not proved.
func notRun(rules []*adopt.Rule, ran map[adopt.Test]bool) (adopt.Test, bool) {
	for _, r := range rules {
		for _, t := range r.Tests {
			if !ran[t] {
				return t, true
			}
		}
	}
	return adopt.Test{}, false
}

// words are the arguments of the run. What the file says of outputs and reruns is not for it.
func (p *proof) words(configFile, events string, r adopt.Round) []string {
	words := []string{
		"--config=" + configFile, "--shuffle=" + strconv.FormatInt(r.Seed, 10), "--workers=" + strconv.Itoa(r.Workers),
		"--jsonfile=" + events, "--junitfile=", "--record=", "--history=off", "--explain-failures=off", "--rerun-fails=0",
		"--progress=off", "--github=off", "--format=none",
	}
	// A flag wins over rules, so that only what was given is passed on; the rest the file says.
	for _, name := range []string{"dist", "testmain", "group"} {
		if s, ok := p.opts.line.given.find(name); ok {
			for _, value := range s.values {
				words = append(words, "--"+name+"="+value)
			}
		}
	}
	rest := p.opts.line.rest
	if len(rest) == 0 {
		rest = []string{"./..."}
	}
	return append(append(words, "--", "-count=1"), rest...)
}

// readProof reads go test -json and returns the top-level tests that failed, and the packages that
// failed without one; and all tests that there are, and, without a name, their packages.
func readProof(r io.Reader) (failed []adopt.Test, ran map[adopt.Test]bool, err error) {
	ran = make(map[adopt.Test]bool)
	blamed := make(map[string]bool) // packages with a failed test
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e struct{ Action, Package, Test string }
		switch {
		case len(bytes.TrimSpace(line)) == 0:
		case json.Unmarshal(line, &e) != nil:
			return nil, nil, fmt.Errorf("no event: %.100q", line)
		case e.Action != "fail" || strings.Contains(e.Test, "/"):
		case e.Test != "" || !blamed[e.Package]:
			blamed[e.Package] = true
			failed = append(failed, adopt.Test{Package: e.Package, Name: e.Test})
		}
		if e.Test != "" {
			ran[adopt.Test{Package: e.Package, Name: e.Test}], ran[adopt.Test{Package: e.Package}] = true, true
		}
		switch {
		case errors.Is(err, io.EOF):
			return failed, ran, nil
		case err != nil:
			return nil, nil, err
		}
	}
}
