// Package affected finds the packages whose tests a change can reach: those with a changed file, and
// those that depend on one. It reads what git says of the files and what the go command says of
// the packages; [Decide] puts the two together and runs nothing, [Find] runs both commands once.
//
// It never says less than it knows: a change that may be about everything (go.mod, vendor, cohort's
// own configuration) is about everything, a package of which the changes cannot be known counts as
// changed, and a question that cannot be answered (no git, a commit that is not there) is an error.
//
// A test that starts programs may have built them from any package, so every change that is about
// one may be about it too. What is not seen is a test that reads files which are neither below its
// package nor below one that it depends on. Changed files that belong to no package are in
// [Result.Unowned], so that they can be named. Nor is what git was told to overlook (git
// update-index --assume-unchanged).
package affected

import (
	"cmp"
	"fmt"
	"slices"
)

// Package is a package as the go command lists it, with paths relative to the root of the
// repository, separated by slashes.
type Package struct {
	ImportPath string
	// Dir is "." for the root. It has no meaning if Outside is true.
	Dir string
	// Outside reports whether the package is not in the repository. Local tells that its source is
	// all the same not fixed by a version: it is in another directory, through go.work or a
	// replace directive.
	Outside, Local bool
	// Target reports whether the package patterns match it, so that its tests are to be run;
	// the others are dependencies.
	Target bool
	// Imports and TestImports are the import paths, as they are resolved, of the package itself and
	// of its tests.
	Imports, TestImports []string
	// Files and TestFiles are those that the build uses, embedded ones included.
	Files, TestFiles []string
	// Embeds reports whether the package itself embeds files.
	Embeds bool
	// Native reports whether it has code in C, assembly or the like, which may include files from
	// anywhere.
	Native bool
	// Starts reports whether its tests start programs.
	Starts bool
	// Err says why the go command cannot load it or one of its dependencies, "" if it can.
	Err string
}

// Result says what is affected.
type Result struct {
	// Everything is the reason for which all packages are affected, "" if there is none.
	Everything string
	// Packages are the affected targets, sorted by import path: all of them if Everything is set.
	Packages []Affected
	// Targets is how many there are in all, Files how many files have changed.
	Targets, Files int
	// Unowned are changed files that belong to no package, sorted.
	Unowned []string
}

// Affected is a package with the reason for which its tests are to be run.
type Affected struct {
	ImportPath string
	// Reason is a part of a sentence: "changed: a/b.go", "depends on example.com/b (changed: b/b.go)".
	Reason string
}

// Summary says in one line what changes since a commit can reach.
func (r *Result) Summary(ref string) string {
	if r.Everything != "" {
		return fmt.Sprintf("changed since %s: everything, %s (%s)", ref, counted(r.Targets, "package"), r.Everything)
	}
	return fmt.Sprintf("changed since %s: %d of %s, %s", ref, len(r.Packages), counted(r.Targets, "package"), counted(r.Files, "changed file"))
}

// counted returns a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Decide returns the targets that the changes can reach. tracked are the files that git knows,
// changed ones included: what the build uses beyond them may have changed unseen.
func Decide(changes []Change, packages []Package, tracked map[string]bool) *Result {
	d := newDecision(packages)
	res := &Result{Files: len(changes)}
	for _, p := range packages {
		if p.Target {
			res.Targets++
		}
	}
	for _, c := range changes {
		reason := global(c.Path)
		res.Everything = cmp.Or(res.Everything, reason)
		switch owned := d.change(c); {
		case owned && d.any == "":
			d.any = c.Path
		case !owned && reason == "":
			res.Unowned = append(res.Unowned, c.Path)
		}
	}
	slices.Sort(res.Unowned)
	for _, p := range packages {
		d.unseen(p, tracked)
	}
	d.spread()
	for _, p := range packages {
		reason := cmp.Or(res.Everything, d.reason(p))
		if p.Target && reason != "" {
			res.Packages = append(res.Packages, Affected{p.ImportPath, reason})
		}
	}
	slices.SortFunc(res.Packages, func(a, b Affected) int { return cmp.Compare(a.ImportPath, b.ImportPath) })
	return res
}

// decision is what is known of the packages so far.
type decision struct {
	byPath map[string]Package
	byDir  map[string]string // import path by directory
	embeds map[string][]user // who embeds a file
	native []string          // packages with code that may include anything
	// changed has, by import path, the first reason for which the package itself differs: for all
	// that depend on it too. tests has the reasons for which only its own tests may.
	changed, tests map[string]string
	// through has, for packages that depend on a changed one, the reason.
	through map[string]string
	any     string   // a changed file that belongs to a package, "" if there is none
	order   []string // import paths, sorted
}

// user is a package that uses a file.
type user struct {
	path string
	test bool // in its tests only
}

func newDecision(packages []Package) *decision {
	d := &decision{
		byPath: make(map[string]Package), byDir: make(map[string]string), embeds: make(map[string][]user),
		changed: make(map[string]string), tests: make(map[string]string), through: make(map[string]string),
	}
	for _, p := range packages {
		d.byPath[p.ImportPath] = p
		d.order = append(d.order, p.ImportPath)
		if p.Outside {
			continue
		}
		d.byDir[p.Dir] = p.ImportPath
		for _, file := range p.Files {
			d.embeds[file] = append(d.embeds[file], user{p.ImportPath, false})
		}
		for _, file := range p.TestFiles {
			d.embeds[file] = append(d.embeds[file], user{p.ImportPath, true})
		}
		if p.Native {
			d.native = append(d.native, p.ImportPath)
		}
	}
	slices.Sort(d.order)
	slices.Sort(d.native)
	return d
}

// note enters a reason, if there is none yet.
func note(reasons map[string]string, path, format string, args ...any) {
	if reasons[path] == "" {
		reasons[path] = fmt.Sprintf(format, args...)
	}
}

// unseen enters packages whose changes cannot be known.
func (d *decision) unseen(p Package, tracked map[string]bool) {
	if p.Err != "" {
		note(d.changed, p.ImportPath, "cannot be loaded: %s", p.Err)
	}
	if p.Outside {
		if p.Local {
			note(d.changed, p.ImportPath, "is not in this repository, so its changes are not known")
		}
		return
	}
	const text = "%s is not known to git (is it ignored?), so its changes are not known either"
	for _, file := range p.Files {
		if !tracked[file] {
			note(d.changed, p.ImportPath, text, file)
		}
	}
	for _, file := range p.TestFiles {
		if !tracked[file] {
			note(d.tests, p.ImportPath, text, file)
		}
	}
}

// spread finds what depends on changed packages: the nearest first, so that the reason is the
// shortest there is.
func (d *decision) spread() {
	importers := make(map[string][]string)
	var queue []string
	for _, path := range d.order {
		for _, dep := range d.byPath[path].Imports {
			importers[dep] = append(importers[dep], path)
		}
		if d.changed[path] != "" {
			queue = append(queue, path)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		dep := queue[0]
		for _, path := range importers[dep] {
			if d.changed[path] == "" && d.through[path] == "" {
				d.through[path] = d.depends(dep)
				queue = append(queue, path)
			}
		}
	}
}

// depends says that something depends on a changed package, or on one that does.
func (d *decision) depends(dep string) string {
	if why := d.through[dep]; why != "" {
		return why
	}
	return fmt.Sprintf("depends on %s (%s)", dep, d.changed[dep])
}

// reason returns why the tests of a package are to be run, or "".
func (d *decision) reason(p Package) string {
	if why := cmp.Or(d.changed[p.ImportPath], d.tests[p.ImportPath], d.through[p.ImportPath]); why != "" {
		return why
	}
	for _, dep := range p.TestImports {
		if d.changed[dep] != "" || d.through[dep] != "" {
			return "its tests: " + d.depends(dep)
		}
	}
	if p.Starts && d.any != "" {
		return fmt.Sprintf("its tests start programs, which may be made of what changed: %s", d.any)
	}
	return ""
}
