package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/watch"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// debug starts the debugger in the package of e, or in the first of them with a
// failed test.
func (w *watchedRuns) debug(ctx context.Context, e watch.Event) error {
	d := watch.Delve{Package: e.Packages[0],
		Stdin: w.cmd.stdin, Stdout: w.cmd.stdout, Stderr: w.cmd.stderr}
	tests := w.failed
	if len(e.Packages) > 1 || isRecursive(d.Package) {
		if len(tests) == 0 {
			return errors.New("debug: no test failed that would say in which package: save one of its files first")
		}
		importPath := tests[0].Package
		dir, err := w.packageDir(ctx, importPath)
		if err != nil {
			return err
		}
		tests = slices.DeleteFunc(slices.Clone(tests), func(tc testjson.TestCase) bool {
			return tc.Package != importPath
		})
		d.Package = dir
	}
	for _, tc := range tests {
		if tc.Test != "" { // else it is the package as a whole
			d.Tests = append(d.Tests, tc.Test.Name())
		}
	}
	if w.opts.watchChdir {
		d.Dir, d.Package = filepath.FromSlash(d.Package), "./"
	}
	if !w.opts.rawCommand {
		d.BuildFlags, d.Args = delveFlags(w.opts.args)
	}
	w.cmd.warnNoWorld(w.opts, "the debugger")
	return d.Run(ctx)
}

// delveFlags sorts go test's arguments into flags for the build of a test binary and
// arguments for the binary. Packages, and flags that mean nothing in a debugger, are
// left out.
func delveFlags(args []string) (build, binary []string) {
	before, after := splitAtArgs(args)
	for i := 0; i < len(before); i++ {
		if !strings.HasPrefix(before[i], "-") {
			continue // a package
		}
		name, value, hasValue := strings.Cut(strings.TrimLeft(before[i], "-"), "=")
		name = strings.TrimPrefix(name, "test.")
		if !hasValue && gotest.TakesValue(name) && i+1 < len(before) {
			i++
			value, hasValue = before[i], true
		}
		flag := name
		if hasValue {
			flag += "=" + value
		}
		switch name {
		case "race", "msan", "asan", "tags", "mod", "modfile", "overlay", "ldflags", "trimpath", "buildvcs":
			build = append(build, "-"+flag)
		case "run", "skip", "short", "count", "cpu", "parallel", "failfast", "shuffle", "v":
			binary = append(binary, "-test."+flag)
		default:
			if !goTestOnly(name) {
				binary = append(binary, "-"+flag)
			}
		}
	}
	if len(after) > 0 {
		binary = append(binary, after[1:]...) // less -args itself
	}
	return build, binary
}

// goTestOnly reports whether a flag of that name is go test's and, in a debugger, of
// no use: of those, the ones that take no value are named here.
func goTestOnly(name string) bool {
	switch name {
	case "a", "n", "x", "work", "cover", "json", "c", "i", "benchmem", "artifacts", "fullpath", "linkshared", "modcacherw":
		return true
	}
	return gotest.TakesValue(name)
}

// packageDir asks the go command for the directory of a package.
func (w *watchedRuns) packageDir(ctx context.Context, importPath string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-find", "-f", "{{.Dir}}", importPath)
	cmd.Env, cmd.Stderr = w.cmd.env.list, w.cmd.stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find the directory of %s: %w", importPath, err)
	}
	return strings.TrimSpace(string(out)), nil
}
