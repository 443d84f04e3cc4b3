package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/archive"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
)

const archiveUsage = `Usage:
    cohort tool archive FILE [flags] [--] [go test flags and packages]

Build the test binaries and pack them into a file, with the files below the
folders of their packages, go.mod, the configuration and the durations of past
runs. cohort --archive FILE runs them where there is neither Go nor the source.
The flags of the build belong here (-race, -tags, -cover), those of the run
there (-run, -short, -count). Default packages: ./...

Flags:
`

// archiveOptions is the command line of cohort tool archive.
type archiveOptions struct {
	file             string
	include, exclude pathsValue
	history, owners  string
	linkCache        bool
	args             []string
	config           *config.Config
}

// pathsValue is a list of paths, of which each use of a flag adds one.
type pathsValue []string

func (v *pathsValue) Set(text string) error {
	if text == "" {
		return errors.New("a file or folder is missing")
	}
	*v = append(*v, text)
	return nil
}

func (v *pathsValue) Type() string   { return "paths" }
func (v *pathsValue) String() string { return strings.Join(*v, " ") }

// archiveFlags binds the flags of cohort tool archive to the options it returns.
func archiveFlags() (*flagTable, *archiveOptions) {
	o := new(archiveOptions)
	t := newTable()
	t.add(&o.include, usage.Flag{Name: "include", Takes: "PATH", Repeat: true, Path: usage.InputFile, Own: true,
		Help: "also pack this file or folder: what tests open in other packages, or scripts of set-ups"})
	t.add(&o.exclude, usage.Flag{Name: "exclude", Takes: "PATH", Repeat: true, Path: usage.InputFile, Own: true,
		Help: "leave out this file or folder"})
	t.text(&o.history, "", usage.Flag{Name: "history", Takes: "FILE|off", Path: usage.InputFile, Own: true,
		Default: "the one of the module here", Help: "file with the durations of past runs, by which shards are planned"})
	t.text(&o.owners, "", usage.Flag{Name: "owners", Path: usage.InputFile, Own: true, Help: "also pack this CODEOWNERS file, for --owners"})
	t.toggle(&o.linkCache, true, usage.Flag{Name: "link-cache", Own: true, Default: "true", Help: "take binaries from the link cache, and keep them there"})
	return t, o
}

// parseArchive reads the command line of cohort tool archive. The options are nil if help was asked
// for.
func (c *command) parseArchive(args []string) (*archiveOptions, error) {
	file := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		file, args = args[0], args[1:]
	}
	t, o := archiveFlags()
	line, err := c.parseTool("archive", archiveUsage, t, args, func(line *toolLine) []string {
		if file == "" && len(line.rest) > 0 && !strings.HasPrefix(line.rest[0], "-") {
			file, line.rest = line.rest[0], line.rest[1:]
		}
		if file == "" || strings.HasSuffix(file, "...") {
			return []string{"tool archive: the file to write comes first: cohort tool archive FILE -- ./..."}
		}
		return nil
	})
	if line == nil {
		return nil, err
	}
	o.file, o.args, o.config = file, line.rest, line.file
	return o, nil
}

// archiveTool is cohort tool archive.
func (c *command) archiveTool(args []string) error {
	start := time.Now()
	opts, err := c.parseArchive(args)
	if opts == nil {
		return err
	}
	pack, err := c.packOptions(opts)
	if err != nil {
		return err
	}
	ctx, stop := untilSignal(endSignals())
	defer stop()
	sum, err := archive.Pack(ctx, pack)
	if build, ok := errors.AsType[*archive.BuildError](err); ok {
		_, err := io.WriteString(c.stderr, build.Output)
		c.log.errorf("%s is not written: what cannot be built cannot be tested elsewhere", opts.file)
		return errors.Join(err, exitStatus{max(1, build.Code)})
	}
	if err != nil {
		return unwrapStatus(err)
	}
	for _, note := range sum.Notes {
		c.log.warnf("%s", note)
	}
	c.log.infof("%s: %s, %d of them with tests, and %s: %s packed into %s in %v", opts.file, counted(sum.Packages, "package"), sum.Tested,
		counted(sum.Files, "file"), megabytes(sum.Content), megabytes(sum.Size), time.Since(start).Round(100*time.Millisecond))
	return nil
}

// unwrapStatus returns the exit status in an error's chain, or else the error.
func unwrapStatus(err error) error {
	if status, ok := errors.AsType[exitStatus](err); ok {
		return status
	}
	return err
}

// megabytes is a number of bytes for people.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// packOptions says what is packed.
func (c *command) packOptions(o *archiveOptions) (*archive.PackOptions, error) {
	args, err := c.buildArguments(o.args)
	if err != nil {
		return nil, err
	}
	if err := checkOutput(o.file); err != nil {
		return nil, fmt.Errorf("tool archive: %w", err)
	}
	pack := &archive.PackOptions{File: o.file, GoTest: args, Env: c.env.list}
	if pack.Self, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find cohort's own program: %w", err)
	}
	if pack.Toolexec, err = c.toolexec(&options{run: runOptions{linkCache: o.linkCache}}, args); err != nil {
		return nil, err
	}
	if pack.Dir, err = realPath(args.Dir); err != nil {
		return nil, err
	}
	pack.Module = pack.Dir
	if root, ok := above(pack.Dir, isModule); ok {
		pack.Module = root
	}
	if top, ok := above(pack.Dir, contains(".git")); ok {
		pack.Base = top
	}
	if err := o.choose(pack); err != nil {
		return nil, err
	}
	pack.History = c.historyLocation(o.history, args.Dir).Path()
	pack.Manifest = archive.Manifest{Go: c.findGo(), Flags: args.Built()}
	if pack.Manifest.GoFlags, err = c.buildGoFlags(); err != nil {
		return nil, err
	}
	pack.Manifest.Module, _ = history.FindModule(pack.Dir) // without one, package paths are shown in full
	if pack.Manifest.Source, err = hashSource(pack.Dir, c.env.list); err != nil {
		c.log.warnf("the archive will not say from which source it is: %v", err)
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		pack.Manifest.Cohort = info.Main.Version
	}
	return pack, nil
}

// setupFiles returns the files below root that the commands of set-ups name: they run in it.
func setupFiles(file *config.Config, root string) []string {
	var files []string
	for _, s := range slices.Concat(file.Setup, file.WorkerSetup) {
		for _, line := range []config.CommandLine{s.Run, s.TearDown} {
			for _, word := range slices.Concat(line.Words, strings.Fields(line.Shell)) {
				name := filepath.Join(root, filepath.FromSlash(word))
				info, err := os.Stat(name)
				if filepath.IsLocal(word) && err == nil && info.Mode().IsRegular() && !slices.Contains(files, name) {
					files = append(files, name)
				}
			}
		}
	}
	return files
}

// checkOutput reports that no file of that name can be written, before anything is built for it.
func checkOutput(name string) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder", name)
	}
	_, err := os.Stat(filepath.Dir(name))
	return err
}

// choose sets which files are packed beside those of packages.
func (o *archiveOptions) choose(pack *archive.PackOptions) (err error) {
	if pack.Include, err = realPaths("--include", o.include); err != nil {
		return err
	}
	if o.owners != "" {
		owners, err := realPaths("--owners", []string{o.owners})
		if err != nil {
			return err
		}
		pack.Include = append(pack.Include, owners...)
	}
	pack.Include = append(pack.Include, setupFiles(o.config, pack.Module)...)
	pack.Exclude, err = realPaths("--exclude", o.exclude)
	return err
}

// realPaths returns paths as absolute ones without symbolic links; the last element may be one.
func realPaths(flag string, names []string) ([]string, error) {
	var all []string
	for _, name := range names {
		dir, err := realPath(filepath.Dir(filepath.Clean(name)))
		if err == nil {
			name = filepath.Join(dir, filepath.Base(filepath.Clean(name)))
			_, err = os.Lstat(name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		all = append(all, name)
	}
	return all, nil
}

// buildArguments returns the arguments of go test that build the binaries.
func (c *command) buildArguments(words []string) (*gotest.Args, error) {
	if len(words) == 0 {
		words = []string{"./..."}
	}
	given, err := gotest.ParseArgs(words, []string{"GOENV=off"})
	if err != nil {
		return nil, err
	}
	if run := given.ForRun(); len(run) > 0 {
		return nil, &usage.Error{Help: "cohort tool archive --help", Problems: []string{
			"tool archive: " + usage.List(run) + usage.Verb(len(run), " belongs", " belong") + " to the run of the tests: cohort --archive FILE -- " + strings.Join(run, " ")}}
	}
	args, err := gotest.ParseArgs(words, c.env.list)
	if err != nil {
		return nil, err
	}
	if args.PassThrough != "" {
		return nil, fmt.Errorf("%s cannot be used with tool archive", args.PassThrough)
	}
	if slices.ContainsFunc(args.Packages, isGoFile) {
		return nil, errors.New("tool archive: name packages, not files")
	}
	if len(args.Packages) == 0 {
		args.Packages = []string{"."}
	}
	return args, nil
}

// buildGoFlags returns what GOFLAGS says of the build, as it is written there: a run is told it
// again.
func (c *command) buildGoFlags() (string, error) {
	flags, err := gotest.SplitFlags(gotest.GoEnv(c.env.list, "GOFLAGS"))
	if err != nil {
		return "", err
	}
	args, err := gotest.ParseArgs(flags, []string{"GOENV=off"})
	if err != nil {
		return "", fmt.Errorf("GOFLAGS: %w", err)
	}
	return gotest.QuoteWords(args.Built()...)
}
