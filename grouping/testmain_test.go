package grouping

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestParseTestmain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file, path                                       string
		tests, fuzz, examples, benchmarks                int
		external                                         int
		firstTest, lastTest, lastExample, firstBenchmark string
		testMain                                         bool
	}{
		{file: "sort", path: "sort", tests: 29, examples: 19, benchmarks: 29, external: 48,
			firstTest: "TestSearch", lastTest: "TestCountSortOps", lastExample: "Example_sortWrapper", firstBenchmark: "BenchmarkSearchWrappers"},
		{file: "strings", path: "strings", tests: 69, fuzz: 1, examples: 57, benchmarks: 74, external: 127,
			firstTest: "TestBuilder", lastTest: "TestCutSuffix", lastExample: "ExampleFieldsFuncSeq", firstBenchmark: "BenchmarkBuildString_Builder"},
		{file: "template", path: "text/template", tests: 47, examples: 8, external: 9,
			firstTest: "TestExecute", lastTest: "TestLinkerGC", lastExample: "ExampleTemplate_if"},
		{file: "mixed", path: "example.com/mixed", tests: 5, fuzz: 2, examples: 2, benchmarks: 1, external: 4,
			firstTest: "TestTwin", lastTest: "TestOutside", lastExample: "ExampleOut", firstBenchmark: "BenchmarkB", testMain: true},
		{file: "nothing", path: "example.com/nothing"},
		{file: "files", path: "command-line-arguments", tests: 1, fuzz: 1, examples: 1, external: 3,
			firstTest: "TestA", lastTest: "TestA", lastExample: "ExampleX"},
	} {
		src, err := os.ReadFile(filepath.Join("testdata", "testmain", tt.file+".go.txt"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParseTestmain(src)
		if err != nil {
			t.Errorf("%s: %v", tt.file, err)
			continue
		}
		names := make(map[Kind][]string)
		external := 0
		for i, test := range p.Tests {
			if i > 0 && test.Kind < p.Tests[i-1].Kind {
				t.Errorf("%s: %s comes after a later kind", tt.file, test.Name)
			}
			names[test.Kind] = append(names[test.Kind], test.Name)
			if test.External {
				external++
			}
		}
		got := fmt.Sprintln(p.ImportPath, len(names[KindTest]), len(names[KindFuzz]), len(names[KindExample]), len(p.Benchmarks), external,
			at0(names[KindTest], 0), at0(names[KindTest], -1), at0(names[KindExample], -1), at0(p.Benchmarks, 0), p.TestMain)
		want := fmt.Sprintln(tt.path, tt.tests, tt.fuzz, tt.examples, tt.benchmarks, tt.external,
			tt.firstTest, tt.lastTest, tt.lastExample, tt.firstBenchmark, tt.testMain)
		if got != want {
			t.Errorf("%s:\ngot  %swant %s", tt.file, got, want)
		}
	}
}

// at0 returns the first or, for -1, the last element, or "".
func at0(names []string, i int) string {
	switch {
	case len(names) == 0:
		return ""
	case i < 0:
		return names[len(names)-1]
	}
	return names[i]
}

// testmainSource returns a test main as the go command writes it.
func testmainSource(tests []Test) []byte {
	var b bytes.Buffer
	b.WriteString("package main\n\nimport (\n\t\"os\"\n\t\"testing\"\n\t\"testing/internal/testdeps\"\n\t_test \"example.com/p\"\n\t_xtest \"example.com/p_test\"\n)\n")
	for _, list := range []struct {
		name, typ string
		kind      Kind
		more      string
	}{
		{"tests", "InternalTest", KindTest, ""}, {"benchmarks", "InternalBenchmark", 99, ""},
		{"fuzzTargets", "InternalFuzzTarget", KindFuzz, ""}, {"examples", "InternalExample", KindExample, `, "out\n", false`},
	} {
		fmt.Fprintf(&b, "\nvar %s = []testing.%s{\n", list.name, list.typ)
		for _, t := range tests {
			alias := internalAlias
			if t.External {
				alias = externalAlias
			}
			if t.Kind == list.kind {
				fmt.Fprintf(&b, "\t{%q, %s.%s%s},\n", t.Name, alias, t.Name, list.more)
			}
		}
		b.WriteString("}\n")
	}
	b.WriteString("\nfunc main() {\n\tm := testing.MainStart(testdeps.TestDeps{}, tests, benchmarks, fuzzTargets, examples)\n\tos.Exit(m.Run())\n}\n")
	return b.Bytes()
}

func TestParseTestmainShapes(t *testing.T) {
	t.Parallel()
	good := string(testmainSource([]Test{{Name: "TestA"}, {Name: "ExampleB", Kind: KindExample, External: true}}))
	for _, tt := range []struct{ name, from, to, want string }{
		{"unchanged", "", "", ""},
		{"not Go", "package main", "packet main", "expected 'package'"},
		{"no list", "var tests", "var checks", "no list named tests"},
		{"list made elsewhere", "= []testing.InternalTest{", "= append(other, []testing.InternalTest{}...); var x = []testing.InternalTest{", "no list named tests"},
		{"another list handed over", "TestDeps{}, tests,", "TestDeps{}, shuffled(tests),", "main does not start"},
		{"one more list", "examples)", "examples, properties)", "main does not start"},
		{"no main", "func main()", "func Main() {}\nfunc other() int", ""},
		{"another struct", `"TestA", `, `"TestA", 1, `, "line 12, element of tests: not a struct of 2 fields"},
		{"name in a variable", `"TestA"`, `nameA`, "not a string literal"},
		{"another function", "_test.TestA", "_test.TestB", `"TestA" is not followed by its function`},
		{"wrapped function", "_test.TestA", "wrap(_test.TestA)", `"TestA" is not followed by its function`},
		{"another package", "_test.TestA", "_ptest.TestA", "TestA is of an unknown package"},
	} {
		src := good
		if tt.from != "" {
			src = strings.Replace(good, tt.from, tt.to, 1)
			if src == good {
				t.Fatalf("%s: %q is not in the source", tt.name, tt.from)
			}
		}
		_, err := ParseTestmain([]byte(src))
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func FuzzParseTestmain(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "testmain", "*.go.txt"))
	if err != nil || len(files) == 0 {
		f.Fatal("no samples", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := ParseTestmain(src)
		if err != nil {
			return
		}
		again, err := ParseTestmain(testmainSource(p.Tests))
		if err != nil {
			t.Skip("names that no test has") // such as "Test\x00.A" or "func"
		}
		if !reflect.DeepEqual(again.Tests, p.Tests) {
			t.Fatalf("got %v, written and read again %v", p.Tests, again.Tests)
		}
	})
}

func BenchmarkParseTestmain4000(b *testing.B) {
	tests := make([]Test, 4000)
	for i := range tests {
		tests[i].Name = fmt.Sprintf("TestNumber%d", i)
	}
	src := testmainSource(tests)
	for b.Loop() {
		if _, err := ParseTestmain(src); err != nil {
			b.Fatal(err)
		}
	}
}

// TestParseTestmainPath: which package is under test, whatever of it and of the external package runs.
func TestParseTestmainPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ imports, said, want string }{
		{`_test "m/p"; _xtest "m/p_test"`, "m/p", "m/p"},
		{`_test "m/p"; _ "m/p_test"`, "m/p", "m/p"}, // an external example without output
		{`_ "m/p"; _xtest "m/p_test"`, "m/p", "m/p"},
		{`_ "m/p"; _ "m/p_test"`, "m/p", "m/p"},
		{`_ "m/p_test"`, "m/p", "m/p"},
		{`_ "m/p_test"`, "m/p_test", "m/p_test"}, // so its folder is called
		{`_test "m/p_test"`, "m/p_test", "m/p_test"},
		{`_xtest "m/p_test_test"`, "m/p_test", "m/p_test"},
		{``, "m/p", "m/p"},
		{`_test "command-line-arguments"; _ "command-line-arguments_test"`, "", "command-line-arguments"},
		{`_ "command-line-arguments"; _ "command-line-arguments_test"`, "", "command-line-arguments"},
		{`_ "command-line-arguments_test"`, "", "command-line-arguments"},
		{`_xtest "command-line-arguments_test"`, "", "command-line-arguments"},
	} {
		src := fmt.Sprintf("package main\n\nimport (\n%s\n)\n\nvar tests = []testing.InternalTest{}\nvar benchmarks = []testing.InternalBenchmark{}\n"+
			"var fuzzTargets = []testing.InternalFuzzTarget{}\nvar examples = []testing.InternalExample{}\n\nfunc init() { testdeps.ImportPath = %q }\n\n"+
			"func main() { testing.MainStart(testdeps.TestDeps{}, tests, benchmarks, fuzzTargets, examples) }\n", tt.imports, tt.said)
		p, err := ParseTestmain([]byte(src))
		if err != nil || p.ImportPath != tt.want {
			t.Errorf("%s, %q: %+v, %v, want %s", tt.imports, tt.said, p, err, tt.want)
		}
	}
}
