package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/record"
)

// gitHubOf tells GitHub Actions of recorded runs: annotations on stdout, which it reads there, and the
// summary of the step.
func (c *command) gitHubOf(records []string) error {
	var all []string
	for _, name := range records {
		text, err := c.annotationsOf(name)
		if err != nil {
			return fmt.Errorf("--github: %s: %w", name, err)
		}
		all = append(all, slices.Collect(strings.Lines(text))...)
	}
	// GitHub shows so many of a step.
	_, err := io.WriteString(c.stdout, strings.Join(all[:min(len(all), report.MaxAnnotations)], ""))
	return err
}

// annotationsOf returns the annotations of a recorded run, and adds it to the step's summary if there
// is one.
func (c *command) annotationsOf(name string) (string, error) {
	r, err := record.Open(name)
	if err != nil {
		return "", err
	}
	quiet := &command{stdin: c.stdin, stdout: io.Discard, stderr: io.Discard, env: c.env, log: &logger{out: io.Discard}}
	table, opts := newFlags(c.env)
	if wrong := table.apply(resolve(table.flags, recordedLayer(r.Manifest.Flags))); len(wrong) > 0 {
		return "", errors.Join(errors.New(strings.Join(wrong, "; ")), r.Close())
	}
	run, src := quiet.newReplay(r, opts, nil)
	err = errors.Join(run.do(context.Background()), src.Close())
	err = notOfRun(err, r.Manifest.Verdict, func(e error) error { return fmt.Errorf("replay: %w", plainError(e)) })
	if err = errors.Join(err, r.Close()); err != nil || run.exec == nil {
		return "", err
	}
	// What is in a record has been redacted.
	g := report.GitHub{ID: r.Manifest.Start.Format("20060102150405.000000000"), Lines: run.lines, Sources: sourcesBelow("", c.env.get("GITHUB_WORKSPACE"))}
	outcome := src.hear(report.Outcome{})
	var text bytes.Buffer
	if err := g.WriteAnnotations(&text, run.exec, outcome); err != nil {
		return "", err
	}
	if summary := c.env.get("GITHUB_STEP_SUMMARY"); summary != "" {
		err = g.WriteSummary(summary, run.exec, outcome)
	}
	return text.String(), err
}
