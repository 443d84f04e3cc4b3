package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/record"
)

func (r *testRun) writeRerunReport() error {
	if r.opts.rerun.reportFile == "" || r.exec == nil {
		return nil
	}
	return report.WriteRerunReport(r.opts.rerun.reportFile, r.known())
}

// finish prints the summary, writes the JUnit file and runs the post-run command. It
// returns status with what went wrong in doing so.
func (r *testRun) finish(ctx context.Context, status error) error {
	until := time.Now() // what explains failures is not what somebody waits for
	outcome := r.src.Verdict(r.known())
	status = settled(status, outcome, r.known(), r.opts.rerun.failOnFlaky)
	if status != nil && !r.interrupted() {
		r.src.Explain()
		outcome = r.src.Verdict(r.known())
	}
	r.world.end(status != nil, r.interrupted())
	outcome.Setups = r.world.setups(r.interrupted())
	status = r.checkNoTests(status)
	outcome.Coverage, status = r.judgeCoverage(status)
	outcome.Slow, outcome.Slowest = r.live.Slow(), r.live.Slowest()
	outcome.Slowest = outcome.Slowest[:min(len(outcome.Slowest), int(r.opts.telling.slowest))]
	r.owners.tell(&outcome)
	if h, ok := r.src.(outcomeHearer); ok {
		outcome = h.hear(outcome)
	}
	status = coverStatus(status, outcome.Coverage)
	status = setupStatus(status, outcome.Setups)
	r.live.Stop()
	var err error
	if r.held != nil {
		err = r.held.show(outcome)
	}
	if r.exec != nil {
		err = errors.Join(err, outcome.Excuse(r.exec, r.lastRun))
	}
	bound := r.world.bound(r.bound(until))
	if h, ok := r.src.(outcomeHearer); ok {
		bound = h.hearBound(bound)
	}
	if bound != "" {
		// Best effort, as for all that is said while the tests run.
		_, _ = io.WriteString(r.stderr, bound+"\n")
	}
	github := r.gitHub()
	err = errors.Join(err, r.annotate(github, outcome))
	r.writeStepSummary(github, outcome)
	err = errors.Join(err, r.writeSummary(outcome))
	// The post-run command writes to the same files.
	err = errors.Join(err, r.stdout.Flush(), r.stderr.Flush())
	err = errors.Join(err, r.writeJUnit(outcome), r.cover.writeFiles(), r.runHook(ctx))
	r.world.tellStays()
	if end := r.endedBy(); end.early() {
		status = end.status()
	}
	return errors.Join(status, err)
}

// annotate prints what GitHub shows beside the lines of code; github is nil elsewhere.
func (r *testRun) annotate(github *report.GitHub, outcome report.Outcome) error {
	var text bytes.Buffer
	if github != nil {
		if err := github.WriteAnnotations(&text, r.exec, outcome); err != nil {
			return err
		}
	}
	if h, ok := r.src.(outcomeHearer); ok {
		text = *bytes.NewBufferString(h.hearAnnotations(text.String()))
	}
	_, err := r.stdout.Write(text.Bytes())
	return err
}

// writeSummary prints the summary.
func (r *testRun) writeSummary(outcome report.Outcome) error {
	l := r.opts.queue.leads
	if l == nil {
		return report.Summary(r.stdout, r.exec, r.opts.hideSummary.shown, outcome)
	}
	var kept bytes.Buffer
	err := report.Summary(io.MultiWriter(r.stdout, &kept), r.exec, r.opts.hideSummary.shown, outcome)
	return errors.Join(err, l.left.keepSummary(r.lines.Restore(kept.String())))
}

func (r *testRun) writeJUnit(outcome report.Outcome) error {
	o := r.opts.junit
	var files []string
	if o.file != "" {
		files = append(files, o.file)
	}
	if l := r.opts.queue.leads; l != nil {
		files = append(files, l.left.junit)
	}
	if len(files) == 0 {
		return nil
	}
	junit := report.JUnit{
		ProjectName: o.projectName, SuiteName: o.suiteName.format, Classname: o.classname.format,
		HideEmptyPackages: o.hideEmptyPackages, HideSkippedTests: o.hideSkippedTests,
		Reruns: o.reruns.mode, GoVersion: r.goVersion(), Lines: r.lines, Details: r.junitDetails(),
		Setups: outcome.Setups, Redact: record.NewRedactor(r.opts.record.redact).Text, Excused: outcome.ExcusedAs,
		Attached: r.artifacts.attached,
	}
	for _, file := range files {
		if err := junit.WriteFile(file, r.exec); err != nil {
			return fmt.Errorf("failed to write junit file: %w", err)
		}
	}
	return nil
}

// goVersion returns what the go command in PATH says its version is; GOVERSION
// replaces it where there is no go command.
func (r *testRun) goVersion() string {
	if r.goIs != "" {
		return r.goIs
	}
	if version, ok := r.cmd.env.lookup("GOVERSION"); ok {
		return version
	}
	if version := r.cmd.archive.goVersion(); version != "" {
		return version
	}
	r.log.debugf("exec: go version")
	out, err := exec.Command("go", "version").Output()
	if err != nil {
		r.log.warnf("Failed to lookup go version for junit xml: %v", err)
		return "unknown"
	}
	return strings.TrimPrefix(strings.TrimSpace(string(out)), "go version ")
}

func (r *testRun) runHook(ctx context.Context) error {
	words := r.opts.postRun.words
	if len(words) == 0 {
		return nil
	}
	r.log.debugf("exec: %s", words)
	hook := report.Hook{
		Format: r.opts.format, JSONFile: r.opts.jsonFile,
		TimingFile: r.opts.jsonFileTimingEvents, JUnitFile: r.opts.junit.file,
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	// The files themselves, not our writers: the command may care for a terminal.
	cmd.Stdout, cmd.Stderr = r.streams.stdout, r.streams.stderr
	cmd.Env = append(r.cmd.env.list[:len(r.cmd.env.list):len(r.cmd.env.list)], hook.Environment(r.exec)...)
	err := cmd.Start()
	if err == nil {
		r.setHook(cmd.Process)
		err = cmd.Wait()
		r.setHook(nil)
	}
	if err != nil && !r.interrupted() {
		return fmt.Errorf("post run command failed: %w", err)
	}
	return nil
}

func (r *testRun) setHook(p *os.Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hook = p
}

// restore puts long lines back into the text of err, which may quote one.
func (r *testRun) restore(err error) error {
	var errs []error
	for _, e := range problems(err) {
		if _, ok := e.(exitStatus); !ok {
			if text := r.lines.Restore(e.Error()); text != e.Error() {
				e = errors.New(text)
			}
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}
