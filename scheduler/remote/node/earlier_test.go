package node

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// printing is a Starter of processes whose first argument is what they print, whose second is their exit code.
func printing(_ context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
	start := time.Now()
	_, err := io.WriteString(out, strings.ReplaceAll(spec.Args[0], "^", "\x16"))
	time.Sleep(time.Second)
	e := testbin.Exit{Start: start, End: time.Now(), Err: err}
	if spec.Args[1] != "0" {
		e.Code = 1
	}
	return e
}

// TestEarlierFailure: a test that has failed for an earlier leader does not pass for the one that takes over,
// though that one has it run again with others; in another attempt it may.
func TestEarlierFailure(t *testing.T) {
	t.Parallel()
	passes := func(test string) string { return "^=== RUN   " + test + "\n^--- PASS: " + test + " (0.00s)\n^PASS\n" }
	synctest.Test(t, func(t *testing.T) {
		w := newParty(t, printing)
		file := w.binary("pkg.test", "binary")
		run := func(r *Runner, text string, code int, tests string, env ...string) string {
			t.Helper()
			var out bytes.Buffer
			e := r.Run(t.Context(), testbin.Spec{Path: file, Dir: w.root, Args: []string{text, fmt.Sprint(code)}, Tests: strings.Fields(tests), Env: env}, &out)
			return strings.ReplaceAll(out.String(), "\x16", "^") + fmt.Sprint(e.Code, " ", e.Err)
		}
		led := make(chan *Runner, 2)
		first, die := context.WithCancel(t.Context())
		w.agent(first, "n0", nil, led)
		r := <-led
		w.agent(t.Context(), "n1", nil, led)
		all := "^=== RUN   TestA\nboom\n^=== RUN   TestA/sub\n^--- FAIL: TestA/sub (0.00s)\n^--- FAIL: TestA (0.00s)\n" +
			"^=== RUN   TestB\n^--- PASS: TestB (0.00s)\n^=== RUN   TestE\n^=== PAUSE TestE\n^=== RUN   TestC\nbefore\n^--- FAIL: TestC (0.00s)\npanic: c\n"
		if got := run(r, all, 1, "TestA TestB TestC TestD TestE"); got != all+"1 <nil>" {
			t.Errorf("first: %q", got)
		}
		alike := "^=== RUN   TestF\n^--- FAIL: TestF (0.00s)\n^FAIL\n"
		run(r, alike, 1, "TestF")
		run(r, "^PASS\nno teardown\n", 1, "TestG")
		run(r, "^=== RUN   TestP\n^--- FAIL: TestP (0.00s)\n^FAIL\n", 1, "TestP", "COHORT_PROBE=1")
		run(r, "^=== RUN   TestT\n", 1, "TestT")
		run(r, passes("TestQ"), 0, "TestQ TestR")
		run(r, "^=== RUN   TestZ\n^--- FAIL: TestZ (0.00s)\n^FAIL\n", 1, "TestY TestZ")
		die()
		r = <-led
		const why = "cohort: this failed on machine N before this machine led the run, and passed when it ran again: the failure counts"
		failed := func(test, printed string) string {
			return "^=== RUN   " + test + "\n^=== NAME  " + test + "\n    " + why + printed + "\n^--- FAIL: " + test + " (0.00s)\n^FAIL\n1 <nil>"
		}
		once := "^=== RUN   TestC\n^--- PASS: TestC (0.00s)\n"
		for _, tc := range []struct {
			text  string
			code  int
			tests string
			env   []string
			want  string
		}{
			{passes("TestA"), 0, "TestA", []string{"COHORT_ATTEMPT=1"}, passes("TestA") + "0 <nil>"},
			{passes("TestA"), 0, "TestA", []string{"COHORT_PROBE=1"}, passes("TestA") + "0 <nil>"},
			{"^=== RUN   TestA\n^--- SKIP: TestA (0.00s)\n^PASS\n", 0, "TestA", nil, failed("TestA", ". There it printed:\nboom\n--- FAIL: TestA/sub (0.00s)")},
			{passes("TestA"), 0, "TestA TestB", nil, passes("TestA") + "0 <nil>"}, // it was told of
			{passes("TestB"), 0, "TestB", nil, passes("TestB") + "0 <nil>"},       // it had passed
			{once + once + "^PASS\n", 0, "TestC", nil, strings.TrimSuffix(failed("TestC", ". There it printed:\nbefore\npanic: c"), "^FAIL\n1 <nil>") + once + "^FAIL\n1 <nil>"},
			{passes("TestD"), 0, "TestD", nil, passes("TestD") + "0 <nil>"}, // it had not begun
			{passes("TestE"), 0, "TestE", nil, passes("TestE") + "0 <nil>"}, // it had not gone on
			{alike, 1, "TestF", nil, alike + "1 <nil>"},                     // the same: its result is taken
			{passes("TestG"), 0, "TestG TestH", nil, passes("TestG") + "^=== NAME  \n" + why + ". There it printed:\nno teardown\n1 <nil>"},
			{passes("TestG"), 0, "TestG TestI", nil, passes("TestG") + "0 <nil>"}, // it was told of
			{passes("TestP"), 0, "TestP", nil, passes("TestP") + "0 <nil>"},
			{"^=== RUN   TestT\n^--- FAIL: TestT (0.00s)\n^FAIL\n", 1, "TestT TestU", nil, "^=== RUN   TestT\n^--- FAIL: TestT (0.00s)\n^FAIL\n1 <nil>"},
			{passes("TestQ"), 0, "TestQ", nil, passes("TestQ") + "0 <nil>"},
		} {
			got := strings.NewReplacer("machine n0 ", "machine N ", "machine n1 ", "machine N ").Replace(run(r, tc.text, tc.code, tc.tests, tc.env...))
			if got != tc.want {
				t.Errorf("%s %q:\n%q\nwant\n%q", tc.tests, tc.env, got, tc.want)
			}
		}
		unanswered, err := r.Unanswered()
		if got := strings.NewReplacer("n0", "N", "n1", "N").Replace(fmt.Sprint(unanswered, err)); got != "[. TestZ failed on machine N] <nil>" {
			t.Errorf("what did not run again: %s", got)
		}
		w.finish(r)
	})
}

// TestFailureCut: what is left of much that a test has printed is its end, and that is said.
func TestFailureCut(t *testing.T) {
	t.Parallel()
	f, of := &failure{node: "n"}, &failed{}
	line := strings.Repeat("x", 99) + "\n"
	for range maxFailure / len(line) {
		of.print([]byte(line))
	}
	if got := f.says("", of); !strings.Contains(got, ". There it printed:\n"+line) {
		t.Errorf("all of it: %.300q", got)
	}
	of.print([]byte(line + "last\n"))
	if got := f.says("", of); !strings.Contains(got, ". There it printed, at the end of more (64 KiB):\n") || !strings.HasSuffix(got, line+"last\n") || len(of.printed) != maxFailure {
		t.Errorf("too much: %d bytes, %.300q", len(of.printed), got)
	}
}

// TestSameInputs: what the go command tells the test binaries of -coverpkg names folders of one machine. The
// batch is the same with those of another one.
func TestSameInputs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newParty(t, printing)
		file := w.binary("pkg.test", "binary")
		led := make(chan *Runner, 1)
		w.agent(t.Context(), "n0", nil, led)
		r := <-led
		var keys []remote.Key
		var sums []string
		for _, content := range []string{
			`{"ImportPaths":["p","q"],"MetaFileFragments":["/tmp/go-build123/b144/covmeta.ab","/tmp/go-build123/b145/covmeta.cd"]}`,
			`{"ImportPaths":["p","q"],"MetaFileFragments":["/var/go-build9/b144/covmeta.ab","C:\\temp\\go-build9\\b145\\covmeta.cd"]}`,
			`{"ImportPaths":["p","q"],"MetaFileFragments":["/tmp/go-build123/b144/covmeta.ab","/tmp/go-build123/b145/covmeta.ce"]}`,
		} {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "metafiles.txt"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			b, payload, _, err := r.batch(t.Context(), testbin.Spec{Path: file, Dir: w.root, Args: []string{"-test.gocoverdir=" + dir}})
			if err != nil {
				t.Fatal(err)
			}
			keys, sums = append(keys, b.Key), append(sums, string(payload))
		}
		if name := func(k remote.Key) string { return strings.TrimRight(k.Batch, "0123456789") }; name(keys[0]) != name(keys[1]) || name(keys[0]) == name(keys[2]) {
			t.Errorf("%v, want the first two of the same name", keys)
		}
		if slices.Sort(sums); len(slices.Compact(sums)) != 3 {
			t.Errorf("each gets its own: %v", sums)
		}
		w.finish(r)
	})
}
