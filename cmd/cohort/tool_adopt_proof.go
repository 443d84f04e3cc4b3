package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/hunt/adopt"
	"github.com/gotestcohort/cohort/scheduler/procgroup"
	"github.com/gotestcohort/cohort/scheduler/scratch"
)

// proof runs cohort itself with the rules: what holds there holds for the user.
type proof struct {
	command *command
	opts    *adoptOptions
	args    *gotest.Args
	place   *adoptPlace
	signals chan os.Signal // that were sent to this process
}

// run runs rounds until the rules are proved or no more are to be tried. The signal is the one that
// has ended it.
func (p *proof) run(a *adopt.Adoption) (sig os.Signal, err error) {
	dir, err := scratch.Make("", "adopt-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dir.Remove()) }()
	p.signals = make(chan os.Signal, 2)
	signal.Notify(p.signals, endSignals()...)
	defer signal.Stop(p.signals)
	for {
		round, more := a.Next()
		if !more {
			return nil, nil
		}
		passed, of := a.Proved()
		if _, err := fmt.Fprintf(p.command.stderr, "proof %d of %d, %s, %d workers, seed %d\n", passed+1, of, plural(len(a.Rules()), "rule", "rules"), round.Workers, round.Seed); err != nil {
			return nil, err
		}
		failed, sig, err := p.round(dir.Path, a.Rules(), round)
		if sig != nil || err != nil {
			return sig, err
		}
		a.Observe(failed)
	}
}

// round runs everything once and returns what failed, or the signal that has ended it.
func (p *proof) round(dir string, rules []*adopt.Rule, r adopt.Round) ([]adopt.Test, os.Signal, error) {
	text, err := p.place.with(rules)
	if err != nil {
		return nil, nil, err
	}
	root, _ := newFlags(p.command.env)
	text = config.Mute(text, root.flags, proofFlags())
	configFile, events := filepath.Join(dir, "cohort.yaml"), filepath.Join(dir, "events.json")
	if err := os.WriteFile(configFile, text, 0o600); err != nil {
		return nil, nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find cohort's own program: %w", err)
	}
	cmd := exec.Command(self, p.words(configFile, events, r)...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = p.command.env.list, &stderr
	sig, err := p.wait(cmd)
	if sig != nil {
		return nil, sig, nil
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != exitFailed) {
		return nil, nil, fmt.Errorf("prove the rules: %w\n%s", err, stderr.Bytes())
	}
	failed, ran, readErr := readProofFile(events)
	if readErr == nil && err != nil && len(failed) == 0 {
		readErr = fmt.Errorf("prove the rules: no test failed, and yet: %w\n%s", err, stderr.Bytes())
	}
	if readErr != nil {
		return nil, nil, readErr
	}
	if t, ok := notRun(rules, ran); ok {
		return nil, nil, fmt.Errorf("prove the rules: %s did not run: a variable (COHORT_FLAGS) may leave it out\n%s",
			strings.TrimSpace(t.Package+" "+t.Name), stderr.Bytes())
	}
	return failed, nil, nil
}

// wait runs a command to its end. Signals are passed on to it, which ends it, as cohort is asked to
// end: the first lets tests finish, the second kills them.
func (p *proof) wait(cmd *exec.Cmd) (first os.Signal, err error) {
	procgroup.Own(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("prove the rules: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the command
	for {
		select {
		case err := <-ended:
			return first, err
		case sig := <-p.signals:
			if first == nil {
				first = sig
			}
			// It may have ended by itself meanwhile.
			_ = procgroup.Signal(cmd.Process, sig)
		}
	}
}

// readProofFile is readProof of a file.
func readProofFile(name string) (failed []adopt.Test, ran map[adopt.Test]bool, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if failed, ran, err = readProof(file); err != nil {
		return nil, nil, fmt.Errorf("read the results of the proof: %w", err)
	}
	return failed, ran, nil
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
