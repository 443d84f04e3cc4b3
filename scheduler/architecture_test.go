package scheduler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The measures of this package. They are about coupling, which small functions do not show: every
// file of a circle has to be understood for each of the others.
const (
	maxCircle = 3  // files that refer to each other's declarations in a circle
	maxFields = 20 // of a struct type
)

// module begins the import paths of this module.
const module = "github.com/gotestcohort/cohort/"

type rule struct{ pkg, may string }

// rules say which packages of the module each package may import, tests aside. A name that ends in
// /... stands for a package and all below it. The first rule that fits a package counts.
var rules = []rule{
	{"cmd/...", "cmd/internal/... scheduler/... grouping/... report/..."},
	{"report/...", "report/..."},
	{"grouping/...", ""},
	{"scheduler", "grouping scheduler/artifact scheduler/gotest scheduler/history scheduler/ledger scheduler/plan scheduler/procgroup scheduler/rerun scheduler/scratch scheduler/stream scheduler/testbin scheduler/worker scheduler/world"},
	{"scheduler/artifact", "scheduler/testbin"},
	{"scheduler/testbin", "scheduler/procgroup"},
	{"scheduler/world", "scheduler/procgroup"},
	{"scheduler/ledger", "grouping scheduler/testbin"},
	{"scheduler/rerun", "scheduler/ledger scheduler/testbin"},
	{"scheduler/stream", "scheduler/ledger scheduler/testbin"},
	{"scheduler/worker", "scheduler/stream scheduler/ledger scheduler/testbin scheduler/gotest grouping"},
	{"scheduler/hunt", "scheduler/worker scheduler/plan scheduler/stream scheduler/ledger scheduler/testbin scheduler/gotest scheduler/history grouping"},
	{"scheduler/hunt/adopt", "scheduler/hunt"},
	{"scheduler/gotest", "scheduler/gotest/reentry scheduler/scratch"}, // the wire of exec-test and exec-tool
	{"scheduler/archive", "grouping scheduler/gotest scheduler/gotest/reentry scheduler/scratch scheduler/testbin"},
	{"scheduler/internal/script", "scheduler/testbin"},
	{"scheduler/remote", ""},
	{"scheduler/remote/...", "scheduler/remote/... scheduler/testbin scheduler/worker scheduler/world"},
	{"scheduler/...", ""}, // plan, history, linkcache, procgroup, ...: by themselves
}

// barred says which packages must not be imported, however indirectly, and by whom.
var barred = []struct{ pkg, not, why string }{
	{"cmd/cohort", "github.com/nats-io/...", "it starts twice for each package: what it does not need costs each start"},
}

// pure are the packages that decide and do nothing: they open no file, start no process, talk to
// nobody and read no clock, so that a table can test them.
var pure = []string{"scheduler/ledger", "scheduler/rerun", "scheduler/plan", "scheduler/remote/machine"}

// acts are what a pure package does without.
var acts = []string{"os", "os/...", "net", "net/...", "syscall", "io/ioutil", "log", "sync", "time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.NewTimer", "time.NewTicker", "time.Tick"}

// listed is what the go command says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles, IgnoredGoFiles []string
	Imports, Deps           []string
}

// list asks the go command for packages of the module and what they depend on; export has it
// compile them, as it has done for this test under make.
func list(t *testing.T, export bool, names ...string) map[string]*listed {
	t.Helper()
	words := []string{"list", "-deps", "-json=ImportPath,Dir,Export,GoFiles,IgnoredGoFiles,Imports,Deps"}
	if export {
		words = append(words, "-export", "-trimpath")
	}
	for _, name := range names {
		words = append(words, module+name)
	}
	cmd := exec.CommandContext(t.Context(), "go", words...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.Bytes())
	}
	all := make(map[string]*listed)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(listed)
		if err := dec.Decode(p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

// imports returns what a package imports on this system and on others.
func (p *listed) imports(t *testing.T) []string {
	t.Helper()
	all := slices.Clone(p.Imports)
	for _, name := range p.IgnoredGoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			all = append(all, strings.Trim(spec.Path.Value, `"`))
		}
	}
	return all
}

// fits reports whether a path is the one of the pattern, or below it if that ends in /...
func fits(pattern, path string) bool {
	tree, ok := strings.CutSuffix(pattern, "/...")
	return path == pattern || ok && (path == tree || strings.HasPrefix(path, tree+"/"))
}

// TestImports: imports go down, and the rooms that know nothing of each other stay so.
func TestImports(t *testing.T) {
	t.Parallel()
	packages := list(t, false, "...")
	checked := 0
	for path, p := range packages {
		name, ok := strings.CutPrefix(path, module)
		if !ok {
			continue
		}
		checked++
		r, ok := ruleFor(name)
		if !ok {
			t.Errorf("%s: no rule says what it may import", name)
			continue
		}
		for _, imported := range p.imports(t) {
			if to, ok := strings.CutPrefix(imported, module); ok && !allowed(r.may, to) {
				t.Errorf("%s imports %s; it may import %q", name, to, r.may)
			}
		}
		for _, b := range barred {
			for _, dep := range p.Deps {
				if fits(b.pkg, name) && fits(b.not, dep) {
					t.Errorf("%s depends on %s: %s", name, dep, b.why)
				}
			}
		}
	}
	if checked < 15 {
		t.Errorf("only %d packages", checked)
	}
}

// ruleFor returns the first rule that fits a package.
func ruleFor(name string) (r rule, ok bool) {
	i := slices.IndexFunc(rules, func(r rule) bool { return fits(r.pkg, name) })
	if i < 0 {
		return rule{}, false
	}
	return rules[i], true
}

func allowed(may, path string) bool {
	return slices.ContainsFunc(strings.Fields(may), func(pattern string) bool { return fits(pattern, path) })
}

// isAct reports whether a package or function is one that acts.
func isAct(name string) bool {
	return slices.ContainsFunc(acts, func(pattern string) bool { return fits(pattern, name) })
}

// impurities are the uses of what acts in a package.
func impurities(src *source) (problems []string) {
	for id, obj := range src.info.Uses {
		what := ""
		if pkg, ok := obj.(*types.PkgName); ok && isAct(pkg.Imported().Path()) {
			what = pkg.Imported().Path()
		}
		if f, ok := obj.(*types.Func); ok && f.Pkg() != nil && f.Signature().Recv() == nil && isAct(f.Pkg().Path()+"."+f.Name()) {
			what = f.FullName()
		}
		if what != "" {
			problems = append(problems, fmt.Sprintf("%v uses %s", src.fset.Position(id.Pos()), what))
		}
	}
	slices.Sort(problems)
	return problems
}

// TestCoupling measures this package: no circle of files is longer than maxCircle, no type has more
// fields than maxFields. And what decides does nothing.
func TestCoupling(t *testing.T) {
	t.Parallel()
	packages := list(t, true, slices.Concat(pure, []string{"scheduler"})...)
	root := load(t, packages, module+"scheduler")
	for _, circle := range circles(references(root)) {
		if len(circle) > maxCircle {
			t.Errorf("%d files refer to each other in a circle: %s", len(circle), strings.Join(circle, ", "))
		}
	}
	for _, problem := range wide(root, maxFields) {
		t.Error(problem)
	}
	for _, name := range pure {
		for _, problem := range impurities(load(t, packages, module+name)) {
			t.Errorf("%s: %s", name, problem)
		}
		for _, imported := range packages[module+name].imports(t) {
			if isAct(imported) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
}

// source is a package that has been type-checked.
type source struct {
	fset *token.FileSet
	info *types.Info
	pkg  *types.Package
}

// load type-checks a package, with what the go command has compiled of its imports.
func load(t *testing.T, packages map[string]*listed, path string) *source {
	t.Helper()
	p := packages[path]
	if p == nil {
		t.Fatalf("no package %s", path)
	}
	src := &source{fset: token.NewFileSet(), info: &types.Info{Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object)}}
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(src.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	src.check(t, path, files, packages)
	return src
}

// check type-checks files that import some of the packages.
func (src *source) check(t *testing.T, path string, files []*ast.File, packages map[string]*listed) {
	t.Helper()
	var err error
	config := types.Config{Importer: importer.ForCompiler(src.fset, "gc", func(path string) (io.ReadCloser, error) {
		if packages[path] == nil || packages[path].Export == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(packages[path].Export)
	})}
	if src.pkg, err = config.Check(path, src.fset, files, src.info); err != nil {
		t.Fatal(err)
	}
}

// references returns for each file of a package the other files whose declarations it uses.
func references(src *source) map[string][]string {
	file := func(pos token.Pos) string { return filepath.Base(src.fset.Position(pos).Filename) }
	of := make(map[string]map[string]bool)
	for id, obj := range src.info.Uses {
		from, to := file(id.Pos()), file(obj.Pos())
		if obj.Pkg() != src.pkg || from == to {
			continue
		}
		if of[from] == nil {
			of[from] = make(map[string]bool)
		}
		of[from][to] = true
	}
	graph := make(map[string][]string)
	for from, to := range of {
		graph[from] = slices.Sorted(maps.Keys(to))
	}
	return graph
}

// circles returns the strongly connected components of a graph that have more than one member,
// each in order: a and b are in one if a path leads from a to b and another back.
func circles(graph map[string][]string) (all [][]string) {
	reach := make(map[string]map[string]bool)
	var visit func(from, at string)
	visit = func(from, at string) {
		for _, to := range graph[at] {
			if !reach[from][to] {
				reach[from][to] = true
				visit(from, to)
			}
		}
	}
	for from := range graph {
		reach[from] = make(map[string]bool)
		visit(from, from)
	}
	done := make(map[string]bool)
	for _, from := range slices.Sorted(maps.Keys(graph)) {
		if done[from] {
			continue
		}
		circle := []string{from}
		for _, to := range slices.Sorted(maps.Keys(reach[from])) {
			if to != from && reach[to][from] {
				circle = append(circle, to)
				done[to] = true
			}
		}
		if len(circle) > 1 {
			all = append(all, circle)
		}
	}
	return all
}

// wide returns the struct types of a package, local ones included, that have too many fields.
func wide(src *source, most int) (problems []string) {
	for _, obj := range src.info.Defs {
		name, ok := obj.(*types.TypeName)
		if !ok {
			continue
		}
		if s, ok := name.Type().Underlying().(*types.Struct); ok && s.NumFields() > most {
			problems = append(problems, fmt.Sprintf("%s has %d fields, more than %d", name.Name(), s.NumFields(), most))
		}
	}
	slices.Sort(problems)
	return problems
}

// TestMeasures has packages that the measures above must object to.
func TestMeasures(t *testing.T) {
	t.Parallel()
	src := &source{fset: token.NewFileSet(), info: &types.Info{Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object)}}
	var files []*ast.File
	for _, text := range []string{
		"package p\n\ntype a struct{ x, y int; b }\n",
		"package p\n\ntype b struct{ next *c }\n\nfunc f() { type local struct{ p, q, r int } }\n",
		"package p\n\nimport (\n\tclock \"time\"\n\t\"os\"\n)\n\ntype c struct{ d *d; when clock.Time }\n\nfunc now() bool { return clock.Now().After(clock.Time{}) }\n\nfunc env() []string { return os.Environ() }\n",
		"package p\n\ntype d struct{ all []a }\n",
		"package p\n\nvar e = now\n",
	} {
		f, err := parser.ParseFile(src.fset, string(rune('a'+len(files)))+".go", text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	src.check(t, "p", files, list(t, true, "scheduler/plan"))
	if got, want := fmt.Sprint(circles(references(src))), "[[a.go b.go c.go d.go]]"; got != want {
		t.Errorf("circles %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(wide(src, 2)), "[a has 3 fields, more than 2 local has 3 fields, more than 2]"; got != want {
		t.Errorf("wide types %s, want %s", got, want)
	}
	var uses []string
	for _, problem := range impurities(src) {
		uses = append(uses, problem[strings.LastIndex(problem, " ")+1:])
	}
	if got, want := strings.Join(uses, " "), "time.Now os"; got != want {
		t.Errorf("uses %s, want %s", got, want)
	}
	graph := map[string][]string{"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"e"}, "e": {"c"}, "f": {"a"}}
	if got, want := fmt.Sprint(circles(graph)), "[[a b] [c d e]]"; got != want {
		t.Errorf("circles %s, want %s", got, want)
	}
}

// TestRules has imports that the rules forbid or allow.
func TestRules(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		from, to string
		ok       bool
	}{
		{"cmd/cohort", "scheduler", true},
		{"cmd/cohort", "scheduler/linkcache", true},
		{"cmd/internal/watch", "report", true},
		{"scheduler", "cmd/cohort", false},
		{"scheduler", "cmd/internal/watch", false},
		{"scheduler", "report", false},
		{"scheduler", "scheduler/linkcache", false},
		{"scheduler", "scheduler/ledger", true},
		{"report", "scheduler", false},
		{"report", "report/progress", true},
		{"grouping", "scheduler/testbin", false},
		{"scheduler/ledger", "scheduler/worker", false},
		{"scheduler/ledger", "scheduler/stream", false},
		{"scheduler/rerun", "scheduler/worker", false},
		{"scheduler/stream", "scheduler/worker", false},
		{"scheduler/worker", "scheduler/stream", true},
		{"scheduler/worker", "scheduler", false},
		{"scheduler/hunt", "scheduler", false},
		{"scheduler/plan", "scheduler/ledger", false},
		{"scheduler/gotest", "scheduler/linkcache", false},
		{"scheduler/gotest/reentry", "scheduler/gotest", false},
		{"scheduler/remote", "scheduler/worker", false},
		{"scheduler/remote/machine", "scheduler/gotest", false},
	} {
		if r, ok := ruleFor(tc.from); !ok || allowed(r.may, tc.to) != tc.ok {
			t.Errorf("%s may import %s: %v, want %v", tc.from, tc.to, !tc.ok, tc.ok)
		}
	}
	if _, ok := ruleFor("utils"); ok {
		t.Error("a rule for a new folder of the top level")
	}
}
