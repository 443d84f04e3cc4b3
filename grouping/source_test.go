package grouping

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// annotated is what TestAnnotate looks for in annotateTree.
const annotateTree = `
-- a_test.go --
//cohort:group file

package p

import "testing"

func TestTwin(t *testing.T) { t.Parallel() }

//cohort:group own
func TestOwn(t *testing.T) {}

// TestHelper is not in the list.
func TestHelper(t *testing.T, n int) {}
-- b_test.go --
package p

import "testing"

func TestPlain(t *testing.T) {}
-- c_windows_test.go --
package p

//cohort:grup windows
-- d_test.go --
//go:build race && tagged

package p

import "testing"

//cohort:serial
func TestTagged(t *testing.T) {}
-- e_test.go --
//go:build !go1.20

//cohort:grup old
package p
-- _f_test.go --
//cohort:grup ignored
package p
-- g.go --
//cohort:grup no test file
package p
-- x_test.go --
package p_test

import "testing"

func TestTwin(t *testing.T) {}

//cohort:group out
func ExampleOut() {
	// Output:
}
`

func annotateList() *Package {
	return &Package{ImportPath: "example.com/p", Tests: []Test{
		{Name: "TestTwin"}, {Name: "TestOwn"}, {Name: "TestPlain"}, {Name: "TestTagged"}, {Name: "TestGone"},
		{Name: "TestTwin", External: true}, {Name: "ExampleOut", Kind: KindExample, External: true},
	}}
}

func annotated(p *Package) string {
	var lines []string
	for _, t := range p.Tests {
		lines = append(lines, fmt.Sprintf("%s external=%v %s:%d parallel=%v group=%q serial=%v", t.Name, t.External, t.File, t.Line, t.Parallel, t.Group, t.Serial))
	}
	return strings.Join(lines, "\n")
}

func TestAnnotate(t *testing.T) {
	t.Parallel()
	dir := tree(t, annotateTree)
	for _, tt := range []struct {
		name    string
		options SourceOptions
		want    string
	}{
		{"directives only", SourceOptions{GOOS: "linux"}, `TestTwin external=false a_test.go:7 parallel=true group="file" serial=false
TestOwn external=false a_test.go:10 parallel=false group="own" serial=false
TestPlain external=false :0 parallel=false group="" serial=false
TestTagged external=false :0 parallel=false group="" serial=false
TestGone external=false :0 parallel=false group="" serial=false
TestTwin external=true x_test.go:5 parallel=false group="" serial=false
ExampleOut external=true x_test.go:8 parallel=false group="out" serial=false`},
		{"positions, tags", SourceOptions{GOOS: "linux", Positions: true, Race: true, BuildTags: []string{"tagged"}}, `TestTwin external=false a_test.go:7 parallel=true group="file" serial=false
TestOwn external=false a_test.go:10 parallel=false group="own" serial=false
TestPlain external=false b_test.go:5 parallel=false group="" serial=false
TestTagged external=false d_test.go:8 parallel=false group="" serial=true
TestGone external=false :0 parallel=false group="" serial=false
TestTwin external=true x_test.go:5 parallel=false group="" serial=false
ExampleOut external=true x_test.go:8 parallel=false group="out" serial=false`},
		{"named files", SourceOptions{GOOS: "linux", Files: []string{"d_test.go"}}, `TestTwin external=false :0 parallel=false group="" serial=false
TestOwn external=false :0 parallel=false group="" serial=false
TestPlain external=false :0 parallel=false group="" serial=false
TestTagged external=false d_test.go:8 parallel=false group="" serial=true
TestGone external=false :0 parallel=false group="" serial=false
TestTwin external=true :0 parallel=false group="" serial=false
ExampleOut external=true :0 parallel=false group="" serial=false`},
	} {
		p := annotateList()
		p.Dir = dir
		warnings, err := Annotate(p, tt.options)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v, warnings %v", tt.name, err, warnings)
		}
		if got := annotated(p); got != tt.want {
			t.Errorf("%s:\n%s\nwant:\n%s", tt.name, got, tt.want)
		}
	}
	for name, options := range map[string]SourceOptions{"c_windows_test.go": {GOOS: "windows"}, "e_test.go": {GOOS: "linux", GoVersion: "go1.19.4"}} {
		p := annotateList()
		p.Dir = dir
		_, err := Annotate(p, options)
		var wrong *DirectiveError
		if !errors.As(err, &wrong) || len(wrong.Problems) != 1 || wrong.Problems[0].File != filepath.Join(dir, name) {
			t.Errorf("%s in the build: error %v", name, err)
		}
	}
}

// TestAnnotateInternalWithExternalName is about a package whose own name ends
// in _test.
func TestAnnotateInternalWithExternalName(t *testing.T) {
	t.Parallel()
	p := &Package{Tests: []Test{{Name: "TestA"}}, Dir: tree(t, "-- a_test.go --\npackage x_test\nimport \"testing\"\n\n//cohort:group g\nfunc TestA(t *testing.T) {}\n")}
	if _, err := Annotate(p, SourceOptions{}); err != nil || p.Tests[0].Group != "g" || p.Tests[0].Line != 5 {
		t.Errorf("error %v, got %+v", err, p.Tests[0])
	}
}

func TestAnnotateUnreadable(t *testing.T) {
	t.Parallel()
	p := &Package{ImportPath: "example.com/p", Dir: filepath.Join(t.TempDir(), "gone")}
	if _, err := Annotate(p, SourceOptions{}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "find tests of example.com/p: ") {
		t.Errorf("error %v", err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "dir_test.go"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.Dir = dir
	if _, err := Annotate(p, SourceOptions{}); err != nil {
		t.Errorf("a directory with the name of a test file: %v", err)
	}
}

func TestSourceContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options SourceOptions
		cgo     bool
	}{
		{SourceOptions{GOOS: "plan9"}, false},
		{SourceOptions{GOOS: "plan9", CgoEnabled: "1"}, true},
		{SourceOptions{CgoEnabled: "0"}, false},
	} {
		if got := tt.options.context().CgoEnabled; got != tt.cgo {
			t.Errorf("%+v: cgo %v, want %v", tt.options, got, tt.cgo)
		}
	}
	c := SourceOptions{BuildTags: []string{"a"}, Race: true, Msan: true, Asan: true, GoVersion: "go1.3.1"}.context()
	if want := []string{"a", "race", "msan", "asan"}; !slices.Equal(c.BuildTags, want) {
		t.Errorf("tags %v, want %v", c.BuildTags, want)
	}
	if want := []string{"go1.1", "go1.2", "go1.3"}; !slices.Equal(c.ReleaseTags, want) {
		t.Errorf("release tags %v, want %v", c.ReleaseTags, want)
	}
	for _, version := range []string{"", "devel go1.27-abcdef", "go2"} {
		if tags := releaseTags(version); tags != nil {
			t.Errorf("release tags of %q: %v", version, tags)
		}
	}
}

func TestCheckTree(t *testing.T) {
	t.Parallel()
	const wrong = "//cohort:grup x\npackage p\n"
	dir := tree(t, `
-- go.mod --
module example.com/m
-- ok_test.go --
package m

//cohort:group a
func ExampleNever() {}
-- sub/a_test.go --
`+wrong+`-- sub/b_test.go --
package p_test

// cohort:serial

// Package p.
-- sub/broken_test.go --
//cohort:grup
package
-- sub/deep/testdata/a_test.go --
`+wrong+`-- sub/deep/_hidden/a_test.go --
`+wrong+`-- .git/a_test.go --
`+wrong+`-- vendor/v/a_test.go --
`+wrong+`-- nested/go.mod --
module example.com/nested
-- nested/a_test.go --
`+wrong+`-- twins/a_test.go --
package p

import "testing"

//cohort:group one
func TestA(t *testing.T) {}
-- twins/x_test.go --
//cohort:group two
package p_test

import "testing"

func TestA(t *testing.T) {}
func TestB(t *testing.T) {}
`)
	sub, twins := filepath.Join(dir, "sub"), filepath.Join(dir, "twins")
	want := strings.Join([]string{
		filepath.Join(sub, "a_test.go") + ":1: unknown directive //cohort:grup (did you mean //cohort:group NAME?)",
		filepath.Join(sub, "b_test.go") + ":3: //cohort:serial belongs in the doc comment of a test function, or above the package clause",
		filepath.Join(twins, "x_test.go") + ":6: TestA is in group two, but in group one at " + filepath.Join(twins, "a_test.go") + ":6: tests of one name always run together",
	}, "\n")
	want = strings.Replace(want, ":3: //cohort", ":3: // cohort", 1)
	for _, roots := range [][]string{{dir}, {dir, sub, dir + "/"}} {
		warnings, err := CheckTree(roots, SourceOptions{})
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n%v\nwant:\n%s", roots, err, want)
		}
		if len(warnings) != 1 || warnings[0].File != filepath.Join(dir, "ok_test.go") || warnings[0].Line != 3 {
			t.Errorf("%q: warnings %v", roots, warnings)
		}
	}
	if _, err := CheckDir(dir, SourceOptions{}); err != nil {
		t.Errorf("CheckDir looks at more than the directory: %v", err)
	}
	if _, err := CheckDir(twins, SourceOptions{}); err == nil {
		t.Error("CheckDir finds nothing")
	}
	if _, err := CheckTree([]string{filepath.Join(dir, "nested")}, SourceOptions{}); err == nil {
		t.Error("a nested module is not looked at where it is the root")
	}
	if _, err := CheckTree([]string{filepath.Join(dir, "gone")}, SourceOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a root that does not exist: error %v", err)
	}
}
