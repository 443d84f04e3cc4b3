package grouping

import (
	"errors"
	"fmt"
	"go/build"
	"os"
	"path/filepath"
)

// Files are the test files of a package that belong to the build, as go list names them: base
// names, in order.
type Files struct {
	// Internal are in the package itself (TestGoFiles), External in that with _test (XTestGoFiles).
	Internal, External []string
}

// List reads from the source what [ParseTestmain] and [Annotate] read of a package that has been
// built: the tests that the go command would list, in its order, with all that the source says of
// them. It is for questions that are asked before anything is built.
//
// The error is a [DirectiveError], that of a file that could not be read, or says which file is not
// right Go.
func List(importPath, dir string, files Files) (*Package, []Warning, error) {
	p := &Package{ImportPath: importPath, Dir: dir}
	context := build.Default
	context.UseAllFiles = true // the go command has chosen them
	var all []*testFile
	for _, list := range []struct {
		names    []string
		external bool
	}{{files.Internal, false}, {files.External, true}} {
		for _, name := range list.names {
			path := filepath.Join(dir, name)
			src, err := os.ReadFile(path)
			if err != nil {
				return nil, nil, fmt.Errorf("list tests of %s: %w", importPath, err)
			}
			f := parseTestFile(&context, path, src)
			if f == nil {
				return nil, nil, fmt.Errorf("list tests of %s: %s: %w", importPath, path, errSyntax)
			}
			f.external = list.external
			all = append(all, f)
		}
	}
	for _, kind := range []Kind{KindTest, KindFuzz, KindExample} {
		for _, f := range all {
			p.addFrom(f, kind)
		}
	}
	for _, f := range all {
		p.TestMain = p.TestMain || f.testMain
		p.Benchmarks = append(p.Benchmarks, f.benchmarks...)
	}
	warnings, err := verdict(all)
	return p, warnings, err
}

var errSyntax = errors.New("the file is not right Go: go vet says more")

// addFrom adds the tests of one kind in a file.
func (p *Package) addFrom(f *testFile, kind Kind) {
	for _, fn := range f.funcs {
		if fn.kind == kind {
			t := Test{Name: fn.name, Kind: kind, External: f.external}
			t.annotate(f, fn)
			p.Tests = append(p.Tests, t)
		}
	}
}
