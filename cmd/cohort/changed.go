package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/scheduler/gotest/affected"
)

// refValue names a commit, as git understands it.
type refValue string

func (v *refValue) Set(text string) error {
	if text == "" {
		return errors.New("a commit is missing, such as origin/main")
	}
	*v = refValue(text)
	return nil
}

func (v *refValue) Type() string   { return "commit" }
func (v *refValue) String() string { return string(*v) }

// onlyChanged limits a run to the packages that changes since a commit can reach, if the user
// wants that, and says how many those are. The source is another one if there are none.
func (c *command) onlyChanged(s *scheduledSource) (source, error) {
	ref := s.opts.run.changedSince.String()
	if ref == "" {
		return s, nil
	}
	args := s.config.GoTest
	result, err := affected.Find(context.Background(), affected.Options{
		Dir: filepath.Join(s.config.Dir, args.Dir), Ref: ref, Flags: args.BuildFlags(), Patterns: args.Packages, Env: c.env.list,
	})
	if err != nil {
		return nil, fmt.Errorf("--changed-since: %w", err)
	}
	c.log.infof("%s", result.Summary(ref))
	if result.Everything != "" || len(result.Packages) == result.Targets {
		return s, nil // as the user named them
	}
	if len(result.Packages) == 0 {
		return nothing{}, nil
	}
	args.Packages = nil
	for _, p := range result.Packages {
		args.Packages = append(args.Packages, p.ImportPath)
	}
	return s, nil
}

// nothing is a source that has no package to test.
type nothing struct{}

func (nothing) First(context.Context) (*stream, error) {
	return &stream{Stdout: strings.NewReader(""), Wait: func() error { return nil }}, nil
}

func (nothing) CheckRerun(error, *testjson.Execution) error { return nil }

func (nothing) Reruns(context.Context, *testjson.Execution) iter.Seq2[attempt, error] {
	return func(func(attempt, error) bool) {}
}

func (nothing) Explain() {}

func (nothing) Verdict(*testjson.Execution) report.Outcome { return report.Outcome{} }

func (nothing) Interrupt(os.Signal) {}

func (nothing) Hurry() time.Duration { return 0 }

func (nothing) Close() error { return nil }
