package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/report/cover"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/gotest/affected"
)

// change is what has changed since a commit, as it was before the tests ran.
type change struct {
	base  string
	root  string // of the repository, without symbolic links
	files []cover.ChangedFile
}

// findChange finds the lines of Go files that have changed since the merge base of a commit and HEAD.
func (c *command) findChange(ctx context.Context, dir, base string) (*change, error) {
	d, err := affected.Diff(ctx, affected.Options{Dir: dir, Ref: base, Env: c.env.list})
	if err != nil {
		return nil, err
	}
	lines := make(cover.Changes)
	for _, patch := range d.Patches {
		some, err := cover.ParseDiff(patch)
		if err != nil {
			return nil, err
		}
		lines.Add(some)
	}
	for _, file := range d.Untracked {
		lines.Add(cover.Changes{file: cover.AllLines()})
	}
	ch := &change{base: base, root: d.Root}
	for file, changed := range lines {
		if !coverable(file) {
			continue
		}
		src, err := os.ReadFile(filepath.Join(d.Root, filepath.FromSlash(file)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ch.files = append(ch.files, cover.ChangedFile{Path: file, Lines: changed, Source: src})
	}
	return ch, nil
}

// coverable reports whether a file of a repository can be measured: a Go file that is no test, in no
// folder that the go command leaves out or that has the code of others.
func coverable(file string) bool {
	if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
		return false
	}
	elems := strings.Split(file, "/")
	for _, elem := range elems[:len(elems)-1] {
		if elem == "testdata" || elem == "vendor" || strings.HasPrefix(elem, "_") || strings.HasPrefix(elem, ".") {
			return false
		}
	}
	base := elems[len(elems)-1]
	return !strings.HasPrefix(base, "_") && !strings.HasPrefix(base, ".")
}

// judgeChange says how much of the change is covered. Of its files those count that are compiled
// here: one for another system, or of another module, cannot be covered by this run.
func (cov *coverage) judgeChange(p *cover.Profile) (*cover.OfBase, error) {
	ch := cov.change
	var folders []string
	for _, f := range ch.files {
		folders = append(folders, filepath.Join(ch.root, filepath.FromSlash(path.Dir(f.Path))))
	}
	slices.Sort(folders)
	packages, err := cov.args.ListFiles(context.Background(), cov.dir, cov.cmd.env.list, slices.Compact(folders))
	if err != nil {
		return nil, err
	}
	byFolder := make(map[string]gotest.BuiltPackage)
	for _, pkg := range packages {
		if pkg.Main && pkg.Dir != "" {
			if dir, err := filepath.EvalSymlinks(pkg.Dir); err == nil {
				byFolder[dir] = pkg
			}
		}
	}
	var files []cover.ChangedFile
	for _, f := range ch.files {
		name := filepath.Join(ch.root, filepath.FromSlash(f.Path))
		pkg, ok := byFolder[filepath.Dir(name)]
		if !ok || !slices.Contains(pkg.Files, filepath.Base(name)) {
			continue
		}
		f.Covered = p.File(pkg.ImportPath + "/" + filepath.Base(name))
		if f.Covered == nil {
			f.Covered = p.File(name) // go test was given files
		}
		files = append(files, f)
	}
	judged := cover.Judge(files)
	v := &cover.OfBase{Base: ch.base, Min: cov.opts.cover.minChanged.percent, Lines: judged.Lines}
	if !v.Lines.Meets(v.Min) {
		n := min(len(judged.Missing), maxPlaces)
		v.Missing, v.More, v.NoData = judged.Missing[:n], len(judged.Missing)-n, judged.NoData
	}
	return v, nil
}

// sources says where the files of a profile are, relative to the repository, so that CI systems find
// them.
func (cov *coverage) sources(p *cover.Profile) (cover.Sources, error) {
	var paths []string
	for _, f := range p.Files {
		if pkg := f.Package(); !filepath.IsAbs(f.Name) && !slices.Contains(paths, pkg) {
			paths = append(paths, pkg)
		}
	}
	packages, err := cov.args.ListFiles(context.Background(), cov.dir, cov.cmd.env.list, paths)
	if err != nil {
		return cover.Sources{}, err
	}
	root, err := repositoryRoot(filepath.Join(cov.dir, cov.args.Dir))
	if cov.cmd.archive != nil {
		root, err = realPath(cov.cmd.archive.SourceFolder())
	}
	if err != nil {
		return cover.Sources{}, err
	}
	folders := make(map[string]string)
	for _, pkg := range packages {
		if dir, err := filepath.EvalSymlinks(pkg.Dir); err == nil && pkg.Dir != "" {
			folders[pkg.ImportPath] = dir
		}
	}
	return cover.Sources{Root: filepath.ToSlash(root), Path: func(file string) string {
		name := file
		if dir, ok := folders[path.Dir(file)]; ok {
			name = filepath.Join(dir, path.Base(file))
		}
		if rel, err := filepath.Rel(root, name); err == nil && filepath.IsAbs(name) && filepath.IsLocal(rel) {
			name = rel
		}
		return filepath.ToSlash(name)
	}}, nil
}

// repositoryRoot is the folder of the repository that dir is in, without symbolic links: the nearest
// above it with a .git, or else with a go.mod; or dir.
func repositoryRoot(dir string) (string, error) {
	dir, err := realPath(dir)
	if err != nil {
		return "", err
	}
	for _, mark := range []string{".git", "go.mod"} {
		if root, ok := above(dir, contains(mark)); ok {
			return root, nil
		}
	}
	return dir, nil
}
