package main_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/built"
)

// TestDifferential compares the program under test with go test. Everything is
// below one test so that the program is built once.
func TestDifferential(t *testing.T) {
	t.Parallel()
	d, quick := newDiffer(t), newQuickDiffer(t)
	d.env = append(d.env, built.KeptLinks(t, d.root)...)
	for name, test := range map[string]func(*testing.T){
		"Awkward":      quick.testAwkward,
		"Bad":          d.testBad, // has packages that vet refuses
		"Arguments":    d.testArguments,
		"PassThrough":  d.testPassThrough,
		"Cache":        newDiffer(t).testCache, // builds what no other run finds
		"Standard":     quick.testStandard,
		"Dependencies": quick.testDependencies,
		"Failfast":     quick.testFailfast,
		"Exec":         quick.testExec,
		"Coverage":     quick.testCoverage,
		"Contiguous":   quick.testContiguous,
		"Split":        quick.testSplit,
		"Artifacts":    quick.testArtifacts,
		"Streaming":    quick.testStreaming,
		"Shards":       quick.testShards,
		"ShardCover":   quick.testShardCoverage,
		"ArchiveCover": quick.testArchiveCoverage,
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
	inTurn   bool     // run one variant after the other: otherwise all but the first run side by side
	// except names, by the value of --shuffle, the packages whose outputs are
	// not the same in every run, or in every order, under go test itself.
	except map[string][]string
}

// compare runs go test once and the program under test once for each variant.
func (d *differ) compare(t *testing.T, c comparison) {
	t.Helper()
	var want run
	if c.env == nil {
		want = d.reference(t, c.dir, c.args...)
	} else {
		want = d.goTest(t, c.dir, c.env, c.args...)
	}
	if len(verdicts(want.events)) == 0 {
		t.Fatalf("%s reports nothing to compare with\n%s", want.command, want.stderr)
	}
	// The program under test must run the tests and not find them in the
	// cache, or an earlier run's mistakes, or successes, would be seen again.
	args := c.args
	if !slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, "count=") }) {
		args = slices.Concat([]string{"-count=1"}, args)
	}
	for i, v := range d.variants(c.variants) {
		t.Run(v.String(), func(t *testing.T) {
			if i > 0 && !c.inTurn { // the first one links, for all
				t.Parallel()
			}
			got := d.test(t, c.dir, c.env, v, args...)
			t.Logf("%d results equal", equal(verdicts(want.events), verdicts(got.events)))
			differences := compareVerdicts(verdicts(want.events), verdicts(got.events), c.longer)
			if c.outputs {
				texts := outputs(withoutSeed(got.events, v))
				differences = append(differences, compareOutputs(outputs(want.events), texts, c.except[v.shuffle])...)
			}
			report(t, want, got, differences)
		})
	}
}

// withoutSeed returns the events without the line in which a test binary
// tells its seed: it is there when the user gave a seed, and go test was not
// given one. It begins in mid-line if TestMain printed no newline.
func withoutSeed(events []event, v variant) []event {
	events = slices.Clone(events)
	for i, e := range events {
		if e.Action == "output" && e.Test == "" {
			events[i].Output = strings.Replace(e.Output, "-test.shuffle "+v.shuffle+"\n", "", 1)
		}
	}
	return events
}

// testAwkward compares results of the awkward module, and outputs where they
// are the same each time.
func (d *differ) testAwkward(t *testing.T) {
	t.Run("ok", func(t *testing.T) {
		t.Parallel()
		d.linked(t, d.awkward, "./ok/...", "./bad/...")
		// Parallel tests that write to stdout are told apart by guess; in twins
		// it is the order that tells two tests of one name apart.
		guessed, twins := "example.com/awkward/ok/parallel", "example.com/awkward/ok/twins"
		shuffled := []string{guessed, twins}
		d.compare(t, comparison{
			dir: d.awkward, args: []string{"-count=1", "./ok/..."}, outputs: true,
			variants: []variant{{workers: 4, shuffle: "1"}, {workers: 1, shuffle: "off"}, {workers: 2, shuffle: "on"}, {workers: 1, shuffle: "3"}},
			except:   map[string][]string{"1": shuffled, "3": shuffled, "on": shuffled, "off": {guessed}},
		})
	})
	t.Run("stricter", func(t *testing.T) {
		t.Parallel()
		d.testStricter(t)
	})
}

// testBad compares results of packages that fail in every way, of their tests, of vet and of the compiler.
func (d *differ) testBad(t *testing.T) {
	d.compare(t, comparison{
		dir: d.awkward, args: []string{"./bad/..."},
		variants: []variant{{workers: 4, shuffle: "1"}, {workers: 1, shuffle: "off"}, {workers: 2, shuffle: "2"}},
		longer:   []string{"example.com/awkward/bad/panicmid"},
	})
}

// testStricter checks the one verdict in which cohort means to differ: go test
// calls a package ok if its TestMain exits 0 after a test has failed. For
// cohort no failed test makes a good package.
func (d *differ) testStricter(t *testing.T) {
	const pkg = "example.com/awkward/edge/exitzero"
	v := variant{workers: 2, shuffle: "1"}
	want := d.goTest(t, d.awkward, nil, "./edge/exitzero")
	got := d.test(t, d.awkward, nil, v, "-count=1", "./edge/exitzero")
	expected := verdicts(want.events)
	if !d.plain {
		delete(expected, result{pkg, "", "pass"})
		expected[result{pkg, "", "fail"}], want.exit = 1, 1
	}
	report(t, want, got, compareVerdicts(expected, verdicts(got.events), nil))
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
		variants: []variant{{workers: 4, shuffle: "1"}, {workers: 2, shuffle: "off"}, {workers: 1, shuffle: "2"}},
	})
}

// testDependencies compares results of the modules in go.mod, as far as their
// tests can be built from here and pass under go test on an idle machine and
// a busy one. Left out are: gotestsum and parts of x/tools, whose tests need
// modules that cohort does not have; go-internal's goproxytest, which needs
// another environment; fsnotify's own package and go-internal's testscript,
// which wait for the kernel or for time to pass and do not pass reliably.
// TestModules, which is not run by default, compares them all.
func (d *differ) testDependencies(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute of processor time")
	}
	t.Run("in order", func(t *testing.T) {
		t.Parallel()
		d.testInOrder(t)
	})
	d.compare(t, comparison{
		dir: d.root,
		args: []string{
			"-short",
			// These fail if a machine stands still for some milliseconds, or a second.
			"-skip=^TestWorkParallel$|^Test(Panic|Goexit)Do$",
			"github.com/google/shlex/...",
			"github.com/fsnotify/fsnotify/internal/...",
			"golang.org/x/sync/errgroup", "golang.org/x/sync/singleflight", "golang.org/x/sync/syncmap",
			"golang.org/x/term/...", "golang.org/x/sys/cpu", "golang.org/x/sys/execabs",
			"github.com/rogpeppe/go-internal/diff", "github.com/rogpeppe/go-internal/fmtsort",
			"github.com/rogpeppe/go-internal/imports", "github.com/rogpeppe/go-internal/lockedfile/...",
			"github.com/rogpeppe/go-internal/par", "github.com/rogpeppe/go-internal/txtar",
			"golang.org/x/tools/txtar", "golang.org/x/tools/cover", "golang.org/x/tools/go/ast/astutil",
			"golang.org/x/mod/modfile", "golang.org/x/mod/module", "golang.org/x/mod/semver",
		},
		variants: []variant{{workers: 4, shuffle: "1"}, {workers: 1, shuffle: "2"}},
	})
}

// testInOrder compares results of fatih/color and spf13/pflag, whose tests hand
// on state in package variables: under go test too they fail with some
// -shuffle, or one by one. In one process and in source order they pass.
func (d *differ) testInOrder(t *testing.T) {
	packages := []string{"github.com/fatih/color/...", "github.com/spf13/pflag/..."}
	want := d.goTest(t, d.root, nil, packages...)
	v := variant{workers: 2, shuffle: "off", dist: "loadpackage"}
	got := d.test(t, d.root, nil, v, append([]string{"-count=1"}, packages...)...)
	report(t, want, got, compareVerdicts(verdicts(want.events), verdicts(got.events), nil))
}
