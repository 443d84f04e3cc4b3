package main

import (
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// rerunArgs says what to run again. Its zero value is everything.
type rerunArgs struct {
	run string // a -test.run flag
	pkg string // import path
}

// testCommand returns the command line of a pass: as gotestsum builds it, so that a
// raw command sees the arguments it was written for.
func testCommand(o *options, rerun rerunArgs) []string {
	if o.rawCommand {
		cmd := slices.Clone(o.args)
		for _, arg := range []string{rerun.run, rerun.pkg} {
			if arg != "" {
				cmd = append(cmd, arg)
			}
		}
		return cmd
	}
	cmd := []string{"go", "test"}
	if !hasFlag(o.args, "json") {
		cmd = append(cmd, "-json")
	}
	if o.cover.profile != "" {
		cmd = append(cmd, coverProfileFlag(o.cover.profile))
	}
	before, after := splitAtArgs(o.args)
	if rerun.run != "" {
		cmd = append(cmd, rerun.run)
	}
	if rerun.pkg != "" {
		before = rerunFlags(before, &rerun)
	}
	cmd = append(cmd, before...)
	cmd = append(cmd, packageArgs(o, rerun)...)
	return append(cmd, after...)
}

func coverProfileFlag(file string) string { return "-coverprofile=" + file }

// packageArgs returns the packages to add to the user's arguments.
func packageArgs(o *options, rerun rerunArgs) []string {
	switch {
	case rerun.pkg != "":
		return []string{rerun.pkg}
	case len(o.packages) > 0:
		return o.packages
	case o.testDirectory != "":
		return []string{o.testDirectory}
	case len(o.args) == 0:
		return []string{"./..."}
	}
	return nil
}

// splitAtArgs splits args before -args, after which go test hands everything to the
// test binary: packages come before it.
func splitAtArgs(args []string) (before, after []string) {
	i := slices.IndexFunc(args, func(a string) bool { return a == "-args" || a == "--args" })
	if i < 0 {
		return args, nil
	}
	return args[:i], args[i:]
}

func hasFlag(args []string, name string) bool {
	return slices.Contains(args, "-"+name) || slices.Contains(args, "--"+name)
}

// rerunFlags returns args without the packages, and without -run if rerun has one of
// its own. A package given as a list of files has no import path that go test takes:
// the files stay, and rerun.pkg is cleared.
func rerunFlags(args []string, rerun *rerunArgs) []string {
	var flags, files []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			if strings.HasSuffix(arg, ".go") {
				files = append(files, arg)
			}
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimLeft(arg, "-"), "test."), "=")
		keep := rerun.run == "" || name != "run"
		if keep {
			flags = append(flags, arg)
		}
		if !hasValue && gotest.TakesValue(name) && i+1 < len(args) {
			i++
			if keep {
				flags = append(flags, args[i])
			}
		}
	}
	if len(files) > 0 {
		rerun.pkg = ""
		flags = append(flags, files...)
	}
	return flags
}
