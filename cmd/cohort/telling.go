package main

import (
	"errors"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/report"
)

// tellingOptions says what is told while the tests run, and where.
type tellingOptions struct {
	progress  progressMode
	heartbeat offDurationValue
	slow      offDurationValue
	slowest   int
	github    githubMode

	junitDetails bool   // --junitfile-details
	owners       string // a CODEOWNERS file; "": none
}

// defaultHeartbeat is less than any CI system waits for output before it ends a job, and
// seldom enough not to fill its log.
const defaultHeartbeat = time.Minute

// bindTelling binds the flags of what is told while the tests run.
func bindTelling(t *flagTable, o *tellingOptions) {
	o.heartbeat = offDurationValue{duration: defaultHeartbeat}
	t.add(&o.progress, usage.Flag{Name: "progress", Takes: "MODE", Kind: usage.Choice, Choices: progressModes, Own: true,
		Help: "status below the output, on a terminal: " + strings.Join(progressModes, ", ")})
	t.add(&o.heartbeat, usage.Flag{Name: "heartbeat", Takes: "DURATION|off", Choices: []string{"off"}, Own: true,
		Help: "where there is no terminal: tell what runs after this time without output"})
	t.add(&o.slow, usage.Flag{Name: "slow", Takes: "DURATION|off", Choices: []string{"off"}, Own: true,
		Help: "name tests that run longer than this, while they run and at the end"})
	t.add(&o.github, usage.Flag{Name: "github", Takes: "MODE", Kind: usage.Choice, Choices: githubModes, Own: true,
		Help: "annotations and a step summary, under GitHub Actions: " + strings.Join(githubModes, ", ")})
	t.toggle(&o.junitDetails, false, usage.Flag{Name: "junitfile-details", Needs: "junitfile", Own: true,
		Help: "add file, line, attempt, seed, the first line of a failure and precise times to the JUnit file"})
	t.text(&o.owners, "", usage.Flag{Name: "owners", Path: usage.InputFile, Own: true,
		Help: "name the owners of failed tests, by a CODEOWNERS file"})
	t.number(&o.slowest, 0, usage.Flag{Name: "slowest", Own: true, Help: "list this many of the slowest tests at the end"})
}

// tellingWarnings says of which reports the reader will make something else than is in them.
func (o *options) tellingWarnings(env environ) []string {
	var warnings []string
	if env.truthy("GITLAB_CI") && o.junit.file != "" && o.rerunsEnabled() && o.junit.reruns.mode == report.RerunAll {
		warnings = append(warnings, "GitLab takes the first of several test cases of one name, and with --junitfile-reruns=all "+
			"that is the failed one: --junitfile-reruns=last writes the last attempt")
	}
	return warnings
}

var progressModes = []string{"auto", "bar", "line", "off"}

// progressMode is one of progressModes; "" is the first, auto.
type progressMode string

func (v *progressMode) Set(raw string) error { return setWord((*string)(v), raw, progressModes) }
func (v *progressMode) Type() string         { return "mode" }
func (v *progressMode) String() string       { return word(string(*v), progressModes) }

// offDurationValue is a duration above zero, or off. Its zero value is off.
type offDurationValue struct {
	duration time.Duration // 0: off
	given    bool          // by the user
}

func (v *offDurationValue) Set(raw string) error {
	v.given = true
	if raw == "off" {
		v.duration = 0
		return nil
	}
	var d delayValue
	if err := d.Set(raw); err != nil {
		return errors.New("must be off, or a number of seconds or a duration such as 0.5, 2 or 1m30s")
	}
	if d <= 0 {
		return errors.New("must be above zero, or off")
	}
	v.duration = time.Duration(d)
	return nil
}

func (v *offDurationValue) Type() string { return "duration" }

func (v *offDurationValue) String() string {
	if v.duration == 0 {
		return "off"
	}
	return v.duration.String()
}

var githubModes = []string{"auto", "off"}

// githubMode is one of githubModes; "" is the first, auto.
type githubMode string

func (v *githubMode) Set(raw string) error { return setWord((*string)(v), raw, githubModes) }
func (v *githubMode) Type() string         { return "mode" }
func (v *githubMode) String() string       { return word(string(*v), githubModes) }
