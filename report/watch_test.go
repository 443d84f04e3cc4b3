package report

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report/progress"
)

// newLive returns a Live that writes its notices to the builder when it is told to.
func newLive(cfg progress.Config) (*progress.Live, *progress.Screen) {
	screen := progress.NewScreen(nil, nil)
	return progress.NewLive(progress.LiveConfig{Config: cfg, Name: func(pkg string) string { return pkg }}, screen), screen
}

// A stream that comes in large pieces is told while it is decoded, and has been told at its end.
func TestWatchBulk(t *testing.T) {
	t.Parallel()
	const tests = 5000
	var stream strings.Builder
	stream.WriteString(event("start", "", ""))
	for i := range tests {
		name := fmt.Sprint("Test", i)
		stream.WriteString(event("run", name, "") + event("pass", name, "", fmt.Sprintf(`,"Elapsed":%d`, i+1)))
	}
	live, _ := newLive(progress.Config{Slowest: tests + 1})
	r, w := Watch(strings.NewReader(stream.String()), 0, live), 0
	large := make([]byte, 3*bulk)
	for {
		n, err := r.Read(large)
		if string(large[:n]) != stream.String()[w:w+n] {
			t.Fatalf("read something else at %d", w)
		}
		w += n
		clear(large) // its reader may do as it likes with it
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if slowest := live.Slowest(); w != stream.Len() || len(slowest) != tests || slowest[0].Test != "Test4999" {
		t.Errorf("read %d of %d bytes, %d tests were told, want %d", w, stream.Len(), len(slowest), tests)
	}
}

// What events say of the tests, in whatever pieces they come: with cohort's amended events, and
// results that stand in the output before their events come.
func TestWatch(t *testing.T) {
	t.Parallel()
	start := event("start", "", "")
	for _, test := range []struct {
		name, stream string
		want         string // the slowest tests
	}{
		{"two tests", start + event("run", "TestA", "") + event("pass", "TestA", "", `,"Elapsed":2.5`) +
			event("run", "TestB", "") + event("fail", "TestB", "", `,"Elapsed":0.5`) + event("fail", "", ""), "TestA 2.5s TestB 500ms"},
		{"a result in the output", start + event("run", "TestA", "") + event("output", "TestA", "--- PASS: TestA (1.25s)\n") +
			event("pass", "TestA", "", `,"Elapsed":1.25`) + event("pass", "", ""), "TestA 1.25s"},
		{"twice", start + strings.Repeat(event("run", "TestA", "")+event("output", "TestA", "--- PASS: TestA (1.25s)\n")+
			event("pass", "TestA", "", `,"Elapsed":1.25`), 2) + event("pass", "", ""), "TestA 1.25s TestA 1.25s"},
		{"a result of another test", start + event("run", "TestA", "") + event("output", "TestA", "--- PASS: TestB (9s)\n") +
			event("pass", "TestA", "", `,"Elapsed":1`), "TestA 1s"},
		{"subtests", start + event("run", "TestA", "") + result("TestA/b", "pass", "") + event("pass", "TestA", "", `,"Elapsed":1`), "TestA 1s"},
		{"an escaped name", start + event("run", `TestA\u003c`, "") + event("pass", `TestA\u003c`, "", `,"Elapsed":1`), "TestA< 1s"},
		{"a benchmark", start + bench("BenchmarkA") + strings.ReplaceAll(event("pass", "", ""), "03:04:05Z", "03:04:07Z"), "BenchmarkA 2s"},
		{"no event", "nonsense\n{\n" + start + event("run", "TestA", "") + event("pass", "TestA", "", `,"Elapsed":1`), "TestA 1s"},
	} {
		for name, src := range map[string]io.Reader{
			"whole": strings.NewReader(test.stream), "bytes": iotest.OneByteReader(strings.NewReader(test.stream)),
			"halves": iotest.HalfReader(strings.NewReader(test.stream)),
		} {
			live, _ := newLive(progress.Config{Slowest: 9})
			lines := NewLines()
			data, err := io.ReadAll(Watch(lines.Events(src, nil), 0, live))
			if err != nil || !strings.Contains(test.name, "benchmark") && string(data) != test.stream {
				t.Errorf("%s, %s: read %q, %v", test.name, name, data, err)
			}
			var got []string
			for _, s := range live.Slowest() {
				got = append(got, fmt.Sprint(s.Test, " ", s.Elapsed))
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("%s, %s: %q, want %q", test.name, name, got, test.want)
			}
		}
	}
}

// Which failures are told while others run, in formats that do not show them by themselves.
func TestFailuresAreTold(t *testing.T) {
	t.Parallel()
	many := ""
	for i := range 13 {
		many += event("output", "TestA", fmt.Sprintf("    line %d\n", i))
	}
	for _, test := range []struct{ name, format, stream, want string }{
		{"a test", "pkgname", event("run", "TestA", "") + event("output", "TestA", "=== RUN   TestA\n") +
			event("output", "TestA", "    a_test.go:1: no\n") + event("output", "TestA", "--- FAIL: TestA (1.50s)\n") +
			event("fail", "TestA", "", `,"Elapsed":1.5`), "FAIL p.TestA (1.50s)\n    a_test.go:1: no\n"},
		{"a format that shows it", "testname", result("TestA", "fail", "no\n"), ""},
		{"a subtest", "none", event("run", "TestA", "") + result("TestA/x", "fail", "no\n") + event("fail", "TestA", ""), "FAIL p.TestA/x (0.00s)\nno\n"},
		{"a subtest and its parent", "dots", event("run", "TestA", "") + result("TestA/x", "fail", "no\n") + event("output", "TestA", "and\n") +
			event("fail", "TestA", ""), "FAIL p.TestA/x (0.00s)\nno\nFAIL p.TestA (0.00s)\nand\n"},
		{"without output", "pkgname", result("TestA", "fail", ""), "FAIL p.TestA (0.00s)\n"},
		{"much output", "pkgname", event("run", "TestA", "") + many + event("fail", "TestA", ""), "FAIL p.TestA (0.00s)\n    line 0\n    line 1\n    line 2\n" +
			"    line 3\n    line 4\n    line 5\n    line 6\n    line 7\n    line 8\n    line 9\n    ... and 3 lines more\n"},
		{"a long line", "pkgname", result("TestA", "fail", strings.Repeat("ä", 90000)+"\n"), "FAIL p.TestA (0.00s)\n" + strings.Repeat("ä", 500) + " ...\n"},
		{"a package", "pkgname", event("output", "", "no database\n") + event("output", "", "FAIL\tp\t0.1s\n") + event("fail", "", ""), "FAIL p (0.00s)\nno database\n"},
		{"a package that says nothing", "pkgname", event("output", "", "FAIL\tp [build failed]\n") + event("fail", "", ""), ""},
		{"a package whose test failed", "pkgname", result("TestA", "fail", "") + event("output", "", "exit status 1\n") + event("fail", "", ""), "FAIL p.TestA (0.00s)\n"},
		{"a pass", "pkgname", result("TestA", "pass", "no\n") + event("pass", "", ""), ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			live, screen := newLive(progress.Config{Failures: true})
			lines := NewLines()
			h, err := NewHandler(Config{Format: test.format, Lines: lines, Stdout: io.Discard, Stderr: io.Discard, Live: live})
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			out := lines.Writer(screen.Writer(&b, false))
			live.Start(out)
			_, err = testjson.ScanTestOutput(testjson.ScanConfig{
				Stdout: h.Events(Watch(lines.Events(strings.NewReader(test.stream), nil), 0, live)), Handler: h,
			})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			live.Stop()
			if err := out.Flush(); err != nil {
				t.Fatal(err)
			}
			if b.String() != test.want {
				t.Errorf("%s: told\n%s\nwant\n%s", test.name, b.String(), test.want)
			}
		})
	}
}

// A run that ends at once says nothing twice.
func TestFailureAtTheEndIsNotTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		live, screen := newLive(progress.Config{Failures: true})
		var b strings.Builder
		live.Start(screen.Writer(&b, false))
		live.TestFailed(progress.Failure{Package: "p", Test: "TestA"})
		time.Sleep(900 * time.Millisecond)
		live.Stop()
		if b.String() != "" {
			t.Errorf("told %q", b.String())
		}
	})
}
