package main

import (
	"crypto/rand"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/record"
)

// onGitHub reports whether GitHub Actions is to be told of the run. Where it runs, it always
// names the workspace.
func onGitHub(o *options, env environ) bool {
	return o.telling.github != "off" && env.get("GITHUB_ACTIONS") == "true" && env.get("GITHUB_WORKSPACE") != ""
}

// gitHub returns what writes for GitHub Actions; nil: nothing is written.
func (r *testRun) gitHub() *report.GitHub {
	if !onGitHub(r.opts, r.cmd.env) {
		return nil
	}
	return &report.GitHub{ID: rand.Text(), Lines: r.lines, Sources: sourcesBelow(r.dir, r.cmd.archive.root(r.cmd.env.get("GITHUB_WORKSPACE"))),
		Redact: record.NewRedactor(r.opts.record.redact).Text, Repository: r.cover.repository()}
}

// writeStepSummary writes the summary that GitHub shows. That it cannot be written is a
// warning: the tests are what they are.
func (r *testRun) writeStepSummary(g *report.GitHub, outcome report.Outcome) {
	name := r.cmd.env.get("GITHUB_STEP_SUMMARY")
	if g == nil || name == "" || r.exec == nil {
		return
	}
	outcome.Slowest = r.live.Slowest()
	if err := g.WriteSummary(name, r.exec, outcome); err != nil {
		r.log.warnf("%v", err)
	}
}

// sourcesBelow finds the sources of the module around dir ("": the current directory), with
// paths relative to root ("": the module's directory).
func sourcesBelow(dir, root string) report.Sources {
	if dir == "" {
		dir = "."
	}
	dir, err := realPath(dir)
	if err != nil {
		return report.Sources{}
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			s := report.Sources{Module: modfile.ModulePath(data), Dir: dir, Root: dir}
			if root != "" {
				s.Root, err = realPath(root)
			}
			if err != nil {
				return report.Sources{}
			}
			return s
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return report.Sources{}
		}
		dir = parent
	}
}

// realPath is the absolute path of name without symbolic links.
func realPath(name string) (string, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}
