package affected

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// shop is a module of a few packages: web and e2e use cart, cart uses price, e2e's tests use
// fixtures, web embeds its assets, native is C. The root has a package of its own only with root.
func shop(root bool) []Package {
	packages := []Package{
		{ImportPath: "m/price", Dir: "price", Target: true, Imports: []string{"fmt"}, Files: []string{"price/price.go"}, TestFiles: []string{"price/price_test.go"}},
		{ImportPath: "m/cart", Dir: "cart", Target: true, Imports: []string{"m/price"}, Files: []string{"cart/cart.go"}, TestFiles: []string{"cart/cart_test.go"}},
		{ImportPath: "m/cart/tax", Dir: "cart/tax", Target: true, Files: []string{"cart/tax/tax.go"}},
		{ImportPath: "m/web", Dir: "web", Target: true, Imports: []string{"m/cart"}, Files: []string{"web/web.go", "web/assets/app.js"}, TestFiles: []string{"web/golden/page.html"}, Embeds: true},
		{ImportPath: "m/web/assets/gen", Dir: "web/assets/gen", Target: true, Files: []string{"web/assets/gen/gen.go"}},
		{ImportPath: "m/fixtures", Dir: "fixtures", Files: []string{"fixtures/fixtures.go"}},
		{ImportPath: "m/e2e", Dir: "e2e", Target: true, Imports: []string{"m/cart"}, TestImports: []string{"m/fixtures"}, Files: []string{"e2e/doc.go"}, TestFiles: []string{"e2e/e2e_test.go"}},
		{ImportPath: "m/native", Dir: "native", Target: true, Files: []string{"native/native.go", "native/x.c"}, Native: true},
		{ImportPath: "fmt", Outside: true},
		{ImportPath: "example.com/dep", Outside: true},
	}
	if root {
		packages = append(packages, Package{ImportPath: "m", Dir: ".", Target: true, Imports: []string{"m/web"}, Files: []string{"main.go"}})
	}
	return packages
}

// known are the files that git has: all that the packages use.
func known(packages []Package) map[string]bool {
	files := make(map[string]bool)
	for _, p := range packages {
		for _, file := range slices.Concat(p.Files, p.TestFiles) {
			files[file] = true
		}
	}
	return files
}

// changesOf reads paths; one that begins with - is deleted.
func changesOf(text string) []Change {
	var changes []Change
	for _, file := range strings.Fields(text) {
		name, deleted := strings.CutPrefix(file, "-")
		changes = append(changes, Change{Path: name, Deleted: deleted})
	}
	return changes
}

func describe(r *Result) string {
	var lines []string
	if r.Everything != "" {
		lines = append(lines, "everything: "+r.Everything)
	} else {
		for _, a := range r.Packages {
			lines = append(lines, a.ImportPath+": "+a.Reason)
		}
	}
	if len(r.Unowned) > 0 {
		lines = append(lines, "unowned: "+strings.Join(r.Unowned, " "))
	}
	return strings.Join(lines, "\n")
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, changes string
		root          bool
		want          string
	}{
		{"nothing", "", true, ""},
		{"a Go file", "price/price.go", false, `m/cart: depends on m/price (changed: price/price.go)
m/e2e: depends on m/price (changed: price/price.go)
m/price: changed: price/price.go
m/web: depends on m/price (changed: price/price.go)`},
		{"a test file", "price/price_test.go", false, "m/price: changed: price/price_test.go"},
		{"a new test file", "cart/new_test.go", false, "m/cart: changed: cart/new_test.go"},
		{"a deleted test file", "-cart/old_test.go", false, "m/cart: changed: cart/old_test.go"},
		{"a new Go file", "cart/tax/new.go", false, `m/cart: changed below it: cart/tax/new.go
m/cart/tax: changed: cart/tax/new.go`},
		{"a deleted Go file", "-cart/old.go", false, `m/cart: changed: cart/old.go
m/e2e: depends on m/cart (changed: cart/old.go)
m/web: depends on m/cart (changed: cart/old.go)`},
		{"a Go file for another system", "cart/tax/tax_plan9.go", false, `m/cart: changed below it: cart/tax/tax_plan9.go
m/cart/tax: changed: cart/tax/tax_plan9.go`},
		{"a dependency of tests", "fixtures/fixtures.go", false, "m/e2e: its tests: depends on m/fixtures (changed: fixtures/fixtures.go)"},
		{"testdata", "price/testdata/a/b.txt", false, `m/cart: depends on m/price (changed: price/testdata/a/b.txt)
m/e2e: depends on m/price (changed: price/testdata/a/b.txt)
m/price: changed: price/testdata/a/b.txt
m/web: depends on m/price (changed: price/testdata/a/b.txt)`},
		{"Go in testdata", "cart/tax/testdata/src/x_test.go", false, `m/cart: changed below it: cart/tax/testdata/src/x_test.go
m/cart/tax: changed: cart/tax/testdata/src/x_test.go`},
		{"go.mod in testdata", "cart/tax/testdata/go.mod", false, `m/cart: changed below it: cart/tax/testdata/go.mod
m/cart/tax: changed: cart/tax/testdata/go.mod`},
		{"an embedded file", "web/assets/app.js", false, "m/web: changed: web/assets/app.js"},
		{"a file that tests embed", "web/golden/page.html", false, "m/web: changed: web/golden/page.html"},
		{"an embedded file in another package", "web/assets/gen/data.js", false, `m/web: changed below it: web/assets/gen/data.js
m/web/assets/gen: changed: web/assets/gen/data.js`},
		{"a file that may have been embedded", "-web/assets/gen/data.js", true, `m: changed below it: web/assets/gen/data.js
m/web: changed: web/assets/gen/data.js
m/web/assets/gen: changed: web/assets/gen/data.js`},
		{"renamed", "-price/price.go cart/price.go", false, `m/cart: changed: cart/price.go
m/e2e: depends on m/cart (changed: cart/price.go)
m/price: changed: price/price.go
m/web: depends on m/cart (changed: cart/price.go)`},
		{"a deleted package", "-cart/gone/gone.go -cart/gone/gone_test.go", false, `m/cart: changed: cart/gone/gone.go
m/e2e: depends on m/cart (changed: cart/gone/gone.go)
m/web: depends on m/cart (changed: cart/gone/gone.go)`},
		{"text for people", "price/README.md price/LICENSE", false, "m/price: changed: price/README.md"},
		{"text in testdata", "cart/testdata/README.md", false, `m/cart: changed: cart/testdata/README.md
m/e2e: depends on m/cart (changed: cart/testdata/README.md)
m/web: depends on m/cart (changed: cart/testdata/README.md)`},
		{"text that may have been embedded", "-web/README.md", true, `m: changed below it: web/README.md
m/web: changed: web/README.md`},
		{"settings of tools", "web/.github/workflows/ci.yml", true, `m: changed below it: web/.github/workflows/ci.yml
m/web: changed: web/.github/workflows/ci.yml`},
		{"C", "native/x.c", false, "m/native: changed: native/x.c"},
		{"a header elsewhere", "include/deep/x.h", false, "m/native: may include: include/deep/x.h"},
		{"a header of another package", "cart/tax/x.H", false, `m/cart: changed below it: cart/tax/x.H
m/cart/tax: changed: cart/tax/x.H
m/native: may include: cart/tax/x.H`},
		{"no package", "README.md docs/a.txt", false, "unowned: README.md docs/a.txt"},
		{"the root's", "README.md docs/a.txt", true, "m: changed: docs/a.txt"},
		{"below the root", "price/price_test.go", true, `m: changed below it: price/price_test.go
m/price: changed: price/price_test.go`},
		{"a submodule", "cart", false, `m/cart: changed: cart
m/cart/tax: changed: cart
m/e2e: depends on m/cart (changed: cart)
m/web: depends on m/cart (changed: cart)`},
		{"a name that only begins alike", "car", false, "unowned: car"},
		{"go.mod", "go.mod", false, "everything: which modules are used: go.mod"},
		{"go.sum", "README.md go.sum", false, "everything: which modules are used: go.sum\nunowned: README.md"},
		{"go.work", "go.work", false, "everything: which modules are used: go.work"},
		{"go.work.sum", "go.work.sum", false, "everything: which modules are used: go.work.sum"},
		{"another go.mod", "-tools/go.mod", false, "everything: which modules are used: tools/go.mod"},
		{"-modfile", "ci/alt.mod", false, "everything: which modules are used: ci/alt.mod"},
		{"vendor", "vendor/modules.txt", false, "everything: vendored: vendor/modules.txt"},
		{"vendor of a module below", "sub/vendor/a.b/c.go", false, "everything: vendored: sub/vendor/a.b/c.go"},
		{"a file called vendor", "price/vendor_test.go", false, "m/price: changed: price/vendor_test.go"},
		{"configuration", ".cohort.yaml", false, "everything: cohort's configuration: .cohort.yaml"},
		{"the other configuration", ".config/cohort.yaml", false, "everything: cohort's configuration: .config/cohort.yaml"},
		{"the toolchain", ".tool-versions", false, "everything: which toolchain is used: .tool-versions"},
	} {
		packages := shop(tt.root)
		changes := changesOf(tt.changes)
		r := Decide(changes, packages, known(packages))
		if got := describe(r); got != tt.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", tt.name, got, tt.want)
		}
		targets := 8 - 1 // fixtures is none
		if tt.root {
			targets++
		}
		if r.Targets != targets || r.Files != len(changes) || r.Everything != "" && len(r.Packages) != targets {
			t.Errorf("%s: %d of %d targets, %d files", tt.name, len(r.Packages), r.Targets, r.Files)
		}
	}
}

// TestDecideStarts is about tests that start programs, which may be made of anything.
func TestDecideStarts(t *testing.T) {
	t.Parallel()
	for changed, want := range map[string]string{
		"price/price_test.go": "m/price: changed: price/price_test.go\nm/web: its tests start programs, which may be made of what changed: price/price_test.go",
		"README.md":           "unowned: README.md",
		"web/web.go":          "m/web: changed: web/web.go",
	} {
		packages := shop(false)
		packages[3].Starts = true
		if got := describe(Decide(changesOf(changed), packages, known(packages))); got != want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", changed, got, want)
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Result{
		"changed since main: 1 of 40 packages, 2 changed files":              {Packages: make([]Affected, 1), Targets: 40, Files: 2},
		"changed since main: 0 of 1 package, 1 changed file":                 {Targets: 1, Files: 1},
		"changed since main: everything, 3 packages (vendored: vendor/a.go)": {Everything: "vendored: vendor/a.go", Targets: 3, Files: 9},
	} {
		if got := r.Summary("main"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestDecideUnseen is about packages whose changes git cannot show.
func TestDecideUnseen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(packages []Package, tracked map[string]bool)
		want   string
	}{
		{"an ignored file", func(_ []Package, tracked map[string]bool) { delete(tracked, "price/price.go") },
			`m/cart: depends on m/price (price/price.go is not known to git (is it ignored?), so its changes are not known either)
m/e2e: depends on m/price (price/price.go is not known to git (is it ignored?), so its changes are not known either)
m/price: price/price.go is not known to git (is it ignored?), so its changes are not known either
m/web: depends on m/price (price/price.go is not known to git (is it ignored?), so its changes are not known either)`},
		{"an ignored file of tests", func(_ []Package, tracked map[string]bool) { delete(tracked, "web/golden/page.html") },
			"m/web: web/golden/page.html is not known to git (is it ignored?), so its changes are not known either"},
		{"another repository", func(packages []Package, _ map[string]bool) {
			packages[5].Outside, packages[5].Local = true, true
		}, "m/e2e: its tests: depends on m/fixtures (is not in this repository, so its changes are not known)"},
		{"a module of a version", func(packages []Package, _ map[string]bool) { packages[5].Outside = true }, ""},
		{"tests that start programs, nothing changed", func(packages []Package, _ map[string]bool) { packages[6].Starts = true }, ""},
		{"a package that cannot be loaded", func(packages []Package, _ map[string]bool) { packages[3].Err = "no Go files" },
			"m/web: cannot be loaded: no Go files"},
	} {
		packages := shop(false)
		tracked := known(packages)
		tt.change(packages, tracked)
		if got := describe(Decide(nil, packages, tracked)); got != tt.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

// TestDecideProperties compares with the definition, on random graphs: a target is affected if and
// only if its own file, or one of a package that it or its tests reach, has changed. The order
// of the input does not matter, and more changes never mean fewer packages.
func TestDecideProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 8))
		var packages []Package
		n := 1 + rnd.IntN(30)
		for i := range n {
			p := Package{ImportPath: fmt.Sprintf("m/p%d", i), Dir: fmt.Sprintf("p%d", i), Target: rnd.IntN(4) > 0}
			for range rnd.IntN(4) {
				if i > 0 {
					p.Imports = append(p.Imports, fmt.Sprintf("m/p%d", rnd.IntN(i)))
				}
				if rnd.IntN(3) == 0 {
					p.TestImports = append(p.TestImports, fmt.Sprintf("m/p%d", rnd.IntN(n)))
				}
			}
			packages = append(packages, p)
		}
		var changes []Change
		for range 1 + rnd.IntN(3) {
			changes = append(changes, Change{Path: fmt.Sprintf("p%d/x.go", rnd.IntN(n))})
		}
		got := names(Decide(changes, packages, nil))
		if want := reached(packages, changes); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v changed: got %v, want %v", seed, changes, got, want)
		}
		more := append(slices.Clone(changes), Change{Path: fmt.Sprintf("p%d/y.go", rnd.IntN(n))})
		rnd.Shuffle(n, func(i, j int) { packages[i], packages[j] = packages[j], packages[i] })
		all := Decide(more, packages, nil)
		for _, name := range got {
			if !slices.Contains(names(all), name) {
				t.Fatalf("seed %d: with one more change %s is not affected", seed, name)
			}
		}
		slices.Reverse(packages)
		if a, b := describe(all), describe(Decide(more, packages, nil)); a != b {
			t.Fatalf("seed %d: the order of the packages changes the result:\n%s\n%s", seed, a, b)
		}
	}
}

func names(r *Result) []string {
	var all []string
	for _, a := range r.Packages {
		all = append(all, a.ImportPath)
	}
	return all
}

// reached is the definition: it looks at every target by itself.
func reached(packages []Package, changes []Change) []string {
	byPath := make(map[string]Package)
	for _, p := range packages {
		byPath[p.ImportPath] = p
	}
	changed := func(p Package) bool {
		return slices.ContainsFunc(changes, func(c Change) bool { return strings.HasPrefix(c.Path, p.Dir+"/") })
	}
	var reaches func(path string, seen map[string]bool) bool
	reaches = func(path string, seen map[string]bool) bool {
		if seen[path] {
			return false
		}
		seen[path] = true
		p := byPath[path]
		return changed(p) || slices.ContainsFunc(p.Imports, func(dep string) bool { return reaches(dep, seen) })
	}
	var all []string
	for _, p := range packages {
		seen := make(map[string]bool)
		if p.Target && (reaches(p.ImportPath, seen) || slices.ContainsFunc(p.TestImports, func(dep string) bool { return reaches(dep, seen) })) {
			all = append(all, p.ImportPath)
		}
	}
	slices.SortFunc(all, cmp.Compare[string])
	return all
}
