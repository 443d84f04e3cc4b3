package main_test

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// modules says what TestModules compares.
var modules = flag.String("modules", "", "modules in go.mod that TestModules compares: all, or a part of their paths")

// moduleLimit is how long one run of a module's tests may take. golang.org/x/tools
// takes minutes on two cores, and compiles all of its packages first.
const moduleLimit = 30 * time.Minute

// TestModules compares the results of all tests of the modules in go.mod, each
// as a main module of its own: from cohort's module many cannot be built, for
// what only their tests need is not in its go.sum.
func TestModules(t *testing.T) {
	if *modules == "" {
		t.Skip("takes many minutes and downloads what the modules' tests need: ask for it with -modules=all or -modules=x/text")
	}
	if deadline, ok := t.Deadline(); ok && *modules == "all" && time.Until(deadline) < moduleLimit {
		t.Fatal("go test would kill this test before its end: add -timeout=0")
	}
	// Not parallel, here and below: some of the tests measure time, and pass
	// under go test only if little else runs.
	d := newDiffer(t)
	d.limit = moduleLimit
	unused := maps.Clone(moduleExceptions)
	compared := 0
	for _, m := range d.downloaded(t) {
		delete(unused, m.Path)
		if *modules == "all" || strings.Contains(m.Path, *modules) {
			compared++
			t.Run(m.Path, func(t *testing.T) { d.compareModule(t, m) })
		}
	}
	if compared == 0 {
		t.Errorf("no module in go.mod has %q in its path", *modules)
	}
	for path := range unused {
		t.Errorf("%s is an exception, and not in go.mod", path)
	}
}

// A required is what `go mod download -json` tells of a module in go.mod.
type required struct{ Path, Version, Dir string }

// downloaded returns the modules that go.mod names, and has them downloaded.
func (d *differ) downloaded(t *testing.T) []required {
	t.Helper()
	r := d.command(t, d.root, nil, "go", "mod", "download", "-json")
	if r.exit != 0 {
		t.Fatalf("%s: exit %d\n%s%s", r.command, r.exit, r.stdout, r.stderr)
	}
	var all []required
	for decoder := json.NewDecoder(strings.NewReader(string(r.stdout))); ; {
		var m required
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", r.command, err)
		}
		all = append(all, m)
	}
}

// compareModule compares the results of m's tests, in a copy: in the module
// cache nothing can be written.
func (d *differ) compareModule(t *testing.T, m required) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(m.Dir)); err != nil {
		t.Fatal(err)
	}
	c := comparison{
		dir: dir, args: []string{"-short"}, inTurn: true,
		variants: []variant{{workers: 4, shuffle: "1"}, {workers: 4, shuffle: "2"}},
	}
	e := moduleExceptions[m.Path]
	if e.inOrder {
		c.variants = []variant{{workers: 4, shuffle: "off", dist: "loadpackage"}}
	}
	if e.skip != "" {
		c.args = append(c.args, "-skip="+e.skip)
	}
	c.args = append(c.args, "./...")
	d.compare(t, c)
	if len(e.unvetted) > 0 {
		c.args = slices.Concat([]string{"-short", "-vet=off"}, e.unvetted)
		t.Run("vet=off", func(t *testing.T) { d.compare(t, c) })
	}
}

// A moduleException is why a module's tests cannot all be compared in any order.
type moduleException struct {
	inOrder  bool     // tests hand on state: they pass together and in source order only
	skip     string   // value of -skip: tests whose names or results differ between two runs of go test
	unvetted []string // packages that fail go vet: they are compared once more without it
}

// moduleExceptions has the modules in which go test itself gives other results
// in another order, or the next time.
var moduleExceptions = map[string]moduleException{
	// -shuffle=1 fails TestColor_Fprintf; TestIssue218 and nine more fail alone:
	// they take the package variable NoColor as another test left it.
	"github.com/fatih/color": {inOrder: true},
	// -shuffle=1 fails TestEverything, -shuffle=3 TestBoolP: tests define and
	// reset flags of the one CommandLine.
	"github.com/spf13/pflag": {inOrder: true},
	// The same tests; and vet finds a redundant newline in flag_test.go.
	"github.com/dnephin/pflag": {inOrder: true, unvetted: []string{"."}},
	// The script "pty" may close the terminal before all is read: with a pause
	// before io.Copy(&ptyBuf, ctrl) in testscript.go it always fails, without
	// one in some runs of go test on a busy machine.
	"github.com/rogpeppe/go-internal": {skip: "^TestScripts$/^pty$"},
	// "flaky on Github Actions", says the test; alone, too, it fails in one run
	// of sixty: it counts errors on stderr that another goroutine may not have read.
	"gotest.tools/gotestsum": {skip: "^TestScanTestOutput_WithDotsFormatter$"},
	// Subtests with the address of a variable as name; and examples of
	// functions that are not there.
	"golang.org/x/text": {
		skip:     "^TestSprintf$/^%(#v|p|☠)$/^0x[0-9a-f]{8,}$",
		unvetted: []string{"./collate", "./encoding", "./feature/plural"},
	},
	// Subtests with the name of a temporary file as name.
	"golang.org/x/tools": {skip: "^TestLoadDifferentPatterns$/^Modules$/^file="},
}
