package affected

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// listFields are the fields that go list -json is asked for: those of listed.
const listFields = "ImportPath,Dir,Name,ForTest,DepOnly,Module,Standard,Incomplete,Error,DepsErrors,Imports,TestImports,XTestImports,ImportMap," +
	"GoFiles,CgoFiles,CFiles,CXXFiles,MFiles,HFiles,FFiles,SFiles,SwigFiles,SwigCXXFiles,SysoFiles,EmbedFiles,EmbedPatterns," +
	"TestGoFiles,XTestGoFiles,TestEmbedFiles,XTestEmbedFiles"

// listed is a package as go list -json prints it (go help list).
type listed struct {
	ImportPath, Dir, Name, ForTest string
	DepOnly, Standard, Incomplete  bool
	Module                         *listedModule
	Error                          *listedError
	DepsErrors                     []*listedError
	Imports                        []string
	TestImports, XTestImports      []string
	ImportMap                      map[string]string

	GoFiles, CgoFiles, CFiles, CXXFiles, MFiles, HFiles, FFiles, SFiles []string
	SwigFiles, SwigCXXFiles, SysoFiles, EmbedFiles, EmbedPatterns       []string
	TestGoFiles, XTestGoFiles, TestEmbedFiles, XTestEmbedFiles          []string
}

type listedModule struct {
	Main    bool
	Replace *struct{ Version string }
}

type listedError struct{ Err string }

// ParseGoList reads what go list -e -deps -test -json prints. root is the root of the repository;
// it and the directories in the list are absolute, without symbolic links.
func ParseGoList(r io.Reader, root string) ([]Package, error) {
	var packages []Package
	broken := make(map[string]string) // what is wrong with the tests of packages
	for dec := json.NewDecoder(r); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			for i := range packages {
				packages[i].Err = cmp.Or(packages[i].Err, broken[packages[i].ImportPath])
			}
			markStarts(packages)
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		if l.ImportPath == "" {
			return nil, errors.New("read go list: a package without an import path")
		}
		// What is compiled again for a test, and the test's main, have the files and imports that
		// are known of the packages themselves.
		if of, ok := l.testOf(); ok {
			if broken[of] == "" {
				broken[of] = l.problem()
			}
			continue
		}
		packages = append(packages, l.pkg(root))
	}
}

// starters are the packages that tests start programs with, the go command mostly.
var starters = []string{"os/exec", "github.com/rogpeppe/go-internal/testscript", "golang.org/x/tools/go/packages"}

// markStarts finds the packages whose tests start programs: those that import a package for it
// themselves, or through a helper of the same repository.
func markStarts(packages []Package) {
	starts := func(imports []string) bool {
		return slices.ContainsFunc(imports, func(p string) bool { return slices.Contains(starters, p) })
	}
	helpers := make(map[string]bool)
	for _, p := range packages {
		helpers[p.ImportPath] = !p.Outside && starts(p.Imports)
	}
	for i, p := range packages {
		// A package that starts programs itself does so in its tests too.
		packages[i].Starts = !p.Outside && (starts(p.TestImports) || starts(p.Imports) ||
			slices.ContainsFunc(p.TestImports, func(dep string) bool { return helpers[dep] }))
	}
}

// testOf returns the package for whose tests this one was made, if it was.
func (l *listed) testOf() (path string, ok bool) {
	if l.ForTest != "" {
		return l.ForTest, true
	}
	path, ok = strings.CutSuffix(l.ImportPath, ".test")
	return path, ok && l.Name == "main" && slices.Contains(l.Imports, "testing/internal/testdeps")
}

// pkg returns what is used of a listed package.
func (l *listed) pkg(root string) Package {
	p := Package{ImportPath: l.ImportPath, Target: !l.DepOnly, Err: l.problem()}
	p.Imports = l.resolved(l.Imports)
	p.TestImports = l.resolved(slices.Concat(l.TestImports, l.XTestImports))
	dir, err := filepath.Rel(root, l.Dir)
	p.Dir = filepath.ToSlash(dir)
	if l.Dir == "" || err != nil || p.Dir == ".." || strings.HasPrefix(p.Dir, "../") {
		p.Dir, p.Outside = "", true
		p.Local = l.Module != nil && (l.Module.Main || l.Module.Replace != nil && l.Module.Replace.Version == "")
		return p
	}
	native := slices.Concat(l.CgoFiles, l.CFiles, l.CXXFiles, l.MFiles, l.HFiles, l.FFiles, l.SFiles, l.SwigFiles, l.SwigCXXFiles, l.SysoFiles)
	p.Native = len(native) > 0
	p.Embeds = len(l.EmbedPatterns) > 0
	p.Files = p.join(l.GoFiles, native, l.EmbedFiles)
	p.TestFiles = p.join(l.TestGoFiles, l.XTestGoFiles, l.TestEmbedFiles, l.XTestEmbedFiles)
	return p
}

// problem returns why a package cannot be built, or "".
func (l *listed) problem() string {
	for _, e := range append([]*listedError{l.Error}, l.DepsErrors...) {
		if e != nil {
			first, _, _ := strings.Cut(strings.TrimSpace(e.Err), "\n")
			return first
		}
	}
	if l.Incomplete {
		return "it is incomplete"
	}
	return ""
}

// resolved returns what imports stand for: vendored packages have other paths.
func (l *listed) resolved(imports []string) []string {
	var paths []string
	for _, p := range imports {
		if real, ok := l.ImportMap[p]; ok {
			p = real
		}
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// join returns the paths of files of the package. Those that the go command makes itself, in its
// cache, have absolute names and are left out.
func (p *Package) join(lists ...[]string) []string {
	var files []string
	for _, name := range slices.Concat(lists...) {
		if !filepath.IsAbs(name) {
			files = append(files, path.Join(p.Dir, filepath.ToSlash(name)))
		}
	}
	return files
}
