package report

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"gotest.tools/gotestsum/testjson"
)

// passingStream turns bytes into a stream of events: four packages, some tests and
// subtests in each, in any order that go test might write, and in orders it never would.
func passingStream(choices []byte) string {
	tests := []string{"TestA", "TestA/x", "TestA/y", "TestB", `Test\"C\\`, "TestD"}
	outputs := []string{
		"=== RUN   TestA\n", "    log\n", "panic: boom\n", "WARNING: DATA RACE\n", "panic: test timed out after 1s\n",
		"--- PASS: TestA (0.00s)\n", "more\n", "ok  \tp\t(cached)\n", "coverage: 7.0% of statements\n",
	}
	var b strings.Builder
	for len(choices) >= 2 {
		what, which := int(choices[0]), int(choices[1])
		choices = choices[2:]
		pkg, test := "abcd"[which%4:which%4+1], tests[which/4%len(tests)]
		fields := fmt.Sprintf(`,"Package":"%s","Test":"%s"`, pkg, test)
		if what%32 < 2 {
			fields = fmt.Sprintf(`,"Package":"%s"`, pkg)
		}
		var action string
		switch what % 8 {
		case 0:
			action, fields = "output", fields+`,"Output":`+quote(outputs[which%len(outputs)])
		case 1:
			action, fields = []string{"start", "pass", "fail", "skip"}[which/4%4], fields+`,"Elapsed":0.01`
		case 2:
			action = "run"
		case 3:
			action, fields = []string{"pass", "pass", "skip", "fail"}[what/8%4], fields+`,"Elapsed":1e-05`
		case 4:
			action = []string{"pause", "cont", "bench", "attr"}[what/8%4]
			if action == "attr" {
				fields += `,"Key":"k","Value":"v"`
			}
		default: // a test from its beginning to its end
			for _, e := range []string{
				`"run"` + fields, `"output"` + fields + `,"Output":"=== RUN\n"`, `"output"` + fields + `,"Output":"a log\n"`,
			} {
				b.WriteString(`{"Time":"2026-01-02T03:04:05Z","Action":` + e + "}\n")
			}
			action = []string{"pass", "pass", "pass", "pass", "pass", "pass", "skip", "fail"}[what/8%8]
		}
		b.WriteString(`{"Time":"2026-01-02T03:04:05Z","Action":"` + action + `"` + fields + "}\n")
		switch what {
		case 252: // another layout
			b.WriteString(`{"Action":"pass","Package":"` + pkg + `"}` + "\n")
		case 255:
			b.WriteString("not JSON\n")
		case 254:
			b.WriteString(`{"Action":"output","Output":` + quote(strings.Repeat("long ", maxLine/4)) + `,"Package":"a"}` + "\n")
		case 253:
			b.WriteString(`{"ImportPath":"a","Action":"build-output","Output":"# a\n"}` + "\n")
		}
	}
	if b.Len()%3 == 0 {
		return strings.TrimSuffix(b.String(), "\n")
	}
	return b.String()
}

// shown is all that a user gets to see of a stream in a format, with the events of
// tests that pass or without.
func shown(t *testing.T, format string, without, lenient bool, src io.Reader) string {
	t.Helper()
	var out bytes.Buffer
	lines := NewLines()
	w := lines.Writer(&out)
	h, err := NewHandler(Config{Format: format, ForgetPassed: without, Lines: lines, Stdout: w, Stderr: w})
	if err != nil {
		t.Fatal(err)
	}
	if (h.passing != nil) != without {
		t.Fatalf("format %s: passing %v", format, h.passing)
	}
	var exec *testjson.Execution
	for run := range 2 { // the second is a rerun with nothing in it
		exec, err = testjson.ScanTestOutput(testjson.ScanConfig{
			RunID: run, Stdout: h.Events(lines.Events(src, func(string) {})), Handler: h, Execution: exec,
			IgnoreNonJSONOutputLines: lenient,
		})
		if err != nil {
			fmt.Fprintln(&out, err)
			break
		}
	}
	if err := Summary(w, exec, testjson.SummarizeAll, Outcome{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&out, exec.HasPanic(), exec.HasDataRace(), exec.Errors())
	for _, name := range exec.Packages() {
		pkg := exec.Package(name)
		fmt.Fprintln(&out, name, pkg.Total, pkg.IsEmpty(), pkg.TestMainFailed())
		for _, tc := range append(append([]testjson.TestCase{}, pkg.Failed...), pkg.Skipped...) {
			fmt.Fprintf(&out, "%s %v %q\n", tc.Test, tc.Elapsed, lines.Restore(strings.Join(pkg.OutputLines(tc), "|")))
		}
	}
	// testjson ends tests that have no end in the order of a map.
	all := strings.SplitAfter(untimed.ReplaceAllString(out.String(), "in 0s"), "\n")
	slices.Sort(all)
	return strings.Join(all, "")
}

// untimed is how long a run without events took.
var untimed = regexp.MustCompile(`in \d\.\d+s`)

func checkPassing(t *testing.T, choices []byte) {
	t.Helper()
	stream := passingStream(choices)
	for _, format := range []string{"pkgname", "pkgname-and-test-fails", "standard-quiet"} {
		lenient := len(choices)%4 < 2
		want := shown(t, format, false, lenient, strings.NewReader(stream))
		if got := shown(t, format, true, lenient, strings.NewReader(stream)); got != want {
			t.Fatalf("%s: got\n%s\nwant\n%s\nof\n%s", format, got, want, stream)
		}
	}
}

// What is shown does not depend on whether testjson gets the events of tests that pass.
func TestPassingChangesNothing(t *testing.T) {
	t.Parallel()
	for seed := range int64(100) {
		rng := rand.New(rand.NewSource(seed))
		choices := make([]byte, 2+rng.Intn(200))
		rng.Read(choices)
		checkPassing(t, choices)
	}
}

func FuzzPassing(f *testing.F) {
	f.Add([]byte("\x05\x00\x02\x04\x03\x04\x01\x04"))
	f.Fuzz(checkPassing)
}

func TestPassingTakesOut(t *testing.T) {
	t.Parallel()
	pass := result("TestA", "pass", "=== RUN   TestA\n")
	sub := event("run", "TestA", "") + result("TestA/x", "pass", "log\n") + event("pass", "TestA", "", `,"Elapsed":0.25`)
	fail := event("run", "TestA", "") + result("TestA/x", "pass", "log\n") + result("TestB", "pass", "") + event("fail", "TestA", "")
	start, end := event("start", "", ""), event("pass", "", "", `,"Elapsed":1.5`)
	skip, run := result("TestB", "skip", "why\n"), event("run", "TestB", "")
	race, panicked := result("TestB", "pass", "WARNING: DATA RACE\n"), result("TestB", "pass", "panic: oh")
	begin, fails := event("run", "TestZ", ""), event("fail", "TestZ", "")
	other := `{"Action":"run","Package":"p","Test":"T"}` + "\n"
	dropped := func(n int) string {
		return fmt.Sprintf(`{"Action":"cohort-dropped","Package":"p","Elapsed":%d}`+"\n", n)
	}
	for name, test := range map[string]struct{ in, want string }{
		"passed":           {start + pass + sub + end, start + dropped(3) + end},
		"first of package": {pass + pass + end, pass + dropped(1) + end},
		"a parent fails":   {start + pass + fail + pass + end, start + dropped(1) + fail + dropped(1) + end},
		"beside a failure": {start + begin + pass + fails + pass + end, start + begin + pass + fails + dropped(1) + end},
		"skipped":          {start + pass + skip + pass + end, start + dropped(1) + skip + dropped(1) + end},
		"a race":           {start + race + end, start + race + end},
		"panicked":         {start + panicked + pass + end + pass, start + panicked + pass + end + dropped(1)},
		"an attribute":     {start + event("attr", "TestA", "", `,"Key":"k","Value":"v"`) + pass, start + event("attr", "TestA", "", `,"Key":"k","Value":"v"`) + pass},
		"no end":           {start + pass + run, start + dropped(1) + run},
		"no event":         {start + run + "oops\n" + pass, start + run + "oops\n" + pass},
		"not go's":         {start + other + pass + end, start + other + pass + end},
		"a build":          {start + pass + `{"ImportPath":"x"}` + "\n" + end, start + `{"ImportPath":"x"}` + "\n" + dropped(1) + end},
		"no newline":       {start + pass + strings.TrimSuffix(end, "\n"), start + dropped(1) + strings.TrimSuffix(end, "\n")},
	} {
		for _, src := range []io.Reader{strings.NewReader(test.in), iotest.DataErrReader(strings.NewReader(test.in))} {
			s := &passing{}
			got, err := io.ReadAll(s.filter(NewLines().Events(src, nil)))
			if err != nil || string(got) != test.want {
				t.Errorf("%s: got %v\n%swant\n%s", name, err, got, test.want)
			}
		}
	}
}

// A test that logs without end is not kept.
func TestPassingHoldsLittle(t *testing.T) {
	t.Parallel()
	log := event("output", "TestA", strings.Repeat("x", 1<<10)+"\n")
	n := 0
	s := &passing{}
	in := event("start", "", "") + event("run", "TestA", "") + strings.Repeat(log, 2*maxHeld/len(log)) + event("pass", "TestA", "")
	out, err := io.ReadAll(s.filter(NewLines().Events(strings.NewReader(in), nil)))
	if err != nil || string(out) != in {
		t.Errorf("got %d bytes of %d, %v", len(out), len(in), err)
	}
	for _, p := range s.packages {
		n += cap(p.held)
	}
	if n > maxIdle || len(s.spares) > 0 {
		t.Errorf("%d bytes and %d spares are kept", n, len(s.spares))
	}
}

// The next package gets the buffer of one that has ended.
func TestPassingUsesBuffersAgain(t *testing.T) {
	t.Parallel()
	s := &passing{}
	first := event("start", "", "") + event("run", "TestA", "") + strings.Repeat(event("output", "TestA", strings.Repeat("x", 1<<10)), 2*maxIdle>>10) +
		event("pass", "TestA", "") + event("pass", "", "")
	if _, err := io.Copy(io.Discard, s.filter(NewLines().Events(strings.NewReader(first), nil))); err != nil {
		t.Fatal(err)
	}
	if len(s.spares) != 1 || cap(s.spares[0]) < 2*maxIdle {
		t.Fatalf("%d spares, want one", len(s.spares))
	}
	spare := &s.spares[0][:1][0]
	second := event("start", "", "") + event("run", "TestA", "") + event("output", "TestA", "x")
	for _, line := range strings.SplitAfter(second, "\n") {
		if line != "" {
			s.line(nil, []byte(line))
		}
	}
	for _, p := range s.packages {
		if len(p.held) == 0 || &p.held[0] != spare || len(s.spares) != 0 {
			t.Errorf("%d bytes are held elsewhere, %d spares remain", len(p.held), len(s.spares))
		}
	}
}

// An event is passed on before the next is waited for.
func TestPassingDoesNotWait(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	s := &passing{}
	out := s.filter(NewLines().Events(r, nil))
	line := event("start", "", "")
	go func() { _, _ = io.WriteString(w, line) }() // ends when it is read
	got := make([]byte, 2*len(line))
	if n, err := out.Read(got); err != nil || string(got[:n]) != line {
		t.Errorf("got %q, %v", got[:n], err)
	}
}
