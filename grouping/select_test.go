package grouping

import (
	"fmt"
	"math/rand"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// steps is a package with two groups of steps and tests in none.
func steps() *Package {
	return &Package{ImportPath: "example.com/e2e", Dir: "e2e", Tests: []Test{
		{Name: "TestLogin", File: "a_test.go", Line: 3, Group: "buy", Labels: []string{"net"}},
		{Name: "TestFree", File: "a_test.go", Line: 6, Labels: []string{"slow"}},
		{Name: "TestCart", File: "a_test.go", Line: 9, Group: "buy"},
		{Name: "TestPay", File: "b_test.go", Line: 3, Group: "buy", Labels: []string{"slow"}},
		{Name: "TestSend", File: "b_test.go", Line: 6, Group: "buy"},
		{Name: "TestOpen", File: "c_test.go", Line: 3, Group: "shop"},
		{Name: "TestTwin", File: "c_test.go", Line: 6, Group: "shop"},
		{Name: "TestShut", File: "c_test.go", Line: 9, Group: "shop"},
		{Name: "TestTwin", External: true, File: "x_test.go", Line: 3, Group: "shop", Labels: []string{"net"}},
		{Name: "TestMore", External: true, File: "x_test.go", Line: 6},
	}}
}

// describeSelection writes a selection: its units, what was added (~ in part before), warnings.
func describeSelection(s *Selection) string {
	text := describeUnits(s.Units)
	for _, a := range s.Added {
		text += fmt.Sprintf("\n+%s: %s", a.Group, strings.Join(a.Tests, " "))
		for _, name := range a.Widened {
			text += " ~" + name
		}
	}
	for _, w := range s.Warnings {
		text += "\n" + filepath.ToSlash(w.String())
	}
	return strings.TrimPrefix(text, "\n")
}

func expr(t *testing.T, text string) *LabelExpr {
	t.Helper()
	e, err := ParseLabelExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func only(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

func TestSelect(t *testing.T) {
	t.Parallel()
	const (
		buy  = "buy!: TestLogin TestCart TestPay TestSend"
		shop = "shop!: TestOpen TestTwin TestShut TestTwin(x)"
		all  = buy + "\n: TestFree\n" + shop + "\n: TestMore(x)"
	)
	for _, tt := range []struct {
		name    string
		options Options
		want    string
	}{
		{"everything", Options{}, all},
		{"first member", Options{Run: "Login"}, "buy!: TestLogin"},
		{"last member", Options{Run: "Send"}, buy + "\n+buy: TestLogin TestCart TestPay"},
		{"in the middle", Options{Run: "Cart|Free"}, "buy!: TestLogin TestCart\n: TestFree\n+buy: TestLogin"},
		{"two with a gap", Options{Run: "Login|Pay"}, "buy!: TestLogin TestCart TestPay\n+buy: TestCart"},
		{"subtest of a later member", Options{Run: "Pay/card"}, "buy!: TestLogin TestCart TestPay\n+buy: TestLogin TestCart"},
		{"subtest of an earlier member", Options{Run: "Cart/one|Pay"}, "buy!: TestLogin TestCart TestPay\n+buy: TestLogin ~TestCart"},
		{"all levels", Options{Run: "TestL|Cart/x|Pay/y"}, "buy!: TestLogin TestCart TestPay\n+buy:  ~TestCart"},
		{"skipped before", Options{Skip: "Login|Shut|More"},
			buy + "\n: TestFree\n" + shop + "\n+buy: TestLogin\n+shop: TestShut"},
		{"skipped at the end", Options{Run: "Login|Cart|Pay|Send", Skip: "Send|Pay"}, "buy!: TestLogin TestCart"},
		{"subtests skipped before", Options{Run: "Login|Cart|Pay|Send", Skip: "Cart/x|Send/y"}, buy + "\n+buy:  ~TestCart"},
		{"twin before and after", Options{Run: "Twin"}, shop + "\n+shop: TestOpen TestShut"},
		{"twin comes with a later one", Options{Run: "Shut"}, shop + "\n+shop: TestOpen TestTwin"},
		{"nothing", Options{Run: "None"}, ""},

		{"partial", Options{Run: "Login|Pay", PartialGroups: true},
			"buy!: TestLogin TestPay\ne2e/b_test.go:3: group buy runs without TestCart, which comes before TestPay: steps that need it may fail (--whole-groups runs it too)"},
		{"partial levels", Options{Run: "Cart/x|Send", PartialGroups: true},
			"buy!: TestCart TestSend\ne2e/b_test.go:6: group buy runs without TestLogin, a part of TestCart, TestPay, which comes before TestSend: steps that need it may fail (--whole-groups runs it too)"},
		{"partial, nothing before", Options{Run: "Login|Cart/x", PartialGroups: true}, "buy!: TestLogin TestCart"},

		{"label of one member", Options{Label: expr(t, "net && slow")}, buy},
		{"label not of a group", Options{Label: expr(t, "!slow")}, shop + "\n: TestMore(x)"},
		{"label of none", Options{Label: expr(t, "none")}, ""},
		{"label and run", Options{Label: expr(t, "slow"), Run: "Cart|Free|Open"}, "buy!: TestLogin TestCart\n: TestFree\n+buy: TestLogin"},
		{"label, groups ignored", Options{Label: expr(t, "net"), Dist: Load}, ": TestLogin\n: TestTwin TestTwin(x)"},
		{"label, files", Options{Label: expr(t, "slow"), Dist: LoadFile}, buy + "\na_test.go: TestFree"},

		{"only a member", Options{Only: only("TestPay", "TestFree")}, buy + "\n: TestFree"},
		{"only and run", Options{Only: only("TestPay"), Run: "Cart|Free"}, "buy!: TestLogin TestCart\n+buy: TestLogin"},
		{"only, files", Options{Only: only("TestFree"), Dist: LoadFile}, "a_test.go: TestFree"},
		{"only, nothing", Options{Only: only()}, ""},

		{"groups ignored", Options{Run: "Send", Dist: Load}, ": TestSend"},
		{"loadpackage", Options{Run: "Send", Dist: LoadPackage}, "example.com/e2e: TestSend"},
		{"by expression", Options{Run: "More", Groups: exprs("Free|More")}, "Free|More!: TestFree TestMore(x)\n+Free|More: TestFree"},
	} {
		s, err := Select(steps(), tt.options)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := describeSelection(s); got != tt.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
	for name, o := range map[string]Options{"run": {Run: "("}, "split": {Groups: exprs("Free")}} {
		p := steps()
		p.Tests[1].Split = true
		if _, err := Select(p, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestUnitsAddNothing holds the old door to what it promises: of a group what is selected.
func TestUnitsAddNothing(t *testing.T) {
	t.Parallel()
	units, warnings, err := Units(steps(), Options{Run: "Login|Pay|Twin"})
	want := "buy!: TestLogin TestPay\nshop!: TestTwin TestTwin(x)"
	if got := describeUnits(units); err != nil || len(warnings) > 0 || got != want {
		t.Errorf("error %v, warnings %v, got\n%s\nwant\n%s", err, warnings, got, want)
	}
}

func TestSplitTwins(t *testing.T) {
	t.Parallel()
	p := &Package{Dir: "p", Tests: []Test{{Name: "TestA", File: "a_test.go", Line: 2, Split: true}, {Name: "TestA", External: true}}}
	_, warnings, err := Units(p, Options{})
	want := "p/a_test.go:2: TestA is not split: the internal and the external test package both have a test of that name"
	if err != nil || len(warnings) != 1 || filepath.ToSlash(warnings[0].String()) != want {
		t.Errorf("error %v, warnings %v", err, warnings)
	}
}

func TestPatternsOfSelection(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options   Options
		names     []string
		run, skip string
	}{
		{Options{Run: "Send", Skip: "x"}, []string{"TestSend"}, "^(TestSend)$", "x"},
		{Options{Run: "Send", Skip: "x"}, []string{"TestLogin", "TestSend"}, "^(TestLogin|TestSend)$", ""},
		{Options{Run: "Pay/card", Skip: "Cart|Login/x"}, []string{"TestLogin", "TestCart", "TestPay"}, "^(TestLogin|TestCart)$|^(TestPay)$/card", ""},
		{Options{Run: "Pay", Skip: "Cart|Pay/x|T/y"}, []string{"TestCart", "TestPay"}, "^(TestCart|TestPay)$", "^(TestPay)$/x|^(TestPay)$/y"},
	} {
		s, err := Select(steps(), tt.options)
		if err != nil {
			t.Fatal(err)
		}
		run, skip, err := s.Patterns(tt.names)
		if err != nil || run != tt.run || skip != tt.skip {
			t.Errorf("%+v: -run %s -skip %s, %v, want -run %s -skip %s", tt.options, run, skip, err, tt.run, tt.skip)
		}
	}
	s, err := Select(steps(), Options{Run: "Login"})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{Run: "Send"}, {Label: expr(t, "net")}, {Only: only("TestFree")}} {
		if s, err := Select(steps(), o); err != nil || s.Plain() {
			t.Errorf("%+v: error %v, plain although it is not what the patterns select", o, err)
		}
	}
	if s, err := Select(steps(), Options{Label: expr(t, "!none"), Only: only("TestFree", "TestSend", "TestTwin", "TestMore")}); err != nil || !s.Plain() {
		t.Errorf("everything: error %v, not plain", err)
	}
	if run, _, err := s.Patterns([]string{"TestFree"}); err == nil {
		t.Errorf("a test that is not selected: %s", run)
	}
}

// TestSelectionRuns asks the testing package whether the patterns run what they should: of a
// member that was added or widened everything, of any other what the user's patterns select.
func TestSelectionRuns(t *testing.T) {
	t.Parallel()
	o := startOracle(t)
	for seed := range int64(150) {
		rng := rand.New(rand.NewSource(seed))
		p := &Package{Tests: []Test{{Name: "TestA"}, {Name: "TestAB"}, {Name: "TestB"}, {Name: "Test_x"}, {Name: "TestΩ"}}}
		for i := range p.Tests {
			p.Tests[i].Group = []string{"", "g", "g"}[rng.Intn(3)]
		}
		options := Options{Run: patterns[rng.Intn(len(patterns))], Skip: patterns[rng.Intn(len(patterns))]}
		s, err := Select(p, options)
		if err != nil {
			continue // a pattern that does not compile
		}
		whole := make(map[string]bool)
		for _, a := range s.Added {
			for _, name := range slices.Concat(a.Tests, a.Widened) {
				whole[name] = true
			}
		}
		q := question{Names: topNames[:5], Levels: subLevels}
		all := o.ask(t, q).Ran
		q.Run, q.Skip = options.Run, options.Skip
		users := o.ask(t, q).Ran
		if plain := len(whole) == 0; s.Plain() != plain {
			t.Fatalf("seed %d, -run %q -skip %q: plain %v, want %v", seed, options.Run, options.Skip, s.Plain(), plain)
		}
		for _, u := range s.Units {
			if q.Run, q.Skip, err = s.Patterns(u.Names()); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			var want []string
			for _, name := range all {
				top, _, _ := strings.Cut(name, "/")
				if slices.Contains(u.Names(), top) && (whole[top] || slices.Contains(users, name)) {
					want = append(want, name)
				}
			}
			if got := o.ask(t, q); !slices.Equal(got.Ran, want) {
				t.Fatalf("seed %d, -run %q -skip %q, unit %q, added %v: -run %q -skip %q runs\n%q, want\n%q",
					seed, options.Run, options.Skip, u.Names(), s.Added, q.Run, q.Skip, got.Ran, want)
			}
		}
	}
}

// TestSelectProperties compares Select with its definition on random packages.
func TestSelectProperties(t *testing.T) {
	t.Parallel()
	for seed := range int64(200) {
		rng := rand.New(rand.NewSource(seed))
		p := randomPackage(rng)
		o := Options{
			Dist:   []Dist{"", LoadScope, LoadFile, LoadPackage, Load}[rng.Intn(5)],
			Groups: [][]*regexp.Regexp{nil, exprs("[13]$"), exprs("^(Test|Fuzz)1", "2")}[rng.Intn(3)],
			Run:    []string{"", "1|2|3", "Fuzz", "Test/x|2", "3/y"}[rng.Intn(5)],
			Skip:   []string{"", "2", "1/x", "^Example"}[rng.Intn(4)],
		}
		selected, _, err := Units(p, o)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Select(p, o)
		if err != nil {
			t.Fatal(err)
		}
		if fault := wholeFault(p, o, selected, s); fault != "" {
			t.Errorf("seed %d, %+v: %s\n%s", seed, o, fault, describeSelection(s))
		}
	}
}

// wholeFault returns what is wrong with a selection, given the units that were selected, or "".
func wholeFault(p *Package, o Options, selected []Unit, s *Selection) string {
	everything, _, err := Units(p, Options{Dist: o.Dist, Groups: o.Groups})
	if err != nil {
		return err.Error()
	}
	if len(selected) != len(s.Units) {
		return "a unit was added or lost"
	}
	key := func(u Unit) string {
		if u.Group == "" {
			return "test " + u.Tests[0].Name
		}
		return u.Group
	}
	full := make(map[string][]string)
	for _, u := range everything {
		full[key(u)] = testNames(u)
	}
	chosen := make(map[string][]string)
	for _, u := range selected {
		chosen[key(u)] = testNames(u)
	}
	for _, u := range s.Units {
		got := testNames(u)
		if !u.Declared && !slices.Equal(got, chosen[key(u)]) {
			return fmt.Sprintf("%s is no group and runs %q, want %q", key(u), got, chosen[key(u)])
		}
		if u.Declared && !slices.Equal(got, full[key(u)][:len(got)]) {
			return fmt.Sprintf("group %s runs %q: not the beginning of %q", u.Group, got, full[key(u)])
		}
		for _, name := range chosen[key(u)] {
			if !slices.Contains(got, name) {
				return name + " is lost"
			}
		}
	}
	return ""
}

func testNames(u Unit) []string {
	var names []string
	for _, t := range u.Tests {
		names = append(names, fmt.Sprint(t.Kind, t.External, t.Name))
	}
	return names
}

func TestRunWide(t *testing.T) {
	t.Parallel()
	packages := []*Package{shop(), steps()}
	texts := func(warnings []Warning) string {
		var lines []string
		for _, w := range warnings {
			w.File = filepath.ToSlash(w.File)
			lines = append(lines, w.String())
		}
		return strings.Join(lines, "\n")
	}
	got := texts(UnmatchedGroups(exprs("Cart", "^Flwo'", "TestDB_(x)?", "nothing"), packages))
	if want := "--group '^Flwo'\\''' matches no test\n--group 'nothing' matches no test"; got != want {
		t.Errorf("groups: got\n%s\nwant\n%s", got, want)
	}
	for text, want := range map[string]string{
		"net && !slow":  "",
		"nett || slow":  "--label 'nett || slow': no test has the label nett",
		"b && a && net": "--label 'b && a && net': no test has the labels a, b",
		"rule":          "",
	} {
		if got := texts(UnknownLabels(expr(t, text), packages, "rule")); got != want {
			t.Errorf("label %s: got %q, want %q", text, got, want)
		}
	}
}

func TestTestMainGroups(t *testing.T) {
	t.Parallel()
	const rest = "cannot end at the first failure: the package has a TestMain, so all its tests run in one process (--testmain=per-worker gives a group its own)"
	for _, tt := range []struct {
		testMain bool
		options  Options
		want     string
	}{
		{true, Options{}, "e2e/a_test.go:3: groups buy, shop of example.com/e2e " + rest},
		{true, Options{Run: "Free|Open"}, "e2e/c_test.go:3: group shop of example.com/e2e " + rest},
		{true, Options{Run: "Open"}, ""},
		{true, Options{Run: "Free|More"}, ""},
		{true, Options{Dist: Load}, ""},
		{false, Options{}, ""},
	} {
		p := steps()
		p.TestMain = tt.testMain
		units, _, err := Units(p, tt.options)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if w, ok := TestMainGroups(p, units); ok {
			got = filepath.ToSlash(w.String())
		}
		if got != tt.want {
			t.Errorf("%v %+v: got %q, want %q", tt.testMain, tt.options, got, tt.want)
		}
	}
}
