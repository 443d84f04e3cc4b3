package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/scratch"
)

// PackOptions says what is packed.
type PackOptions struct {
	// File is the archive to be written.
	File string
	// GoTest are the arguments of go test: build flags and packages.
	GoTest *gotest.Args
	// Self is the absolute path of the cohort program. Toolexec is as in gotest.CommandOptions.
	Self, Toolexec string
	// Env is the environment of the go command.
	Env []string
	// Dir is the folder in which the go command runs, Module the root of the module around it, or
	// Dir, and Base, if it is not "", a folder that paths should be relative to. They are
	// absolute.
	Dir, Module, Base string
	// Include are files and folders that are packed too, Exclude those that are not; absolute.
	Include, Exclude []string
	// History is the file with the history, "" for none.
	History string
	// Manifest holds what else is said of the archive: Cohort, Go, Source, Module, Flags.
	Manifest Manifest
}

// Summary says what an archive holds.
type Summary struct {
	// Tested is how many packages have tests, Packages how many there are.
	Tested, Packages, Files int
	// Content is the size of all that was packed, Size the archive's, in bytes.
	Content, Size int64
	// Notes say what could not be packed.
	Notes []string
}

// BuildError says that packages could not be built.
type BuildError struct {
	// Output is what the go command said.
	Output string
	// Code is its exit status.
	Code int
}

func (e *BuildError) Error() string { return fmt.Sprintf("go test: exit status %d", e.Code) }

// packing is an archive that is being made.
type packing struct {
	*PackOptions
	w        *writer
	manifest *Manifest
	numbers  map[string]int // of packages, by import path
	meta     string         // what the go command tells its binaries of other packages; "": nothing yet
	summary  Summary
}

// Pack builds the test binaries and writes the archive. An error leaves no file; a [*BuildError] is
// what the go command could not build.
func Pack(ctx context.Context, o *PackOptions) (*Summary, error) {
	p := &packing{PackOptions: o, numbers: make(map[string]int)}
	m := o.Manifest
	p.manifest = &m
	m.OS, m.Arch, m.Patterns = runtime.GOOS, runtime.GOARCH, o.GoTest.Packages
	if o.GoTest.Cover && !o.GoTest.CoverOff {
		m.Cover = o.GoTest.CoverMode
	}
	if err := p.list(ctx); err != nil {
		return nil, err
	}
	w, err := create(o.File)
	if err != nil {
		return nil, err
	}
	p.w = w
	if err := p.pack(ctx); err != nil {
		return nil, errors.Join(err, w.abandon())
	}
	if p.summary.Size, err = w.finish(); err != nil {
		return nil, err
	}
	return &p.summary, nil
}

// list asks the go command for the packages.
func (p *packing) list(ctx context.Context) error {
	sources, err := p.GoTest.ListSources(ctx, "", p.Env)
	if err != nil {
		return err
	}
	var names, wrong []string
	for _, src := range sources {
		p.numbers[src.ImportPath] = len(names)
		names = append(names, src.ImportPath)
		if src.Err != "" {
			wrong = append(wrong, src.Err)
		}
	}
	if len(wrong) > 0 {
		return &BuildError{Output: strings.Join(wrong, "\n") + "\n", Code: 1}
	}
	if len(sources) == 0 {
		return fmt.Errorf("no packages match %s", strings.Join(p.GoTest.Packages, " "))
	}
	built, err := p.GoTest.ListFiles(ctx, "", p.Env, names)
	if err != nil {
		return err
	}
	for i, src := range sources {
		pkg := Package{ImportPath: src.ImportPath, Dir: src.Dir, Internal: src.Internal, External: src.External}
		if i < len(built) && built[i].ImportPath == src.ImportPath {
			pkg.Files, pkg.Main = built[i].Files, built[i].Main
		}
		p.manifest.Packages = append(p.manifest.Packages, pkg)
	}
	return nil
}

// pack writes all entries.
func (p *packing) pack(ctx context.Context) error {
	if err := p.build(ctx); err != nil {
		return err
	}
	if err := p.addSource(); err != nil {
		return err
	}
	if p.History != "" {
		_, _, err := p.w.addFile(historyEntry, p.History)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		p.manifest.History = err == nil
	}
	text, err := p.manifest.encode()
	if err != nil {
		return err
	}
	if _, err := ParseManifest(text); err != nil { // better now than on the machines that are to run it
		return fmt.Errorf("the manifest would not be read: %w", err)
	}
	_, _, err = p.w.add(manifestEntry, bytes.NewReader(text))
	return err
}

// build lets the go command build the binaries, and packs them.
func (p *packing) build(ctx context.Context) (err error) {
	l, err := gotest.Listen()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	// A seed keeps the go command from printing results of its cache instead of running the binaries.
	words, err := p.GoTest.Command(gotest.CommandOptions{Self: p.Self, Toolexec: p.Toolexec, Seed: "1"})
	if err != nil {
		return err
	}
	profile := ""
	if p.manifest.Cover != "" {
		profile = filepath.Join(l.Dir, "profile")
		words = slices.Insert(words, 2, "-coverprofile="+profile)
	}
	env, remove, err := p.workDir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	col, err := gotest.Collect(ctx, l, words, "", env, p.take)
	if err != nil {
		return err
	}
	if col.Code != 0 {
		return &BuildError{Output: col.Trouble, Code: col.Code}
	}
	if err := p.order(col); err != nil {
		return err
	}
	return p.addProfiles(profile)
}

// workDir makes a folder for the go command's work directory, which an interrupted build leaves
// behind, and returns the environment with which it uses that, and what removes it.
func (p *packing) workDir() (env []string, remove func() error, err error) {
	if p.GoTest.Work { // the user wants to look into it
		return p.Env, func() error { return nil }, nil
	}
	dir, err := scratch.Make(gotest.GoEnv(p.Env, "GOTMPDIR"), "work-")
	if err != nil {
		return nil, nil, err
	}
	return with(p.Env, "GOTMPDIR", dir.Path), dir.Remove, nil
}

// take packs a binary.
func (p *packing) take(req *gotest.Request) error {
	list, err := grouping.ReadTestmain(req.Binary)
	if err != nil {
		return err
	}
	number, ok := p.numbers[list.ImportPath]
	if !ok {
		return fmt.Errorf("go test runs package %s, which go list did not name", list.ImportPath)
	}
	if dir := gotest.ParseBinaryArgs(req.Args).CoverDir; dir != "" {
		if err := p.addMeta(dir); err != nil {
			return fmt.Errorf("package %s: %w", list.ImportPath, err)
		}
	}
	pkg := &p.manifest.Packages[number]
	b := &Binary{Name: filepath.Base(req.Binary)}
	if b.Size, b.SHA256, err = p.w.addFile(binEntry(number, b.Name), req.Binary); err != nil {
		return err
	}
	_, b.Testmain, err = p.w.addFile(binEntry(number, testmainFile), filepath.Join(filepath.Dir(req.Binary), testmainFile))
	pkg.Dir, pkg.Binary = req.Dir, b
	p.summary.Tested++
	p.summary.Content += b.Size
	return err
}

// order checks that the go command has had all packages, in the order in which it listed them, and
// takes what it says of those without tests.
func (p *packing) order(col *gotest.Collected) error {
	var listed []string
	for i := range p.manifest.Packages {
		pkg := &p.manifest.Packages[i]
		listed = append(listed, pkg.ImportPath)
		if pkg.Binary == nil {
			pkg.Said = col.Said[pkg.ImportPath]
		}
	}
	if !slices.Equal(listed, col.Started) {
		return fmt.Errorf("go list names the packages %s, and go test ran %s", strings.Join(listed, " "), strings.Join(col.Started, " "))
	}
	p.summary.Packages = len(listed)
	return nil
}

// addProfiles packs what packages without tests add to a coverage profile.
func (p *packing) addProfiles(profile string) error {
	if profile == "" {
		return nil
	}
	in, err := os.Open(profile)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	var all gotest.Profile
	if err := all.Add(in); err != nil {
		return err
	}
	for i := range p.manifest.Packages {
		pkg := &p.manifest.Packages[i]
		var part bytes.Buffer
		n, err := all.Of(pkg.ImportPath).WriteTo(&part)
		if err != nil {
			return err
		}
		if pkg.Binary != nil || n <= int64(len("mode: "+p.manifest.Cover+"\n")) {
			continue
		}
		pkg.Profile = true
		if _, _, err := p.w.add(binEntry(i, profileFile), &part); err != nil {
			return err
		}
	}
	return nil
}

// addSource packs the files of packages with tests, and of the module's root.
func (p *packing) addSource() error {
	t, err := p.newTree()
	if err != nil {
		return err
	}
	for _, name := range rootFiles() {
		if err := t.addIfThere(filepath.Join(p.PackOptions.Module, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	for i := range p.manifest.Packages {
		pkg := &p.manifest.Packages[i]
		if pkg.Binary != nil {
			if err := t.add(pkg.Dir); err != nil {
				return fmt.Errorf("pack the files of %s: %w", pkg.ImportPath, err)
			}
		}
		if pkg.Dir, err = t.path(pkg.Dir); err != nil {
			return err
		}
	}
	for _, name := range p.Include {
		if err := t.add(name); err != nil {
			return fmt.Errorf("--include: %w", err)
		}
	}
	if err := t.addFolder(p.Dir); err != nil {
		return err
	}
	if p.manifest.WorkDir, err = t.path(p.Dir); err != nil {
		return err
	}
	t.checkLinks()
	p.summary.Notes = t.notes
	return p.addFiles(t)
}

// rootFiles are the files of a module's root that decide how its tests run.
func rootFiles() []string {
	return []string{"go.mod", "go.sum", ".cohort.yaml", ".config/cohort.yaml"}
}

// newTree returns a tree with the folder that holds all packages and what else is packed.
func (p *packing) newTree() (*tree, error) {
	dirs := []string{p.PackOptions.Module, p.Dir}
	if p.Base != "" {
		dirs = append(dirs, p.Base)
	}
	for i := range p.manifest.Packages {
		pkg := &p.manifest.Packages[i]
		dir, err := filepath.EvalSymlinks(pkg.Dir)
		if err != nil {
			return nil, err
		}
		pkg.Dir = dir
		dirs = append(dirs, dir)
	}
	base, err := commonBase(append(dirs, p.Include...))
	if err != nil {
		return nil, err
	}
	own, err := os.Stat(p.w.file.Name())
	if err != nil {
		return nil, err
	}
	old, _ := os.Stat(p.File) // of an earlier run; there may be none
	left := func(name string, info fs.FileInfo) bool {
		return os.SameFile(info, own) || old != nil && os.SameFile(info, old) || slices.Contains(p.Exclude, name)
	}
	return &tree{base: base, left: left, files: make(map[string]File)}, nil
}

// addFiles packs the content of the files.
func (p *packing) addFiles(t *tree) error {
	p.manifest.Files = t.sorted()
	for i := range p.manifest.Files {
		f := &p.manifest.Files[i]
		p.summary.Files++
		if f.Folder || f.Link != "" {
			continue
		}
		var err error
		if f.Size, f.SHA256, err = p.w.addFile(sourceEntries+f.Path, filepath.Join(t.base, filepath.FromSlash(f.Path))); err != nil {
			return err
		}
		p.summary.Content += f.Size
	}
	return nil
}
