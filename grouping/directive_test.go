package grouping

import (
	"errors"
	"fmt"
	"go/build"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// read parses source as the file x_test.go of the package that it names.
func read(t *testing.T, src string) *testFile {
	t.Helper()
	f := parseTestFile(&build.Default, "x_test.go", []byte(src))
	if f == nil {
		t.Fatalf("not parsed:\n%s", src)
	}
	return f
}

// said returns everything that is said of a file: its problems, or else its
// warnings and the directives of its tests.
func said(f *testFile) string {
	warnings, err := verdict([]*testFile{f})
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, w := range warnings {
		lines = append(lines, "warning: "+w.String())
	}
	for _, fn := range f.funcs {
		var test Test
		test.annotate(f, fn)
		line := fmt.Sprintf("%s group=%q serial=%v", fn.name, test.Group, test.Serial)
		if more := (Test{Labels: test.Labels, Locks: test.Locks, Timeout: test.Timeout, Split: test.Split}); !reflect.DeepEqual(more, Test{}) {
			line = fmt.Sprintf("%s labels=%q locks=%q timeout=%v split=%v", fn.name, test.Labels, test.Locks, test.Timeout, test.Split)
			if test.Group != "" || test.Serial {
				line += fmt.Sprintf(" group=%q serial=%v", test.Group, test.Serial)
			}
		} else if test.Group == "" && !test.Serial {
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestDirectives(t *testing.T) {
	t.Parallel()
	const header = "package p\n\nimport \"testing\"\n\n" // the next line is 5
	const fn = "func TestA(t *testing.T) {}\n"
	for _, tt := range []struct{ name, src, want string }{
		{"none", header + "// TestA is a test.\n" + fn, ""},
		{"group", header + "//cohort:group checkout\n" + fn, `TestA group="checkout" serial=false`},
		{"after prose", header + "// TestA pays.\n//\n//cohort:group e2e/check-out_2.b\n" + fn, `TestA group="e2e/check-out_2.b" serial=false`},
		{"letters of any script", header + "//cohort:group кассa\n" + fn, `TestA group="кассa" serial=false`},
		{"white space", header + "//cohort:group \t a  \r\n" + fn, `TestA group="a" serial=false`},
		{"serial", header + "//cohort:serial\n" + fn, `TestA group="" serial=true`},
		{"both", header + "//cohort:serial\n//cohort:group a\n" + fn, `TestA group="a" serial=true`},
		{"fuzz", header + "//cohort:group a\nfunc FuzzA(f *testing.F) {}\n", `FuzzA group="a" serial=false`},
		{"example", header + "//cohort:group a\nfunc ExampleA() {\n\t// Output: x\n}\n", `ExampleA group="a" serial=false`},
		{"empty output", header + "//cohort:group a\nfunc Example() {\n\t// Output:\n}\n", `Example group="a" serial=false`},
		{"TestMain that is a test", header + "//cohort:group a\nfunc TestMain(t *testing.T) {}\n", `TestMain group="a" serial=false`},
		{"file", "//cohort:group a\npackage p\n" + fn + "func TestB(*testing.T) {}\n", "TestA group=\"a\" serial=false\nTestB group=\"a\" serial=false"},
		{"file, blank line", "// Copyright.\n\n//cohort:group a\n\n// Package p is.\npackage p\n" + fn, `TestA group="a" serial=false`},
		{"file, between constraints", "//cohort:serial\n//go:build !nothing\n\npackage p\n" + fn, `TestA group="" serial=true`},
		{"test wins over file", "//cohort:group a\npackage p\n//cohort:group b\n" + fn, `TestA group="b" serial=false`},
		{"serial file, test in a group", "//cohort:serial\npackage p\n//cohort:group b\n" + fn, `TestA group="b" serial=true`},
		{"in a string", header + "var s = `\n//cohort:grup x\n`\n", ""},
		{"in a block comment", header + "/*\n//cohort:grup x\n*/\n" + fn, ""},
		{"prose", header + "// cohort:group is a directive.\n// cohort: see there.\n// cohort:serial tests wait.\n" + fn, ""},
		{"line comments do not count", header + "//line other.go:100\n\n//cohort:grup\n" + fn, "x_test.go:7: unknown directive //cohort:grup (did you mean //cohort:group NAME?)"},

		{"unknown, near", header + "//cohort:grup a\n" + fn, "x_test.go:5: unknown directive //cohort:grup (did you mean //cohort:group NAME?)"},
		{"unknown, case", header + "//cohort:Serial\n" + fn, "x_test.go:5: unknown directive //cohort:Serial (did you mean //cohort:serial?)"},
		{"unknown, equals sign", header + "//cohort:group=a\n" + fn, "x_test.go:5: unknown directive //cohort:group=a (did you mean //cohort:group NAME?)"},
		{"unknown, far", header + "//cohort:retry 3\n" + fn, "x_test.go:5: unknown directive //cohort:retry (there are " + usages() + ")"},
		{"no word", header + "//cohort:\n" + fn, "x_test.go:5: unknown directive //cohort: (there are " + usages() + ")"},
		{"space before the word", header + "//cohort: group a\n" + fn, "x_test.go:5: unknown directive //cohort: (there are " + usages() + ")"},
		{"no name", header + "//cohort:group \n" + fn, "x_test.go:5: //cohort:group needs a name: //cohort:group NAME"},
		{"two words", header + "//cohort:group check out\n" + fn, `x_test.go:5: //cohort:group takes one name, not "check out"`},
		{"malformed name", header + "//cohort:group a,b\n" + fn, `x_test.go:5: group name "a,b": only letters, digits and _ - . / are allowed`},
		{"serial with a word", header + "//cohort:serial a\n" + fn, `x_test.go:5: //cohort:serial takes nothing after it, not "a"`},
		{"space", header + "// cohort:group a\n" + fn, "x_test.go:5: a directive has no space after the slashes: write //cohort:group a"},
		{"space in a file directive", "//\tcohort:serial \n\npackage p\n", "x_test.go:1: a directive has no space after the slashes: write //cohort:serial"},
		{"twice", header + "//cohort:group a\n//cohort:group a\n" + fn, "x_test.go:6: //cohort:group a is already at line 5"},
		{"serial twice", header + "//cohort:serial\n//cohort:serial\n" + fn, "x_test.go:6: //cohort:serial is given twice"},
		{"two groups", header + "//cohort:group a\n//cohort:group b\n" + fn, "x_test.go:6: two groups, b here and a at line 5: a test is in one"},
		{"two groups of a file", "//cohort:group a\n\n//cohort:group b\npackage p\n" + fn, "x_test.go:3: two groups, b here and a at line 1: a test is in one"},
		{"method", header + "//cohort:group a\nfunc (s *S) TestA(t *testing.T) {}\n", "x_test.go:5: //cohort:group a is on method TestA: it belongs on a Test, Fuzz or Example function"},
		{"TestMain", header + "//cohort:serial\nfunc TestMain(m *testing.M) {}\n", "x_test.go:5: //cohort:serial is on TestMain: it belongs on a Test, Fuzz or Example function"},
		{"benchmark", header + "//cohort:serial\nfunc BenchmarkA(b *testing.B) {}\n", "x_test.go:5: //cohort:serial is on benchmark BenchmarkA: it belongs on a Test, Fuzz or Example function"},
		{"lower case", header + "//cohort:serial\nfunc Testable(t *testing.T) {}\n", "x_test.go:5: //cohort:serial is on Testable, which is not a test function: it belongs on a Test, Fuzz or Example function"},
		{"two parameters", header + "//cohort:serial\nfunc TestA(t *testing.T, n int) {}\n", "x_test.go:5: //cohort:serial is on TestA, which is not a test function: it belongs on a Test, Fuzz or Example function"},
		{"result", header + "//cohort:serial\nfunc TestA(t *testing.T) error { return nil }\n", "x_test.go:5: //cohort:serial is on TestA, which is not a test function: it belongs on a Test, Fuzz or Example function"},
		{"body", header + "func TestA(t *testing.T) {\n\t//cohort:serial\n}\n", "x_test.go:6: //cohort:serial belongs in the doc comment of a test function, or above the package clause"},
		{"type", header + "//cohort:group a\ntype T int\n", "x_test.go:5: //cohort:group a belongs in the doc comment of a test function, or above the package clause"},
		{"blank line before the test", header + "//cohort:group a\n\n" + fn, "x_test.go:5: //cohort:group a belongs in the doc comment of a test function, or above the package clause"},
		{"behind the package clause", "package p //cohort:serial\n", "x_test.go:1: //cohort:serial belongs in the doc comment of a test function, or above the package clause"},
		{"all at once", header + "//cohort:grup\n" + fn + "//cohort:group\nfunc TestB(t *testing.T) {}\n//cohort:serial\n",
			"x_test.go:5: unknown directive //cohort:grup (did you mean //cohort:group NAME?)\n" +
				"x_test.go:7: //cohort:group needs a name: //cohort:group NAME\n" +
				"x_test.go:9: //cohort:serial belongs in the doc comment of a test function, or above the package clause"},
		{"example that never runs", header + "//cohort:group a\nfunc ExampleA() {}\n", "warning: x_test.go:5: //cohort:group a has no effect: ExampleA has no output comment, so it never runs"},
	} {
		if got := said(read(t, tt.src)); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestParallelCall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		params, body string
		want         int // line of the call, 0 if it is none of the test's own
	}{
		{"t *testing.T", "t.Parallel()", 4},
		{"t *testing.T", "\n\tt.Parallel()", 5},
		{"t *testing.T", "if short {\n\t\tt.Parallel()\n\t}", 5},
		{"tt *testing.T", "tt.Parallel()", 4},
		{"t *testing.T", "func() { t.Parallel() }()", 4},
		{"t *testing.T", `t.Run("x", func(t *testing.T) { t.Parallel() })`, 0},
		{"t *testing.T", `t.Run("x", func(tt *testing.T) { tt.Parallel() })`, 0},
		{"t *testing.T", `t.Run("x", func(t *testing.T) { t.Parallel() }); t.Parallel()`, 4},
		{"t *testing.T", "other.Parallel(); s.t.Parallel(); Parallel()", 0},
		{"t *testing.T", "f := t.Parallel; _ = f", 0},
		{"*testing.T", "", 0},
		{"_ *testing.T", "t.Parallel()", 0},
	} {
		f := read(t, "package p\nimport \"testing\"\nfunc TestA("+tt.params+") {\n\t"+tt.body+"\n}\n")
		if got := f.funcs[0].parallelLine; got != tt.want {
			t.Errorf("func TestA(%s) { %s }: line %d, want %d", tt.params, tt.body, got, tt.want)
		}
	}
}

// rightDirective is what a right directive looks like, said in another way than
// in the code under test.
var rightDirective = regexp.MustCompile(`^cohort:(group([ \t]+[\pL\p{Nd}_./-]+)|serial|split|(?:label|lock)((?:[ \t]+[\pL\p{Nd}_./-]+)+)|timeout[ \t]+([^ \t]+))[ \t]*$`)

// wantMarks returns what a directive says, and whether it is right.
func wantMarks(text string) (want marks, ok bool) {
	m := rightDirective.FindStringSubmatch(text)
	if m == nil {
		return want, false
	}
	names := strings.Fields(m[3])
	switch word, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimPrefix(text, "cohort:"), "\t", " "), " "); word {
	case "group":
		want.group, want.groupLine = strings.TrimLeft(m[2], " \t"), 3
	case "serial":
		want.serial = true
	case "split":
		want.split = 3
	case "label":
		want.labels, ok = names, !strings.ContainsAny(m[3], "-/")
		return want, ok && distinct(names)
	case "lock":
		want.locks = names
		return want, distinct(names)
	case "timeout":
		d, err := time.ParseDuration(m[4])
		want.timeout, want.timeLine = d, 3
		return want, err == nil && d > 0
	}
	return want, true
}

func distinct(names []string) bool {
	seen := make(map[string]bool)
	for _, name := range names {
		seen[name] = true
	}
	return len(seen) == len(names)
}

func FuzzDirective(f *testing.F) {
	for _, text := range []string{
		"cohort:group a", "cohort:serial", "cohort:grup a", "cohort:group", "cohort:group a b", " cohort:group a", "cohort:", "cohort:group a,b",
		"cohort:serial x", "\tcohort:serial", "cohort:group кассa", "cohort:group a\t", "cohort:group\u00a0a", "go:build x", "cohort:group a\x00",
		"cohort:label a b", "cohort:label a a", "cohort:label a-b", "cohort:lock db\tx/y", "cohort:timeout 1m", "cohort:timeout -1s", "cohort:timeout 5",
		"cohort:split", "cohort:split 2", "Cohort:serial", "COHORT:group a", " Cohort:serial", "Cohort: prose",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := parseTestFile(&build.Default, "x_test.go", []byte("package p\n\n//"+text+"\nfunc TestA(t *testing.T) {}\n"))
		if file == nil || strings.ContainsAny(text, "\r\n") {
			return // not Go, or not one comment
		}
		file.unsupported = nil
		warnings, err := verdict([]*testFile{file})
		if len(warnings) > 0 {
			t.Fatalf("//%s: warnings %v", text, warnings)
		}
		got := file.funcs[0].marks
		want, right := wantMarks(text)
		if kept := got.right; right && (len(kept) != 1 || kept[0].Line != 3 || !strings.HasPrefix(kept[0].String(), "//cohort:"+kept[0].Word)) {
			t.Fatalf("//%s: kept as %v", text, kept)
		}
		got.line, got.right = 0, nil
		const name = "cohort:"
		switch {
		case right:
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("//%s: got %+v, error %v, want %+v", text, got, err, want)
			}
		case len(text) >= len(name) && strings.EqualFold(text[:len(name)], name):
			var wrong *DirectiveError
			if !errors.As(err, &wrong) || len(wrong.Problems) != 1 || wrong.Problems[0].Line != 3 {
				t.Fatalf("//%s: error %v, want one at line 3", text, err)
			}
			if !mentionsDirective([]byte("//" + text)) {
				t.Fatalf("//%s: a file with it is not read", text)
			}
		case !strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), name):
			if err != nil {
				t.Fatalf("//%s: error %v, but this is no directive", text, err)
			}
		}
	})
}

func FuzzTestFile(f *testing.F) {
	f.Add("//cohort:group a\n\npackage p\n\n// TestA\n//cohort:serial\nfunc TestA(t *testing.T) { t.Parallel() }\n")
	f.Add("package p_test\nfunc ExampleX() {\n// Output: x\n}\n//cohort:grup\nfunc (TestA) TestB[T any](t *testing.T) {}\ntype T struct {\n//cohort:serial\n}\n")
	f.Add("package p\n/* //cohort:x */ func Fuzz(*F)\n//line x:1\n//cohort:group\nfunc TestMain(m *testing.M)\n")
	f.Add("//cohort:split\npackage p\n/*cohort:label a\nb*/\n//cohort:timeout 1s\n//cohort:lock a\nfunc TestA(t *testing.T) {}\n//Cohort:serial\nfunc FuzzA(f *testing.F) {}\n")
	f.Fuzz(func(t *testing.T, src string) {
		file := parseTestFile(&build.Default, "x_test.go", []byte(src))
		if file == nil {
			return
		}
		if _, err := verdict([]*testFile{file}); (err != nil) != (len(file.problems)+len(file.unsupported) > 0) {
			t.Fatalf("error %v, but problems %v, not supported %v", err, file.problems, file.unsupported)
		}
		lines := strings.Count(src, "\n") + 1
		for _, p := range file.problems {
			if p.Line < 1 || p.Line > lines || p.Text == "" || filepath.Base(p.File) != "x_test.go" {
				t.Fatalf("problem %+v in a file of %d lines", p, lines)
			}
		}
		for _, fn := range file.funcs {
			if fn.line < 1 || fn.line > lines || fn.parallelLine > lines {
				t.Fatalf("%+v in a file of %d lines", fn, lines)
			}
			if group := file.group(fn); group != "" && !validName(group, groupMarks) {
				t.Fatalf("group %q", group)
			}
		}
	})
}
