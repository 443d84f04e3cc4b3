package grouping

import (
	"errors"
	"fmt"
	"math/rand"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shop is a package with everything that units depend on.
func shop() *Package {
	return &Package{ImportPath: "example.com/shop", Dir: "shop", Tests: []Test{
		{Name: "TestCart", File: "a_test.go", Line: 3, Group: "checkout"},
		{Name: "TestLoose", File: "a_test.go", Line: 6},
		{Name: "TestDB_open", File: "b_test.go", Line: 3},
		{Name: "TestDB_close", File: "b_test.go", Line: 6, Parallel: true},
		{Name: "TestTwin", File: "b_test.go", Line: 9},
		{Name: "TestPay", File: "c_test.go", Line: 3, Group: "checkout", Parallel: true, parallelLine: 4},
		{Name: "TestTwin", External: true, File: "x_test.go", Line: 3},
		{Name: "TestAlone", External: true, File: "x_test.go", Line: 6, Serial: true},
		{Name: "FuzzCart", Kind: KindFuzz, File: "a_test.go", Line: 9, Group: "checkout"},
		{Name: "ExampleCart", Kind: KindExample, External: true, File: "x_test.go", Line: 9},
	}}
}

// describeUnits writes units so that a difference is easy to see: the group, ! if it
// is declared, s if it is serial, and the tests.
func describeUnits(units []Unit) string {
	var lines []string
	for _, u := range units {
		line := u.Group
		if u.Declared {
			line += "!"
		}
		if u.Serial {
			line += " s"
		}
		line += ":"
		for _, t := range u.Tests {
			line += " " + t.Name
			if t.External {
				line += "(x)"
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func exprs(texts ...string) []*regexp.Regexp {
	var res []*regexp.Regexp
	for _, text := range texts {
		res = append(res, regexp.MustCompile(text))
	}
	return res
}

func TestUnits(t *testing.T) {
	t.Parallel()
	const parallelPay = "shop/c_test.go:4: TestPay is in group checkout and calls t.Parallel: it does not keep its place in the group's order"
	for _, tt := range []struct {
		name     string
		options  Options
		want     string
		warnings string
	}{
		{"default", Options{}, `
checkout!: TestCart TestPay FuzzCart
: TestLoose
: TestDB_open
: TestDB_close
: TestTwin TestTwin(x)
 s: TestAlone(x)
: ExampleCart(x)`, parallelPay},
		{"loadfile", Options{Dist: LoadFile}, `
checkout!: TestCart TestPay FuzzCart
a_test.go: TestLoose
b_test.go: TestDB_open TestDB_close TestTwin TestTwin(x)
x_test.go s: TestAlone(x) ExampleCart(x)`, parallelPay},
		{"loadpackage", Options{Dist: LoadPackage}, `
example.com/shop s: TestCart TestLoose TestDB_open TestDB_close TestTwin TestPay TestTwin(x) TestAlone(x) FuzzCart ExampleCart(x)`, ""},
		{"load", Options{Dist: Load, Groups: exprs("DB")}, `
: TestCart
: TestLoose
: TestDB_open
: TestDB_close
: TestTwin TestTwin(x)
: TestPay
 s: TestAlone(x)
: FuzzCart
: ExampleCart(x)`, ""},
		{"expressions", Options{Groups: exprs(`^(Test[A-Za-z0-9]+)_`, "DB|Loose", "(Cart)")}, `
checkout!: TestCart TestPay FuzzCart
DB|Loose!: TestLoose
TestDB!: TestDB_open TestDB_close
: TestTwin TestTwin(x)
 s: TestAlone(x)
Cart!: ExampleCart(x)`,
			"shop/b_test.go:6: TestDB_close is in group TestDB and calls t.Parallel: it does not keep its place in the group's order\n" + parallelPay},
		{"expressions that capture nothing", Options{Groups: exprs(`Exam()ple|^Test(A)`, `Lo(p)?`, `^x(checkout)|Tw`)}, `
checkout!: TestCart TestPay FuzzCart
Lo(p)?!: TestLoose
: TestDB_open
: TestDB_close
^x(checkout)|Tw!: TestTwin TestTwin(x)
Exam()ple|^Test(A)! s: TestAlone(x) ExampleCart(x)`, parallelPay},
		{"run and skip", Options{Run: "Cart/x|DB|Twin", Skip: "_open|^ExampleCart/y"}, `
checkout!: TestCart FuzzCart
: TestDB_close
: TestTwin TestTwin(x)
: ExampleCart(x)`, ""},
		{"nothing", Options{Run: "Nothing"}, "", ""},
	} {
		units, warnings, err := Units(shop(), tt.options)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := describeUnits(units); got != strings.TrimPrefix(tt.want, "\n") {
			t.Errorf("%s:\n%s\nwant:%s", tt.name, got, tt.want)
		}
		var texts []string
		for _, w := range warnings {
			texts = append(texts, filepath.ToSlash(w.String()))
		}
		if got := strings.Join(texts, "\n"); got != tt.warnings {
			t.Errorf("%s: warnings:\n%s\nwant:\n%s", tt.name, got, tt.warnings)
		}
	}
}

func TestUnitsTwins(t *testing.T) {
	t.Parallel()
	p := shop()
	p.Tests[6].Group = "twins" // the external TestTwin
	units, _, err := Units(p, Options{Groups: exprs("Twin")})
	if got := describeUnits(units); err != nil || !strings.Contains(got, "\ntwins!: TestTwin TestTwin(x)\n") {
		t.Errorf("one twin in a group: error %v\n%s", err, got)
	}
	p.Tests[4].Group = "others"
	_, _, err = Units(p, Options{})
	var wrong *DirectiveError
	want := "shop/x_test.go:3: TestTwin is in group twins, but in group others at shop/b_test.go:9: tests of one name always run together"
	if !errors.As(err, &wrong) || filepath.ToSlash(err.Error()) != want {
		t.Errorf("twins in two groups: error %v\nwant %s", err, want)
	}
}

func TestUnitsLoadFileWithoutPositions(t *testing.T) {
	t.Parallel()
	p := &Package{ImportPath: "example.com/p", Tests: []Test{{Name: "TestA"}, {Name: "TestB"}}}
	units, warnings, err := Units(p, Options{Dist: LoadFile})
	if got := describeUnits(units); err != nil || got != ": TestA\n: TestB" || len(warnings) != 2 {
		t.Errorf("error %v, warnings %v, units:\n%s", err, warnings, got)
	}
	if want := "TestA of example.com/p runs by itself: its source file was not found"; warnings[0].String() != want {
		t.Errorf("warning %q, want %q", warnings[0], want)
	}
}

func TestUnitsInvalidPattern(t *testing.T) {
	t.Parallel()
	if _, _, err := Units(shop(), Options{Skip: "("}); err == nil {
		t.Error("no error for -skip '('")
	}
}

// TestUnitsLoseNothing checks on random packages what holds in every mode:
// the selected tests are in exactly one unit each, in go's order; the members
// of a group, and tests of one name, are in one unit.
func TestUnitsLoseNothing(t *testing.T) {
	t.Parallel()
	for seed := range int64(300) {
		rng := rand.New(rand.NewSource(seed))
		p := randomPackage(rng)
		o := Options{
			Dist:   []Dist{"", LoadScope, LoadFile, LoadPackage, Load}[rng.Intn(5)],
			Groups: [][]*regexp.Regexp{nil, exprs("[13]$"), exprs("^(Test|Fuzz)1", "2")}[rng.Intn(3)],
			Run:    []string{"", "1|2|3", "Fuzz", "Test/x|2"}[rng.Intn(4)],
			Skip:   []string{"", "2", "1/x", "^Example"}[rng.Intn(4)],
		}
		before := slices.Clone(p.Tests)
		units, _, err := Units(p, o)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !reflect.DeepEqual(p.Tests, before) {
			t.Fatalf("seed %d: the package was changed", seed)
		}
		if fault := unitsFault(p, o, units); fault != "" {
			t.Errorf("seed %d, %+v: %s\n%s", seed, o, fault, describeUnits(units))
		}
	}
}

// unitsFault returns what is wrong with the units, or "".
func unitsFault(p *Package, o Options, units []Unit) string {
	unitOf := make(map[string]int) // by Kind, External and Name
	nameUnit := make(map[string]int)
	id := func(t Test) string { return fmt.Sprint(t.Kind, t.External, t.Name) }
	position := make(map[string]int)
	for i, t := range p.Tests {
		position[id(t)] = i
	}
	for i, u := range units {
		last := -1
		for _, t := range u.Tests {
			if _, ok := unitOf[id(t)]; ok {
				return t.Name + " is in two units"
			}
			unitOf[id(t)] = i
			if j, ok := nameUnit[t.Name]; ok && j != i {
				return "the tests named " + t.Name + " are apart"
			}
			nameUnit[t.Name] = i
			if position[id(t)] < last {
				return t.Name + " is out of order"
			}
			last = position[id(t)]
		}
	}
	filter, err := NewFilter(o.Run, o.Skip)
	if err != nil {
		return err.Error()
	}
	groupUnit := make(map[string]int)
	for _, t := range p.Tests {
		ok := filter.Match(t.Name)
		i, planned := unitOf[id(t)]
		switch {
		case ok != planned:
			return fmt.Sprintf("%s: selected %v, in a unit %v", t.Name, ok, planned)
		case !ok || t.Group == "" || o.Dist == Load:
		case o.Dist != LoadPackage && (!units[i].Declared || units[i].Group != t.Group):
			return t.Name + " is not in its group"
		default:
			if j, ok := groupUnit[t.Group]; ok && i != j {
				return "group " + t.Group + " is torn"
			}
			groupUnit[t.Group] = i
		}
	}
	return ""
}

// randomPackage returns a package in which tests of one name are in one group.
func randomPackage(rng *rand.Rand) *Package {
	p := &Package{ImportPath: "example.com/p"}
	groups := make(map[string]string)
	for _, kind := range []Kind{KindTest, KindFuzz, KindExample} {
		for _, external := range []bool{false, true} {
			for i := range 6 {
				if rng.Intn(3) == 0 {
					continue
				}
				t := Test{Name: fmt.Sprintf("%s%d", kind, i), Kind: kind, External: external, File: fmt.Sprintf("%v%d_test.go", external, i/2)}
				if _, ok := groups[t.Name]; !ok {
					groups[t.Name] = []string{"", "", "a", "b", "Test1"}[rng.Intn(5)]
				}
				t.Group = groups[t.Name]
				t.Serial = rng.Intn(8) == 0
				p.Tests = append(p.Tests, t)
			}
		}
	}
	return p
}

func TestUnitNames(t *testing.T) {
	t.Parallel()
	units, _, err := Units(shop(), Options{Run: "Twin|Cart"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range units {
		got = append(got, fmt.Sprintf("%s=%v", u.Name(), u.Names()))
	}
	want := []string{"checkout=[TestCart FuzzCart]", "TestTwin=[TestTwin]", "ExampleCart=[ExampleCart]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseDist(t *testing.T) {
	t.Parallel()
	for _, mode := range []Dist{LoadScope, LoadFile, LoadPackage, Load} {
		if got, err := ParseDist(string(mode)); err != nil || got != mode {
			t.Errorf("ParseDist(%q) = %q, %v", mode, got, err)
		}
	}
	_, err := ParseDist("each")
	if want := `unknown mode "each" (there are loadscope, loadfile, loadpackage, load)`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
