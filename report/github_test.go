package report

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report/progress"
)

// sources makes a workspace in which the module m is, with package m/p in the folder p.
func sources(t *testing.T) Sources {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "mod", "p"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "package p\n\nfunc TestA(t *testing.T) {\n\tt.Log(1)\n\tt.Logf(`a`)\n\tt.Error(2)\n}\n"
	for _, name := range []string{"mod/p/a_test.go", "mod/p/a,b:c%_test.go", "mod/p/code.go", "mod/root_test.go"} {
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
			t.Skipf("no such name on this file system: %v", err)
		}
	}
	return Sources{Module: "m", Dir: filepath.Join(root, "mod"), Root: root}
}

func TestFindLocation(t *testing.T) {
	t.Parallel()
	s := sources(t)
	abs := func(name string) string { return filepath.ToSlash(filepath.Join(s.Dir, name)) }
	for _, test := range []struct{ name, pkg, output, want string }{
		{"an error", "m/p", "    a_test.go:6: no luck\n", "mod/p/a_test.go:6 no luck"},
		{"logged before", "m/p", "    a_test.go:4: 1\n    a_test.go:6: 2\n", "mod/p/a_test.go:6 2"},
		{"logged after", "m/p", "    a_test.go:6: 2\n    a_test.go:5: a\n", "mod/p/a_test.go:6 2"},
		{"only logged", "m/p", "    a_test.go:4: 1\n    a_test.go:5: a\n", "mod/p/a_test.go:4 1"},
		{"the module's root", "m", "    root_test.go:6: x\n", "mod/root_test.go:6 x"},
		{"an external test package", "m/p_test", "    a_test.go:6: x\n", "mod/p/a_test.go:6 x"},
		{"a full path", "m/p", "    " + abs("p/a_test.go") + ":6: x\n", "mod/p/a_test.go:6 x"},
		{"a panic", "m/p", "panic: boom\n\ngoroutine 1 [running]:\nm/p.f(...)\n\t" + abs("p/code.go") + ":3 +0x1d\nm/p.TestA()\n\t" +
			abs("p/a_test.go") + ":6 +0x2f\n", "mod/p/a_test.go:6 "},
		{"a panic after a log", "m/p", "    a_test.go:4: 1\n\t" + abs("p/a_test.go") + ":6 +0x2f\n", "mod/p/a_test.go:6 "},
		{"a compiler", "m/p", "p/a_test.go:6:12: undefined: x: y\n", "mod/p/a_test.go:6 undefined: x: y"},
		{"a compiler, in the root", "m", "./root_test.go:6:1: x\n", "mod/root_test.go:6 x"},
		{"no such file", "m/p", "    b_test.go:6: x\n", ""},
		{"outside of the workspace", "m/p", "    /etc/passwd.go:6: x\n", ""},
		{"climbing out", "m/p", "    ../../../etc/x.go:6: x\n", ""},
		{"another module", "n/p", "    a_test.go:6: x\n", ""},
		{"no line", "m/p", "    a_test.go:x: x\n    a_test.go:0: x\n    a_test.go:\n    a_test.go:99999999999999999999: x\n", ""},
		{"nothing", "m/p", "", ""},
	} {
		got := ""
		if at := s.Find(test.pkg, strings.SplitAfter(test.output, "\n")); at.File != "" {
			got = fmt.Sprint(at.File, ":", at.Line, " ", at.Message)
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	below := s
	below.Root = filepath.Join(s.Dir, "p")
	if at := below.Find("m", []string{"    root_test.go:6: x\n"}); at != (Location{}) {
		t.Errorf("got %v, which is outside of the workspace", at)
	}
	if at := (Sources{}).Find("m/p", []string{"a_test.go:6: x\n"}); at != (Location{}) {
		t.Errorf("got %v without sources", at)
	}
}

// inModule makes events those of package m/p.
func inModule(stream string) string {
	return strings.ReplaceAll(stream, `"Package":"p"`, `"Package":"m/p"`)
}

func annotations(t *testing.T, s Sources, exec *testjson.Execution, o Outcome) string {
	t.Helper()
	var b strings.Builder
	if err := (GitHub{Sources: s}).WriteAnnotations(&b, exec, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnnotations(t *testing.T) {
	t.Parallel()
	s := sources(t)
	hostile := "    a,b:c%_test.go:6: 100%\n::error::fake\r\n::set-output name=x::y\n\x1b[31mred\x1b[0m \u202etxet\x00\n##[error]x\n"
	fail := event("fail", "", "")
	for _, test := range []struct {
		name   string
		exec   *testjson.Execution
		o      Outcome
		want   string
		prefix bool // only the beginning is given
	}{
		{"nothing failed", passes(t, inModule(result("TestA", "pass", "x\n")+event("pass", "", ""))), Outcome{}, "", false},
		{"one", passes(t, inModule(event("run", "TestA", "")+event("output", "TestA", "=== RUN   TestA\n")+event("output", "TestA", "    a_test.go:6: no: luck\n")+
			event("output", "TestA", "--- FAIL: TestA (0.00s)\n")+event("fail", "TestA", "")+fail)), Outcome{},
			"::error file=mod/p/a_test.go,line=6,title=m/p TestA::    a_test.go:6: no: luck\n", false},
		{"hostile", passes(t, inModule(result("TestA/x,y:z%", "fail", hostile)+fail)), Outcome{},
			"::error file=mod/p/a%2Cb%3Ac%25_test.go,line=6,title=m/p TestA/x%2Cy%3Az%25::" +
				"    a,b:c%25_test.go:6: 100%25%0A::error::fake%0A::set-output name=x::y%0Ared txet%0A##[error]x\n", false},
		{"a subtest, not its parent", passes(t, inModule(event("run", "TestA", "")+result("TestA/x", "fail", "no\n")+event("fail", "TestA", "")+fail)), Outcome{},
			"::error title=m/p TestA/x::no\n", false},
		{"a package", passes(t, inModule(event("output", "", "no database\n")+event("output", "", "FAIL\tm/p\t0.1s\n")+fail)), Outcome{},
			"::error title=m/p::no database\n", false},
		{"flaky after errors", passes(t, inModule(result("TestA", "fail", "a\n")+result("TestB", "fail", "b\n")+fail),
			inModule(result("TestA", "pass", "")+result("TestB", "fail", "b again\n")+fail)),
			Outcome{Flaky: []Unit{{Package: "m/p", Name: "TestA"}}, Failed: []Unit{{Package: "m/p", Name: "TestB"}}},
			"::error title=m/p TestB::b again\n::warning title=m/p TestA::flaky: it failed, and passed when it ran again%0Aa\n", false},
		{"much", passes(t, inModule(result("TestA", "fail", strings.Repeat("line\n", 9999))+fail)), Outcome{}, "::error title=m/p TestA::line%0A", true},
	} {
		if test.name == "hostile" && runtime.GOOS == "windows" {
			continue // no file has such a name there
		}
		got := annotations(t, s, test.exec, test.o)
		if got != test.want && !(test.prefix && strings.HasPrefix(got, test.want)) {
			t.Errorf("%s: got\n%q\nwant\n%q", test.name, got, test.want)
		}
		if len(got) > 2*maxAnnotation {
			t.Errorf("%s: %d bytes", test.name, len(got))
		}
		if again := annotations(t, s, test.exec, test.o); again != got {
			t.Errorf("%s: got\n%s\nand then\n%s", test.name, got, again)
		}
	}
	stream := ""
	for i := range 30 {
		stream += result(fmt.Sprint("Test", i), "fail", "")
	}
	if got := annotations(t, s, passes(t, stream+fail), Outcome{}); strings.Count(got, "\n") != MaxAnnotations || strings.Count(got, "::error") != MaxAnnotations {
		t.Errorf("got\n%s", got)
	}
}

func TestBuildErrors(t *testing.T) {
	t.Parallel()
	errors := []string{"a/x.go:1:2: one\n", "\thave int\n", "a/b/x.go:1:2: two\n", "\thave string", "./root.go:3:4: three\n", "a/x.go:9:9: four\n", "a/x.go:9:9: five"}
	for pkg, want := range map[string]string{
		"a": "a/x.go:1:2: one\n\thave int\na/x.go:9:9: four\na/x.go:9:9: five\n", "a/b": "a/b/x.go:1:2: two\n\thave string\n",
		"github.com/gotestcohort/cohort": "./root.go:3:4: three\n", "c": "",
	} {
		if got := strings.Join(buildErrors(errors, pkg), ""); got != want {
			t.Errorf("%s: %q, want %q", pkg, got, want)
		}
	}
}

func TestStepSummary(t *testing.T) {
	t.Parallel()
	exec := passes(t, inModule(result("TestA", "fail", "    a_test.go:6: </pre><script>alert(1)</script>\n\n| x | y |\n<!-- /cohort 1 -->\n```\n")+
		result("TestB", "fail", "b\n")+result("TestC/<b>", "skip", "")+event("fail", "", "")), inModule(result("TestB", "pass", "")+event("pass", "", "")))
	o := Outcome{
		Failed:  []Unit{{Package: "m/p", Name: "TestA", Again: "go test -run '^TestA$' ./p"}},
		Flaky:   []Unit{{Package: "m/p", Name: "TestB", FailsAlone: No}},
		Slowest: timed("m/p", "TestA", 2.5, "TestB", 1),
	}
	g := GitHub{ID: "1", Sources: sources(t)}
	name := filepath.Join(t.TempDir(), "summary.md")
	write := func(g GitHub, exec *testjson.Execution, o Outcome) string {
		t.Helper()
		if err := g.WriteSummary(name, exec, o); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	want := `<!-- cohort 1 -->
### Tests: failed

| tests | failed | flaky | skipped | errors | time |
| --: | --: | --: | --: | --: | --: |
| 4 | 1 | 1 | 1 | 0 | 0.0s |

#### Failed

<details><summary><code>m/p TestA</code> (0.00s) mod/p/a_test.go:6</summary>

<pre>    a_test.go:6: &lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;

| x | y |
&lt;!-- /cohort 1 --&gt;
` + "```" + `
</pre>

<pre>go test -run &#39;^TestA$&#39; ./p</pre>

</details>


#### Flaky

<details><summary><code>m/p TestB</code> (0.00s)</summary>

<pre>b
</pre>

</details>


#### Slowest

- <code>m/p TestA</code> 2.50s
- <code>m/p TestB</code> 1.00s
<!-- /cohort 1 -->
`
	if got := write(g, exec, o); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := write(g, exec, o); got != want {
		t.Errorf("written twice:\n%s", got)
	}
	// Another run of the same step comes behind it, and is written again in its place.
	green := passes(t, result("TestA", "pass", "")+event("pass", "", ""))
	other := GitHub{ID: "2"}
	both := write(other, green, Outcome{})
	if !strings.HasPrefix(both, want) || !strings.Contains(both, "### Tests: passed\n") {
		t.Errorf("got\n%s", both)
	}
	if got := write(g, exec, o); got != both {
		t.Errorf("got\n%s\nwant\n%s", got, both)
	}
}

// Whatever failed, and however full the file is, it stays below what GitHub shows.
func TestStepSummaryIsBounded(t *testing.T) {
	t.Parallel()
	stream := ""
	for i := range 150 {
		stream += result(fmt.Sprintf("Test%03d", i), "fail", strings.Repeat("<<<<<<<<<<<<<<<\n", 1200))
	}
	exec := passes(t, stream+event("fail", "", ""))
	for _, old := range []int{0, 100, maxSummary / 2, maxSummary - 1500, maxSummary - 100, maxSummary, 2 * maxSummary} {
		got := (GitHub{ID: "1"}).withSummary(strings.Repeat("x", old), exec, Outcome{})
		if len(got) > max(maxSummary, old+1) {
			t.Errorf("%d bytes after %d", len(got), old)
		}
		if old <= maxSummary/2 && (!strings.Contains(got, "| 150 | 150 |") || !strings.Contains(got, " more are in the log of the step.")) {
			t.Errorf("after %d bytes the totals, or what is left out, are missing", old)
		}
	}
}

func timed(pkg string, tests ...any) (list []progress.TimedTest) {
	for i := 0; i < len(tests); i += 2 {
		seconds, ok := tests[i+1].(float64)
		if !ok {
			seconds = float64(tests[i+1].(int))
		}
		list = append(list, progress.TimedTest{Package: pkg, Test: tests[i].(string), Elapsed: time.Duration(seconds * float64(time.Second))})
	}
	return list
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\tb\nc": "a\tb\nc", "\x1b[1;31mred\x1b[0m": "red", "\x1b[": "[", "\x1bM": "M", "a\x00\x7f\u009b\u202eb": "ab", "\xff!": "\ufffd!", "ä€😀": "ä€😀",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzAnnotation has any output: a workflow command stays one line, and what is in it comes back.
func FuzzAnnotation(f *testing.F) {
	f.Add("a%b\r\n::x,y:z")
	f.Add("%0A%25")
	f.Fuzz(func(t *testing.T, s string) {
		for _, escaped := range []string{data(s), property(s)} {
			if strings.ContainsAny(escaped, "\r\n") {
				t.Errorf("%q: %q is more than a line", s, escaped)
			}
			back := strings.NewReplacer("%25", "%", "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",").Replace(escaped)
			if back != s {
				t.Errorf("%q came back as %q", s, back)
			}
		}
		if strings.ContainsAny(property(s), ":,") {
			t.Errorf("%q ends a property", property(s))
		}
	})
}
