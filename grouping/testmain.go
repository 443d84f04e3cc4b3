package grouping

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The names by which a generated test main imports the package under test and
// the external test package.
const (
	internalAlias = "_test"
	externalAlias = "_xtest"
)

// externalSuffix ends the import path of the external test package, namedFiles is that of files which
// were named on the command line.
const (
	externalSuffix = "_test"
	namedFiles     = "command-line-arguments"
)

// ReadTestmain returns the tests of a test binary that the go command has just linked: it leaves
// the test main in the binary's directory.
func ReadTestmain(binary string) (*Package, error) {
	src, err := os.ReadFile(filepath.Join(filepath.Dir(binary), "_testmain.go"))
	if err != nil {
		return nil, fmt.Errorf("read the list of tests of %s: %w", binary, err)
	}
	return ParseTestmain(src)
}

// ParseTestmain reads the test main that the go command generates for a test
// binary (_testmain.go in the binary's directory) and returns the tests in it.
// That file is the go command's own list: whatever flags, tags, overlays and
// file names led to it are already accounted for. Dir, File, Line and all that
// comes from directives are not set.
//
// A file of another shape, as a later Go may write, is an error. The caller
// should then run the package as one process.
func ParseTestmain(src []byte) (*Package, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "_testmain.go", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse test main: %w", err)
	}
	m := testmain{fset: fset, pkg: &Package{}, lists: make(map[string]*ast.CompositeLit)}
	m.importPath(f)
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.GenDecl:
			m.variables(d)
		case *ast.FuncDecl:
			m.function(d)
		}
	}
	if err := m.tests(); err != nil {
		return nil, fmt.Errorf("parse test main: %w", err)
	}
	if m.pkg.ImportPath == "" {
		m.pkg.ImportPath = m.idle
	}
	return m.pkg, nil
}

// testmain is a test main being read.
type testmain struct {
	fset    *token.FileSet
	pkg     *Package
	lists   map[string]*ast.CompositeLit // by variable
	started bool                         // main calls testing.MainStart with the lists
	// idle is the package under test by an import without a name, of which nothing runs.
	idle string
}

// importPath takes the path of the package under test from the imports. The package itself is
// imported as _test, the external one as _xtest, and as _ either of which nothing runs: it may have
// nothing but examples without output. Only for files that were named on the command line does the
// test main say nothing else of the path, see function: then a path has one form.
func (m *testmain) importPath(f *ast.File) {
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || spec.Name == nil {
			continue // the parser has checked the literal; os and testing have no name
		}
		switch spec.Name.Name {
		case internalAlias:
			m.pkg.ImportPath = path
		case "_":
			if m.idle == "" { // the package itself comes first
				m.idle = path
				if path == namedFiles+externalSuffix {
					m.idle = namedFiles
				}
			}
		case externalAlias:
			if m.pkg.ImportPath == "" {
				m.pkg.ImportPath = strings.TrimSuffix(path, externalSuffix)
			}
		}
	}
}

// variables notes the lists of tests.
func (m *testmain) variables(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || len(v.Names) != 1 || len(v.Values) != 1 {
			continue
		}
		if list, ok := v.Values[0].(*ast.CompositeLit); ok {
			m.lists[v.Names[0].Name] = list
		}
	}
}

// function looks for what init and main say: the import path of a package that
// is not imported because nothing in it runs, the call that starts the tests,
// and the call of TestMain.
func (m *testmain) function(d *ast.FuncDecl) {
	if d.Body == nil {
		return
	}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if len(n.Lhs) == 1 && len(n.Rhs) == 1 && isSelector(n.Lhs[0], "testdeps", "ImportPath") && m.pkg.ImportPath == "" {
				if path, err := stringLiteral(n.Rhs[0]); err == nil {
					m.pkg.ImportPath = path
				}
			}
		case *ast.CallExpr:
			if isSelector(n.Fun, "testing", "MainStart") {
				m.started = startsLists(n.Args)
			}
			if isSelector(n.Fun, internalAlias, "TestMain") || isSelector(n.Fun, externalAlias, "TestMain") {
				m.pkg.TestMain = true
			}
		}
		return true
	})
}

// startsLists reports whether these arguments of testing.MainStart hand over
// the four lists, so that nothing else runs.
func startsLists(args []ast.Expr) bool {
	want := []string{"tests", "benchmarks", "fuzzTargets", "examples"}
	if len(args) != len(want)+1 {
		return false
	}
	for i, name := range want {
		if id, ok := args[i+1].(*ast.Ident); !ok || id.Name != name {
			return false
		}
	}
	return true
}

// tests fills the package from the lists.
func (m *testmain) tests() error {
	if !m.started {
		return errors.New("main does not start the known lists of tests")
	}
	for _, list := range []struct {
		name   string
		kind   Kind
		fields int
	}{{"tests", KindTest, 2}, {"fuzzTargets", KindFuzz, 2}, {"examples", KindExample, 4}} {
		tests, err := m.list(list.name, list.kind, list.fields)
		if err != nil {
			return err
		}
		m.pkg.Tests = append(m.pkg.Tests, tests...)
	}
	benchmarks, err := m.list("benchmarks", KindTest, 2)
	if err != nil {
		return err
	}
	for _, b := range benchmarks {
		m.pkg.Benchmarks = append(m.pkg.Benchmarks, b.Name)
	}
	return nil
}

// list returns the elements of one list, each {"TestX", _test.TestX, ...}.
func (m *testmain) list(name string, kind Kind, fields int) ([]Test, error) {
	lit, ok := m.lists[name]
	if !ok {
		return nil, fmt.Errorf("no list named %s", name)
	}
	tests := make([]Test, 0, len(lit.Elts))
	for _, elt := range lit.Elts {
		t, err := listed(elt, fields)
		if err != nil {
			return nil, fmt.Errorf("line %d, element of %s: %w", m.fset.Position(elt.Pos()).Line, name, err)
		}
		t.Kind = kind
		tests = append(tests, t)
	}
	return tests, nil
}

// listed reads one element of a list.
func listed(elt ast.Expr, fields int) (Test, error) {
	lit, ok := elt.(*ast.CompositeLit)
	if !ok || len(lit.Elts) != fields {
		return Test{}, fmt.Errorf("not a struct of %d fields", fields)
	}
	name, err := stringLiteral(lit.Elts[0])
	if err != nil {
		return Test{}, err
	}
	sel, ok := lit.Elts[1].(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return Test{}, fmt.Errorf("%q is not followed by its function", name)
	}
	switch {
	case isSelector(sel, internalAlias, name):
		return Test{Name: name}, nil
	case isSelector(sel, externalAlias, name):
		return Test{Name: name, External: true}, nil
	}
	return Test{}, fmt.Errorf("%s is of an unknown package", name)
}

// isSelector reports whether e is x.sel.
func isSelector(e ast.Expr, x, sel string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != sel {
		return false
	}
	id, ok := s.X.(*ast.Ident)
	return ok && id.Name == x
}

// stringLiteral returns the value of a string literal.
func stringLiteral(e ast.Expr) (string, error) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", errors.New("not a string literal where one should be")
	}
	return strconv.Unquote(lit.Value)
}
