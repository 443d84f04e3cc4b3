package grouping

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestNewDirectives is about label, lock, timeout and split, as if the scheduler supported all.
func TestNewDirectives(t *testing.T) {
	t.Parallel()
	const header = "package p\n\nimport \"testing\"\n\n" // the next line is 5
	const fn = "func TestA(t *testing.T) {}\n"
	for _, tt := range []struct{ name, src, want string }{
		{"label", header + "//cohort:label network e2e\n" + fn, `TestA labels=["e2e" "network"] locks=[] timeout=0s split=false`},
		{"labels in two lines", header + "//cohort:label go1.26\n//cohort:label b_2\n" + fn, `TestA labels=["b_2" "go1.26"] locks=[] timeout=0s split=false`},
		{"label of any script", header + "//cohort:label медленно\n" + fn, `TestA labels=["медленно"] locks=[] timeout=0s split=false`},
		{"labels add up", "//cohort:label e2e a\npackage p\n//cohort:label b e2e\n" + fn + "func TestB(t *testing.T) {}\n",
			`TestA labels=["a" "b" "e2e"] locks=[] timeout=0s split=false` + "\n" + `TestB labels=["a" "e2e"] locks=[] timeout=0s split=false`},
		{"label and group", header + "//cohort:label a\n//cohort:group g\n" + fn, `TestA labels=["a"] locks=[] timeout=0s split=false group="g" serial=false`},
		{"label of an example", header + "//cohort:label a\nfunc ExampleA() {\n\t// Output: x\n}\n", `ExampleA labels=["a"] locks=[] timeout=0s split=false`},
		{"label without a name", header + "//cohort:label\n" + fn, "x_test.go:5: //cohort:label needs a name: //cohort:label NAME..."},
		{"label with a hyphen", header + "//cohort:label long-running\n" + fn, `x_test.go:5: label "long-running": only letters, digits and _ . are allowed, as in //go:build`},
		{"labels with a comma", header + "//cohort:label a, b\n" + fn, `x_test.go:5: label "a,": only letters, digits and _ . are allowed, as in //go:build`},
		{"label expression", header + "//cohort:label !slow\n" + fn, `x_test.go:5: label "!slow": only letters, digits and _ . are allowed, as in //go:build`},
		{"label twice", header + "//cohort:label a b a\n" + fn, "x_test.go:5: label a is given twice"},
		{"label twice in two lines", header + "//cohort:label a\n//cohort:label a\n" + fn, "x_test.go:6: label a is given twice"},
		{"labels, near", header + "//cohort:labels a\n" + fn, "x_test.go:5: unknown directive //cohort:labels (did you mean //cohort:label NAME...?)"},
		{"label on a type", header + "//cohort:label a\ntype T int\n", "x_test.go:5: //cohort:label a belongs in the doc comment of a test function, or above the package clause"},

		{"lock", header + "//cohort:lock db port/8080\n" + fn, `TestA labels=[] locks=["db" "port/8080"] timeout=0s split=false`},
		{"locks add up", "//cohort:lock db\npackage p\n//cohort:lock a-b db\n" + fn, `TestA labels=[] locks=["a-b" "db"] timeout=0s split=false`},
		{"lock without a name", header + "//cohort:lock \t\n" + fn, "x_test.go:5: //cohort:lock needs a name: //cohort:lock NAME..."},
		{"lock, malformed", header + "//cohort:lock db:2\n" + fn, `x_test.go:5: lock "db:2": only letters, digits and _ - . / are allowed`},
		{"lock twice", header + "//cohort:lock db db\n" + fn, "x_test.go:5: lock db is given twice"},
		{"lock on a benchmark", header + "//cohort:lock db\nfunc BenchmarkA(b *testing.B) {}\n", "x_test.go:5: //cohort:lock db is on benchmark BenchmarkA: it belongs on a Test, Fuzz or Example function"},

		{"timeout", header + "//cohort:timeout 1m30s\n" + fn, `TestA labels=[] locks=[] timeout=1m30s split=false`},
		{"timeout of a file", "//cohort:timeout 2s\npackage p\n//cohort:timeout 500ms\n" + fn + "func TestB(t *testing.T) {}\n",
			"TestA labels=[] locks=[] timeout=500ms split=false\nTestB labels=[] locks=[] timeout=2s split=false"},
		{"no duration", header + "//cohort:timeout\n" + fn, "x_test.go:5: //cohort:timeout needs a duration: //cohort:timeout 1m30s"},
		{"two durations", header + "//cohort:timeout 1m 30s\n" + fn, `x_test.go:5: //cohort:timeout takes one duration, not "1m 30s"`},
		{"no unit", header + "//cohort:timeout 30\n" + fn, `x_test.go:5: timeout "30" is not a duration such as 30s or 1m30s`},
		{"no number", header + "//cohort:timeout never\n" + fn, `x_test.go:5: timeout "never" is not a duration such as 30s or 1m30s`},
		{"zero", header + "//cohort:timeout 0s\n" + fn, "x_test.go:5: timeout 0s: it must be greater than 0"},
		{"negative", header + "//cohort:timeout -1m\n" + fn, "x_test.go:5: timeout -1m: it must be greater than 0"},
		{"too large", header + "//cohort:timeout 9999999h\n" + fn, `x_test.go:5: timeout "9999999h" is not a duration such as 30s or 1m30s`},
		{"timeout twice", header + "//cohort:timeout 1m\n//cohort:timeout 2m\n" + fn, "x_test.go:6: a second timeout, 2m: there is one of 1m0s at line 5"},

		{"split", header + "//cohort:split\n" + fn, "TestA labels=[] locks=[] timeout=0s split=true"},
		{"split file", "//cohort:split\npackage p\n" + fn + "func FuzzA(f *testing.F) {}\nfunc ExampleA() {\n// Output: x\n}\n", "TestA labels=[] locks=[] timeout=0s split=true"},
		{"split with a word", header + "//cohort:split 4\n" + fn, `x_test.go:5: //cohort:split takes nothing after it, not "4"`},
		{"split twice", header + "//cohort:split\n//cohort:split\n" + fn, "x_test.go:6: //cohort:split is given twice"},
		{"split fuzz target", header + "//cohort:split\nfunc FuzzA(f *testing.F) {}\n", "x_test.go:5: //cohort:split is on FuzzA: only a Test function can be split"},
		{"split example", header + "//cohort:split\nfunc ExampleA() {\n// Output: x\n}\n", "x_test.go:5: //cohort:split is on ExampleA: only a Test function can be split"},
		{"split member", header + "//cohort:group g\n//cohort:split\n" + fn, "x_test.go:6: //cohort:split: TestA is in group g, whose members run in one process"},
		{"split member of a file's group", "//cohort:group g\npackage p\n\n//cohort:split\n" + fn, "x_test.go:4: //cohort:split: TestA is in group g, whose members run in one process"},
		{"member in a split file", "//cohort:split\npackage p\n\n//cohort:group g\n" + fn, "x_test.go:1: //cohort:split: TestA is in group g, whose members run in one process"},
		{"split and serial", header + "//cohort:serial\n//cohort:split\n" + fn, "x_test.go:6: //cohort:split: TestA is serial, so no two of its parts could run at the same time"},
		{"split and serial file", "//cohort:serial\npackage p\n\n//cohort:split\n" + fn, "x_test.go:4: //cohort:split: TestA is serial, so no two of its parts could run at the same time"},

		{"upper case", header + "//Cohort:group a\n" + fn, "x_test.go:5: a directive is written in lower case: write //cohort:group a"},
		{"upper case, unknown word", header + "//COHORT:grup\n" + fn, "x_test.go:5: a directive is written in lower case: write //cohort:grup"},
		{"upper case, misplaced", header + "//Cohort:serial\n\n" + fn, "x_test.go:5: //Cohort:serial belongs in the doc comment of a test function, or above the package clause"},
		{"upper case, of a file", "//Cohort:serial\npackage p\n" + fn, "x_test.go:1: a directive is written in lower case: write //cohort:serial"},
		{"upper case and space", header + "// Cohort:serial\n" + fn, "x_test.go:5: a directive has no space after the slashes: write //cohort:serial"},
		{"upper case in prose", header + "// Cohort: see there.\n// Cohort:serial tests wait.\n" + fn, ""},
		{"block", header + "/*cohort:group a*/\n" + fn, "x_test.go:5: a directive is a comment with slashes, on a line of its own: write //cohort:group a"},
		{"block with spaces", header + "/* cohort:serial */\n" + fn, "x_test.go:5: a directive is a comment with slashes, on a line of its own: write //cohort:serial"},
		{"block, upper case", header + "/*Cohort:serial*/\n" + fn, "x_test.go:5: a directive is a comment with slashes, on a line of its own: write //cohort:serial"},
		{"block of lines", header + "/*cohort:group a\nb\n*/\n" + fn, "x_test.go:5: a directive is a comment with slashes, on a line of its own: write //cohort:group a"},
		{"block of lines, misplaced", header + "var x int /*cohort:group a\nb*/\n", "x_test.go:5: /*cohort:group a ... belongs in the doc comment of a test function, or above the package clause"},
		{"block of prose", header + "/* cohort: see there. */\n/*\ncohort:serial\n*/\n" + fn, ""},
		{"all kinds", header + "//cohort:label a\n//cohort:lock b\n//cohort:timeout 1s\n//cohort:serial\n//cohort:group g\n" + fn,
			`TestA labels=["a"] locks=["b"] timeout=1s split=false group="g" serial=true`},
		{"nothing", header + fn, ""},
	} {
		f := read(t, tt.src)
		f.unsupported = nil
		if got := said(f); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
		if tt.want != "" && !mentionsDirective([]byte(tt.src)) {
			t.Errorf("%s: the file would not be read", tt.name)
		}
	}
}

// TestUnsupportedDirectives holds for every directive, whether it is supported today or not.
func TestUnsupportedDirectives(t *testing.T) {
	t.Parallel()
	arguments := map[string]string{wordGroup: " g", wordLabel: " l", wordLock: " l", wordTimeout: " 1s"}
	for _, word := range words() {
		src := "package p\n\nimport \"testing\"\n\n//cohort:" + word + arguments[word] + "\nfunc TestA(t *testing.T) {}\n"
		_, err := verdict([]*testFile{read(t, src)})
		want := fmt.Sprintf("x_test.go:5: //cohort:%s is not supported by this version of cohort", word)
		switch {
		case supported(word) && err != nil:
			t.Errorf("%s is supported: %v", word, err)
		case !supported(word) && (err == nil || err.Error() != want):
			t.Errorf("%s: error %v, want %s", word, err, want)
		}
		if supported(word) != strings.Contains(usages(), usage(word)) {
			t.Errorf("%s: messages name %s", word, usages())
		}
	}
	if supported("retry") {
		t.Error("an unknown word is supported")
	}
}

func TestAnnotateEverything(t *testing.T) {
	t.Parallel()
	f := read(t, "//cohort:label f\n//cohort:lock fl\n//cohort:timeout 9s\n\npackage p\n\n//cohort:label t\n//cohort:lock tl\nfunc TestA(t *testing.T) {}\n")
	var test Test
	test.annotate(f, f.funcs[0])
	got := fmt.Sprintf("%v %v %v %v %d %s", test.Labels, test.Locks, test.Timeout, test.Split, test.Line, test.File)
	if want := "[f t] [fl tl] 9s false 9 x_test.go"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestUnitUnion is about what a group has of its members, and what each member keeps.
func TestUnitUnion(t *testing.T) {
	t.Parallel()
	p := &Package{ImportPath: "example.com/p", Dir: "p", Tests: []Test{
		{Name: "TestA", Group: "g", Labels: []string{"b"}, Locks: []string{"y"}, Timeout: time.Second},
		{Name: "TestB", Group: "g", Labels: []string{"a", "b"}, Locks: []string{"x"}},
		{Name: "TestC", Labels: []string{"c"}, Split: true, File: "c_test.go", Line: 7},
		{Name: "TestTwin", Split: true},
		{Name: "TestTwin", External: true, Split: true},
	}}
	describe := func(o Options) string {
		units, _, err := Units(p, o)
		if err != nil {
			return filepath.ToSlash(err.Error())
		}
		var lines []string
		for _, u := range units {
			lines = append(lines, fmt.Sprintf("%s %v %v split=%v %v", u.Name(), u.Labels, u.Locks, u.Split, u.Tests[0].Timeout))
		}
		return strings.Join(lines, "\n")
	}
	for _, tt := range []struct {
		name    string
		options Options
		want    string
	}{
		{"default", Options{}, "g [a b] [x y] split=false 1s\nTestC [c] [] split=true 0s\nTestTwin [] [] split=false 0s"},
		{"loadpackage", Options{Dist: LoadPackage}, "example.com/p [a b c] [x y] split=false 1s"},
		{"group by expression", Options{Groups: exprs("C$")}, "p/c_test.go:7: TestC says //cohort:split, but is in group C$, whose members run in one process"},
		{"groups ignored", Options{Groups: exprs("C$"), Dist: Load, Run: "C"}, "TestC [c] [] split=true 0s"},
	} {
		if got := describe(tt.options); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}
