package grouping

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// awkward is a module with what the go command lists, and what it does not.
const awkward = `
-- go.mod --
module example.com/awkward

go 1.24
-- a_test.go --
package awkward

import "testing"

func TestTwin(t *testing.T)      { t.Parallel() }
func Test(t *testing.T)          {}
func Test_under(*testing.T)      {}
func TestÄ(t *testing.T)         {}
func Testlower(t *testing.T)     {}
func testX(t *testing.T)         {}
func (s suite) TestY(*testing.T) {}
func BenchmarkB(b *testing.B)    {}
func FuzzIn(f *testing.F)        { f.Fuzz(func(*testing.T, string) {}) }

type suite struct{}
-- b_test.go --
//go:build !tagged

package awkward

import "testing"

func TestUntagged(t *testing.T) {}
-- b2_test.go --
//go:build tagged

package awkward

import "testing"

//cohort:group g
func TestTagged(t *testing.T) {}
-- c_plan9_test.go --
package awkward

import "testing"

func TestPlan9(t *testing.T) {}
-- _d_test.go --
package awkward

import "testing"

func TestHidden(t *testing.T) {}
-- e_test.go --
package awkward_test

import (
	"fmt"
	"testing"
)

func TestTwin(t *testing.T)    {}
func TestOutside(t *testing.T) {}
func FuzzOut(f *testing.F)     { f.Fuzz(func(*testing.T, string) {}) }

func Example_second() {
	fmt.Println("out")
	// Output: out
}

func Example() {
	// Output:
}

func Example_never() {}
`

// goTest runs go test in a directory and returns its standard output.
func goTest(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"test", "-vet=off"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOFLAGS=", "GOWORK=off"), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go test %q: %v\n%s%s", args, err, out, stderr.Bytes())
	}
	return string(out)
}

var runLine = regexp.MustCompile(`(?m)^=== RUN   (\S+)$`)

// ranIn returns the top-level tests in the output of go test -v, in order.
func ranIn(out string) []string {
	var names []string
	for _, m := range runLine.FindAllStringSubmatch(out, -1) {
		if !strings.Contains(m[1], "/") {
			names = append(names, m[1])
		}
	}
	return names
}

func namesOf(tests []Test) []string {
	var names []string
	for _, t := range tests {
		names = append(names, t.Name)
	}
	return names
}

// TestGoCommand compares with the go command itself: what it lists, the order
// in which the binary runs that, and the order under -shuffle.
func TestGoCommand(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the go command")
	}
	dir := tree(t, awkward)
	for _, tags := range []string{"", "tagged"} {
		captured := filepath.Join(t.TempDir(), "testmain")
		goTest(t, dir, []string{captureEnv + "=" + captured}, "-tags="+tags, "-exec="+os.Args[0])
		src, err := os.ReadFile(captured)
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParseTestmain(src)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		p.Dir = dir
		if _, err := Annotate(p, SourceOptions{BuildTags: []string{tags}, Positions: true}); err != nil {
			t.Fatal(err)
		}
		for _, test := range p.Tests {
			if test.File == "" || test.Line == 0 {
				t.Errorf("tags %q: %s is not found in the source", tags, test.Name)
			}
		}
		if p.ImportPath != "example.com/awkward" || !slices.Equal(p.Benchmarks, []string{"BenchmarkB"}) {
			t.Errorf("import path %q, benchmarks %q", p.ImportPath, p.Benchmarks)
		}
		if got, want := ranIn(goTest(t, dir, nil, "-tags="+tags, "-v")), namesOf(p.Tests); !slices.Equal(got, want) {
			t.Errorf("tags %q: go test runs\n%q, listed are\n%q", tags, got, want)
		}
		for _, seed := range []int64{1, 7, -3, 1 << 62} {
			got := ranIn(goTest(t, dir, nil, "-tags="+tags, "-v", fmt.Sprintf("-shuffle=%d", seed)))
			if want := namesOf(Order(p.Tests, seed)); !slices.Equal(got, want) {
				t.Errorf("tags %q, seed %d: go test runs\n%q, Order gives\n%q", tags, seed, got, want)
			}
		}
	}
}

func TestPermutation(t *testing.T) {
	t.Parallel()
	for n := range 50 {
		got := Permutation(n, int64(n))
		if !slices.Equal(got, Permutation(n, int64(n))) {
			t.Errorf("%d: not the same twice", n)
		}
		slices.Sort(got)
		for i, v := range got {
			if i != v {
				t.Fatalf("%d: not a permutation: %v", n, got)
			}
		}
	}
	if slices.Equal(Permutation(20, 1), Permutation(20, 2)) {
		t.Error("two seeds, one order")
	}
}
