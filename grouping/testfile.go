package grouping

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mentionsDirective reports whether a file is worth parsing for directives.
func mentionsDirective(src []byte) bool {
	const name = "cohort"
	for i := 0; ; i++ {
		next := bytes.IndexByte(src[i:], ':')
		if next < 0 {
			return false
		}
		i += next
		if i >= len(name) && strings.EqualFold(string(src[i-len(name):i]), name) {
			return true
		}
	}
}

// testFile is what a test file says.
type testFile struct {
	path     string
	external bool
	funcs    []testFunc // those that are tests
	// testMain reports whether the file has the package's TestMain; benchmarks are the names.
	testMain   bool
	benchmarks []string
	marks      marks // above the package clause
	problems   []Problem
	// unsupported are directives that are right, but that the scheduler does not act on.
	unsupported []Problem
	warnings    []Warning
}

// testFunc is a function that is a test by its name and signature.
type testFunc struct {
	name         string
	kind         Kind
	line         int
	parallelLine int // 0 if it does not call t.Parallel
	marks        marks
}

// parseTestFile reads a test file. It returns nil if the file is not part of
// the build, or has a syntax error: then the go command says so, better.
func parseTestFile(c *build.Context, path string, src []byte) *testFile {
	ctxt := *c
	ctxt.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(src)), nil }
	if ok, err := ctxt.MatchFile(filepath.Dir(path), filepath.Base(path)); !ok || err != nil {
		return nil
	}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	r := fileReader{fset: fset, file: &testFile{path: path}}
	r.read(syntax)
	return r.file
}

// fileReader fills a testFile from its syntax.
type fileReader struct {
	fset *token.FileSet
	file *testFile
	runs map[string]bool // the examples with an output comment
}

func (r *fileReader) read(syntax *ast.File) {
	r.file.external = strings.HasSuffix(syntax.Name.Name, "_test")
	docOf := make(map[*ast.CommentGroup]*ast.FuncDecl)
	r.runs = runnableExamples(syntax)
	declMarks := make(map[*ast.FuncDecl]*marks)
	for _, decl := range syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Doc != nil {
			docOf[fn.Doc] = fn
			declMarks[fn] = &marks{}
		}
	}
	for _, group := range syntax.Comments {
		for _, comment := range group.List {
			if !isDirective(comment.Text) {
				continue
			}
			fn := docOf[group]
			switch {
			case fn != nil:
				r.functionDirective(fn, declMarks[fn], comment)
			case comment.Pos() < syntax.Package:
				r.directive(&r.file.marks, comment)
			default:
				r.problem(comment.Pos(), fmt.Sprintf("%s belongs in the doc comment of a test function, or above the package clause", shown(comment.Text)))
			}
		}
	}
	for _, decl := range syntax.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		switch {
		case !ok:
		case r.runnable(fn):
			r.function(fn, declMarks[fn])
		case fn.Recv != nil:
		case fn.Name.Name == "TestMain" && takes(fn, "M"):
			r.file.testMain = true
		case hasTestName(fn.Name.Name, "Benchmark") && takes(fn, "B"):
			r.file.benchmarks = append(r.file.benchmarks, fn.Name.Name)
		}
	}
	for _, fn := range r.file.funcs {
		r.file.problems = append(r.file.problems, r.file.contradictions(fn)...)
	}
}

// directive takes in a directive and reports whether it is right.
func (r *fileReader) directive(m *marks, comment *ast.Comment) bool {
	line := r.line(comment.Pos())
	if problem := m.add(comment.Text, line); problem != "" {
		r.problem(comment.Pos(), problem)
		return false
	}
	word, args := parseDirective(comment.Text)
	m.right = append(m.right, Directive{word, args, line})
	if problem := unsupported(comment.Text); problem != "" {
		r.file.unsupported = append(r.file.unsupported, Problem{File: r.file.path, Line: line, Text: problem})
	}
	return true
}

// functionDirective takes in a directive in the doc comment of a function.
func (r *fileReader) functionDirective(fn *ast.FuncDecl, m *marks, comment *ast.Comment) {
	kind, ok := testKind(fn)
	if !ok {
		r.problem(comment.Pos(), fmt.Sprintf("%s is on %s: it belongs on a Test, Fuzz or Example function", shown(comment.Text), describe(fn)))
		return
	}
	right := r.directive(m, comment)
	if name := fn.Name.Name; right && kind == KindExample && !r.runs[name] {
		r.file.warnings = append(r.file.warnings, Warning{File: r.file.path, Line: r.line(comment.Pos()),
			Text: fmt.Sprintf("%s has no effect: %s has no output comment, so it never runs", shown(comment.Text), name)})
	}
}

// runnable reports whether a function is a test that the go command would list.
func (r *fileReader) runnable(fn *ast.FuncDecl) bool {
	kind, ok := testKind(fn)
	return ok && (kind != KindExample || r.runs[fn.Name.Name])
}

// function enters a test.
func (r *fileReader) function(fn *ast.FuncDecl, m *marks) {
	kind, _ := testKind(fn)
	f := testFunc{name: fn.Name.Name, kind: kind, line: r.line(fn.Pos())}
	if m != nil {
		f.marks = *m
	}
	if call := parallelCall(fn); call != nil {
		f.parallelLine = r.line(call.Pos())
	}
	r.file.funcs = append(r.file.funcs, f)
}

// problem notes a problem, if there is one.
func (r *fileReader) problem(pos token.Pos, text string) {
	if text != "" {
		r.file.problems = append(r.file.problems, Problem{File: r.file.path, Line: r.line(pos), Text: text})
	}
}

// line returns the line in the file itself: //line comments do not count.
func (r *fileReader) line(pos token.Pos) int { return r.fset.PositionFor(pos, false).Line }

// shown returns a directive as messages show it: of a longer comment its first line.
func shown(comment string) string {
	first, _, more := strings.Cut(comment, "\n")
	if more {
		first += " ..."
	}
	return strings.TrimRightFunc(first, isBlank)
}

// describe says what a function is that is no test.
func describe(fn *ast.FuncDecl) string {
	name := fn.Name.Name
	switch {
	case fn.Recv != nil:
		return "method " + name
	case name == "TestMain":
		return "TestMain"
	case hasTestName(name, "Benchmark"):
		return "benchmark " + name
	}
	return fmt.Sprintf("%s, which is not a test function", name)
}

// testKind returns the kind of test that a function is by its name and
// signature, as the go command decides, and whether it is one at all.
func testKind(fn *ast.FuncDecl) (kind Kind, ok bool) {
	name := fn.Name.Name
	switch {
	case fn.Recv != nil || fn.Type.TypeParams.NumFields() > 0:
	case hasTestName(name, "Test") && takes(fn, "T"):
		return KindTest, true
	case hasTestName(name, "Fuzz") && takes(fn, "F"):
		return KindFuzz, true
	case hasTestName(name, "Example") && fn.Type.Params.NumFields() == 0:
		return KindExample, true
	}
	return 0, false
}

// hasTestName reports whether what follows the prefix in a name does not begin
// with a lower-case letter. Nothing may follow.
func hasTestName(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	r, _ := utf8.DecodeRuneInString(rest)
	return ok && (rest == "" || !unicode.IsLower(r))
}

// takes reports whether a function has one parameter, of type *typ or *pkg.typ,
// and no result.
func takes(fn *ast.FuncDecl, typ string) bool {
	if fn.Type.Results.NumFields() > 0 || fn.Type.Params.NumFields() != 1 {
		return false
	}
	star, ok := fn.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	switch x := star.X.(type) {
	case *ast.Ident:
		return x.Name == typ
	case *ast.SelectorExpr:
		return x.Sel.Name == typ
	}
	return false
}

// runnableExamples returns the names of the examples with an output comment.
func runnableExamples(syntax *ast.File) map[string]bool {
	runs := make(map[string]bool)
	for _, e := range doc.Examples(syntax) {
		if e.Output != "" || e.EmptyOutput {
			runs["Example"+e.Name] = true
		}
	}
	return runs
}

// parallelCall returns the call of t.Parallel in a test's own body, or nil.
// Closures that have a parameter of that name of their own, as subtests do, are
// left out; a call within a helper is not seen.
func parallelCall(fn *ast.FuncDecl) *ast.CallExpr {
	if fn.Body == nil || !takes(fn, "T") || len(fn.Type.Params.List[0].Names) != 1 {
		return nil
	}
	param := fn.Type.Params.List[0].Names[0].Name
	var found *ast.CallExpr
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return found == nil && !declares(n.Type.Params, param)
		case *ast.CallExpr:
			if found == nil && len(n.Args) == 0 && isSelector(n.Fun, param, "Parallel") {
				found = n
			}
		}
		return found == nil
	})
	return found
}

// declares reports whether one of the parameters has that name.
func declares(params *ast.FieldList, name string) bool {
	for _, field := range params.List {
		for _, id := range field.Names {
			if id.Name == name {
				return true
			}
		}
	}
	return false
}
