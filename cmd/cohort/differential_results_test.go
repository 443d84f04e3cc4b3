package main_test

import (
	"slices"
	"strings"
	"testing"
)

// TestDifferential compares the program under test with go test. Everything is
// below one test so that the program is built once.
func TestDifferential(t *testing.T) {
	t.Parallel()
	d := newDiffer(t)
	for name, test := range map[string]func(*testing.T){
		"Awkward":      d.testAwkward,
		"Standard":     d.testStandard,
		"Dependencies": d.testDependencies,
		"Arguments":    d.testArguments,
		"PassThrough":  d.testPassThrough,
		"Failfast":     d.testFailfast,
		"Exec":         d.testExec,
		"Cache":        d.testCache,
		"Coverage":     d.testCoverage,
		"Contiguous":   d.testContiguous,
		"Streaming":    d.testStreaming,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// A comparison is one set of go test arguments, and what may differ.
type comparison struct {
	dir      string
	env      []string
	args     []string
	variants []variant
	longer   []string // packages in which go test stops early and cohort goes on
	outputs  bool     // compare also what each test prints
	except   []string // packages whose outputs are not the same twice under go test itself
}

// compare runs go test once and the program under test once for each variant.
func (d *differ) compare(t *testing.T, c comparison) {
	t.Helper()
	want := d.goTest(t, c.dir, c.env, c.args...)
	if len(verdicts(want.events)) == 0 {
		t.Fatalf("%s reports nothing to compare with\n%s", want.command, want.stderr)
	}
	// The program under test must run the tests and not find them in the
	// cache, or an earlier run's mistakes, or successes, would be seen again.
	args := c.args
	if !slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, "count=") }) {
		args = slices.Concat([]string{"-count=1"}, args)
	}
	for _, v := range d.variants(c.variants) {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			got := d.test(t, c.dir, c.env, v, args...)
			differences := compareVerdicts(verdicts(want.events), verdicts(got.events), c.longer)
			if c.outputs {
				differences = append(differences, compareOutputs(outputs(want.events), outputs(got.events), c.except)...)
			}
			report(t, want, got, differences)
		})
	}
}

// testAwkward compares results of the awkward module, and outputs where they
// are the same each time.
func (d *differ) testAwkward(t *testing.T) {
	t.Run("ok", func(t *testing.T) {
		t.Parallel()
		d.compare(t, comparison{
			dir: d.awkward, args: []string{"./ok/..."}, outputs: true,
			variants: []variant{{4, "1"}, {1, "off"}, {2, "2"}, {1, "3"}},
			// Parallel tests that write to stdout are told apart by guess.
			except: []string{"example.com/awkward/ok/parallel"},
		})
	})
	t.Run("bad", func(t *testing.T) {
		t.Parallel()
		d.compare(t, comparison{
			dir: d.awkward, args: []string{"./bad/..."},
			variants: []variant{{4, "1"}, {1, "off"}, {2, "2"}},
			longer:   []string{"example.com/awkward/bad/panicmid"},
		})
	})
	t.Run("edge", func(t *testing.T) {
		t.Parallel()
		d.compare(t, comparison{
			dir: d.awkward, args: []string{"./edge/exitzero"},
			variants: []variant{{2, "1"}},
		})
	})
}

// testStandard compares results of packages of the standard library.
func (d *differ) testStandard(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute of processor time")
	}
	d.compare(t, comparison{
		dir: d.root,
		args: []string{
			"-short", "strings", "sort", "strconv", "net/url", "text/template", "encoding/json", "go/parser", "regexp",
		},
		variants: []variant{{4, "1"}, {2, "off"}, {1, "2"}},
	})
}

// testDependencies compares results of the modules in go.mod, as far as their
// tests can be built from here and pass under go test on an idle machine and
// a busy one. Left out are: gotestsum and parts of x/tools, whose tests need
// modules that cohort does not have; go-internal's goproxytest, which needs
// another environment; fsnotify's own package and go-internal's testscript,
// which wait for the kernel or for time to pass and do not pass reliably.
func (d *differ) testDependencies(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute of processor time")
	}
	d.compare(t, comparison{
		dir: d.root,
		args: []string{
			"-short",
			"github.com/spf13/pflag/...", "github.com/fatih/color/...", "github.com/google/shlex/...",
			"github.com/fsnotify/fsnotify/internal/...",
			"golang.org/x/sync/errgroup", "golang.org/x/sync/singleflight", "golang.org/x/sync/syncmap",
			"golang.org/x/term/...", "golang.org/x/sys/cpu", "golang.org/x/sys/execabs",
			"github.com/rogpeppe/go-internal/diff", "github.com/rogpeppe/go-internal/fmtsort",
			"github.com/rogpeppe/go-internal/imports", "github.com/rogpeppe/go-internal/lockedfile/...",
			"github.com/rogpeppe/go-internal/par", "github.com/rogpeppe/go-internal/txtar",
			"golang.org/x/tools/txtar", "golang.org/x/tools/cover", "golang.org/x/tools/go/ast/astutil",
			"golang.org/x/mod/modfile", "golang.org/x/mod/module", "golang.org/x/mod/semver",
		},
		variants: []variant{{4, "1"}, {1, "2"}},
	})
}
