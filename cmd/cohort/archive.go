package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/archive"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/scratch"
)

// bindArchive binds the file that the tests come from.
func bindArchive(t *flagTable, file *string) {
	t.add((*fileValue)(file), usage.Flag{Name: "archive", Path: usage.InputFile, Once: true, Own: true,
		Help: "run the tests that cohort tool archive has packed into this file; neither Go nor source is needed"})
}

// fileValue is the name of a file. It cannot be empty: --archive="$ARCHIVE" without the variable would
// run the source.
type fileValue string

func (v *fileValue) Set(text string) error {
	if text == "" {
		return errors.New("a file is missing")
	}
	*v = fileValue(text)
	return nil
}

func (v *fileValue) Type() string   { return "string" }
func (v *fileValue) String() string { return string(*v) }

// extracted is the archive that a run is of.
type extracted struct {
	*archive.Extracted
	// file is the archive, here the folder in which cohort was started; absolute.
	file, here string
	dir        *scratch.Dir // with its files
	guard      *folderGuard
}

// enterArchive extracts an archive, and lets everything that follows be of it. The caller calls
// leaveArchive at the end, after an error too.
func (c *command) enterArchive(file string) error {
	here, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("--archive: %w", err)
	}
	guard, ctx := newFolderGuard()
	e, dir, err := extract(ctx, file)
	if dir == nil {
		guard.end()
		return orSignal(ctx, err)
	}
	guard.keep(dir)
	c.archive = &extracted{Extracted: e, here: here, dir: dir, guard: guard}
	if err := orSignal(ctx, err); err != nil {
		return err
	}
	if c.archive.file, err = filepath.Abs(file); err != nil {
		return fmt.Errorf("--archive: %w", err)
	}
	if shownPrefix, err = history.FindModule(e.WorkFolder()); err != nil {
		return fmt.Errorf("--archive: %w", err)
	}
	c.useArchiveEnv(here)
	return nil
}

// orSignal is the exit status of a signal that came while an archive was extracted, which is the reason
// for err then; without one it is err.
func orSignal(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("--archive: %w", err)
	}
	return nil
}

// leaveArchive removes what enterArchive has extracted. Without an archive it does nothing.
func (c *command) leaveArchive() error {
	if c.archive == nil {
		return nil
	}
	defer c.archive.guard.end()
	return c.archive.dir.Remove()
}

// extract makes a folder with the files of an archive. The folder is to be removed, after an error too,
// unless it is nil.
func extract(ctx context.Context, file string) (e *archive.Extracted, dir *scratch.Dir, err error) {
	a, err := archive.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.Manifest.Check(runtime.GOOS, runtime.GOARCH); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	if dir, err = scratch.Make("", "archive-"); err != nil {
		return nil, nil, err
	}
	return &archive.Extracted{Manifest: a.Manifest, Dir: dir.Path}, dir, a.Extract(ctx, dir.Path)
}

// useArchiveEnv changes the environment to that of a run of the archive, which is started in its folder:
// here is the current one.
func (c *command) useArchiveEnv(here string) {
	if temp := c.env.get("TMPDIR"); temp != "" && !filepath.IsAbs(temp) { // it is as seen from here
		c.env = newEnviron(append(c.env.without("TMPDIR").list, "TMPDIR="+filepath.Join(here, temp)))
	}
	e := c.archive
	if flags := gotest.GoEnv(c.env.list, "GOFLAGS"); flags != e.GoFlags {
		if flags != "" {
			c.log.warnf("GOFLAGS (%s) has no effect with --archive, which was made with %q: flags of the run follow --", flags, e.GoFlags)
		}
		c.env = newEnviron(append(c.env.without("GOFLAGS", "GOENV").list, "GOFLAGS="+e.GoFlags, "GOENV=off"))
	}
}

// folder returns the folder in which go test is started, as far as files of the module are concerned;
// "" for the current one.
func (e *extracted) folder() string {
	if e == nil {
		return ""
	}
	return e.WorkFolder()
}

// root returns the folder that paths of sources are relative to: def without an archive.
func (e *extracted) root(def string) string {
	if e == nil {
		return def
	}
	return e.SourceFolder()
}

// source returns the hash of the source around dir.
func (c *command) source(dir string) (string, error) {
	if c.archive == nil {
		return hashSource(dir, c.env.list)
	}
	if c.archive.Source == "" {
		return "", errors.New("the archive does not say")
	}
	return c.archive.Source, nil
}

// goVersion returns the version of Go of the archive, "" without one.
func (e *extracted) goVersion() string {
	if e == nil {
		return ""
	}
	return e.Go
}

// useProgram lets the archive take the place of the go command.
func (c *command) useProgram(args *gotest.Args) error {
	if c.archive == nil {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find cohort's own program: %w", err)
	}
	args.Program = c.archive.Program(self, c.archive.file)
	return nil
}

// useArchive sets what the archive decides of a run: the flags of the build, the packages if none are
// named, and the history; fromFile reports that the configuration file names one, which may be
// where the archive was made. It returns what is wrong, one line each.
func (c *command) useArchive(o *options, fromFile bool) []string {
	if c.archive == nil {
		return nil
	}
	problems := c.archive.problems(o)
	args, err := gotest.ParseArgs(o.args, []string{"GOENV=off"})
	if err != nil {
		return append(problems, err.Error())
	}
	problems = append(problems, c.archive.argumentProblems(args)...)
	if o.run.history == "" && c.env.get("COHORT_HISTORY") == "" || fromFile && o.run.history != history.Off && !exists(o.run.history) {
		if o.run.history = c.archive.HistoryFile(); o.run.history == "" {
			o.run.history = history.Off
		}
	}
	o.args = c.archive.arguments(o, args)
	if len(problems) > 0 {
		return problems
	}
	args, err = gotest.ParseArgs(testCommand(o, rerunArgs{})[2:], c.env.list)
	switch {
	case err != nil:
		return []string{err.Error()}
	case args.PassThrough != "":
		return []string{"--archive cannot be used with " + args.PassThrough + ": that run is left to the go command"}
	}
	if _, err := c.archive.Match(c.archive.SourceFolder(), args.Packages); err != nil {
		return []string{fmt.Sprintf("--archive=%s: %v", c.archive.file, err)}
	}
	return nil
}

// find returns the name of a file as the configuration or a flag has it: if there is none here,
// the one in the archive.
func (e *extracted) find(name string) string {
	if e == nil || filepath.IsAbs(name) || exists(name) {
		return name
	}
	if packed := filepath.Join(e.folder(), name); exists(packed) {
		return packed
	}
	return name
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// problems returns which flags need a source.
func (e *extracted) problems(o *options) []string {
	var flags []string
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"--raw-command", o.rawCommand}, {"--watch", o.watch}, {"--changed-since", o.run.changedSince != ""},
		{"--cover-min-changed", o.cover.minChanged.given},
	} {
		if f.given {
			flags = append(flags, f.name)
		}
	}
	var problems []string
	if wanted := o.cover.wanted(); len(wanted) > 0 && e.Cover == "" {
		problems = append(problems, usage.List(wanted)+": the tests of the archive do not measure coverage: cohort tool archive FILE -- -cover")
	}
	if len(flags) == 0 {
		return problems
	}
	return append(problems, usage.List(flags)+" cannot be used with --archive: "+usage.Verb(len(flags), "it needs", "they need")+" the source")
}

// argumentProblems returns what is wrong with arguments of go test, given the archive.
func (e *extracted) argumentProblems(args *gotest.Args) []string {
	var problems []string
	if flags := args.ForBuild(); len(flags) > 0 {
		with := "no flags"
		if len(e.Flags) > 0 {
			with = strings.Join(e.Flags, " ")
		}
		problems = append(problems, fmt.Sprintf("%s cannot be used with --archive: what is built was decided by cohort tool archive, with %s", usage.List(flags), with))
	}
	if args.Dir != "" {
		problems = append(problems, "-C cannot be used with --archive: packages are named as seen from where the archive was made")
	}
	if args.CoverProfile != "" && e.Cover == "" {
		problems = append(problems, "-coverprofile="+args.CoverProfile+": the tests of the archive do not measure coverage: cohort tool archive FILE -- -cover")
	}
	return problems
}

// arguments returns the arguments of go test with which a run of the source comes to the same. Files
// are those of the folder in which cohort was started.
func (e *extracted) arguments(o *options, args *gotest.Args) []string {
	words := slices.Clone(e.Flags)
	if args.OutputDir == "" && args.Artifacts {
		words = append(words, "-outputdir="+e.here)
	}
	if len(args.Packages) == 0 && len(o.packages) == 0 && o.testDirectory == "" {
		words = append(words, e.Patterns...)
	}
	before, after := splitAtArgs(o.args)
	for i := 0; i < len(before); i++ {
		word := before[i]
		name, value, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimLeft(word, "-"), "test."), "=")
		file := strings.HasPrefix(word, "-") && (name == "coverprofile" || name == "outputdir")
		if file && !hasValue && i+1 < len(before) {
			i++
			value = before[i]
		}
		if file {
			word = "-" + name + "=" + e.fromHere(name, value, args)
		}
		words = append(words, word)
	}
	return append(words, after...)
}

// fromHere returns the value of -coverprofile or -outputdir as an absolute path. With an
// -outputdir the other is relative to that.
func (e *extracted) fromHere(name, value string, args *gotest.Args) string {
	if filepath.IsAbs(value) || name == "coverprofile" && args.OutputDir != "" || value == "" {
		return value
	}
	return filepath.Join(e.here, value)
}

// shown returns a path of the archive's source as it is seen from where go test is started.
func (e *extracted) shown(name string) string {
	if e == nil {
		return name
	}
	if rel, err := filepath.Rel(e.WorkFolder(), name); err == nil {
		return rel
	}
	return name
}
