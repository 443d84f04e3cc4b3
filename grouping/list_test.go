package grouping

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// goListed is a package as go list -json prints it.
type goListed struct {
	ImportPath, Dir           string
	TestGoFiles, XTestGoFiles []string
}

// listOf lists the tests of a package from its source, with the files that the go command names.
func listOf(t *testing.T, dir string, args ...string) *Package {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %q: %v", args, err)
	}
	var l goListed
	if err := json.Unmarshal(out, &l); err != nil {
		t.Fatal(err)
	}
	p, warnings, err := List(l.ImportPath, l.Dir, Files{Internal: l.TestGoFiles, External: l.XTestGoFiles})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, warnings %v", err, warnings)
	}
	return p
}

// TestListAgreesWithGoCommand compares what the source gives with what the go command made of it.
func TestListAgreesWithGoCommand(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the go command")
	}
	dir := tree(t, awkward)
	for _, tt := range []struct{ dir, pkg, tags string }{
		{dir, ".", ""}, {dir, ".", "tagged"}, {"", "sort", ""}, {"", "strings", ""},
	} {
		captured := filepath.Join(t.TempDir(), "testmain")
		goTest(t, tt.dir, []string{captureEnv + "=" + captured}, "-tags="+tt.tags, "-exec="+os.Args[0], tt.pkg)
		src, err := os.ReadFile(captured)
		if err != nil {
			t.Fatal(err)
		}
		want, err := ParseTestmain(src)
		if err != nil {
			t.Fatal(err)
		}
		got := listOf(t, tt.dir, "-tags="+tt.tags, tt.pkg)
		want.Dir = got.Dir
		if _, err := Annotate(want, SourceOptions{BuildTags: []string{tt.tags}, Positions: true}); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s, tags %q: the source gives\n%+v\nthe go command\n%+v", tt.pkg, tt.tags, got, want)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	dir := tree(t, `
-- a_test.go --
//cohort:label file
package p

import "testing"

func TestMain(m *testing.M) {}
func (T) TestMethod(t *testing.T) {}
func ExampleA() {
	// Output: x
}
func TestA(t *testing.T) { t.Parallel() }
func BenchmarkA(b *testing.B) {}
-- x_test.go --
package p_test

import "testing"

//cohort:serial
func FuzzX(f *testing.F) {}
func TestX(t *testing.T) {}
-- wrong_test.go --
package p

//cohort:grup
-- broken_test.go --
package
`)
	p, warnings, err := List("m/p", dir, Files{Internal: []string{"a_test.go"}, External: []string{"x_test.go"}})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, warnings %v", err, warnings)
	}
	want := `TestA external=false a_test.go:11 parallel=true group="" serial=false
TestX external=true x_test.go:7 parallel=false group="" serial=false
FuzzX external=true x_test.go:6 parallel=false group="" serial=true
ExampleA external=false a_test.go:8 parallel=false group="" serial=false`
	if got := annotated(p); got != want || !p.TestMain || !slices.Equal(p.Benchmarks, []string{"BenchmarkA"}) || p.ImportPath != "m/p" {
		t.Errorf("%+v\n%s\nwant\n%s", p, got, want)
	}
	if got := p.Tests[0].Labels; !slices.Equal(got, []string{"file"}) {
		t.Errorf("labels %q", got)
	}
	for name, check := range map[string]func(error) bool{
		"wrong_test.go": func(err error) bool { _, ok := errors.AsType[*DirectiveError](err); return ok },
		"broken_test.go": func(err error) bool {
			return errors.Is(err, errSyntax) && strings.Contains(err.Error(), "broken_test.go")
		},
		"gone_test.go": func(err error) bool { return errors.Is(err, os.ErrNotExist) },
	} {
		if _, _, err := List("m/p", dir, Files{Internal: []string{name}}); !check(err) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
