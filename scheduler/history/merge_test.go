package history

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRead: a file for those who only look at it.
func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good"), filepath.Join(dir, "bad")
	record(t, good, "1", "p", "T", Outcome{Result: Pass, Elapsed: time.Second})
	s, err := Read(good, "")
	if err != nil || s.Module() != "example.org/m" || len(s.Outcomes("p", "T")) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := os.WriteFile(bad, []byte(sealed("m\tx\t9\nr\twhat\t1\t-\t\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(bad, ""); err == nil || err.Error() != `line 3: damaged: "what" is no number` {
		t.Errorf("a damaged file: %v", err)
	}
	if _, err := Read(filepath.Join(dir, "none"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestMergeIsAUnion merges what two CI jobs made of one common file, in both orders and again.
func TestMergeIsAUnion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	record(t, file("a"), "common", "p", "T", Outcome{Result: Fail, Elapsed: time.Second})
	text, err := os.ReadFile(file("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file("b"), text, 0o666); err != nil {
		t.Fatal(err)
	}
	record(t, file("a"), "job-a", "p", "T", Outcome{Result: Pass, Elapsed: time.Second})
	record(t, file("b"), "job-b", "p", "T", Outcome{Result: Pass, Elapsed: time.Second})
	record(t, file("b"), "job-b", "q", "T", Outcome{Result: Pass, Elapsed: time.Second})
	for _, args := range [][]string{{"ab", "a", "b"}, {"ba", "b", "a"}, {"aab", "a", "a", "b", "b"}, {"ab", "ab", "a"}} {
		var files []string
		for _, a := range args {
			files = append(files, file(a))
		}
		if errs := Merge(t.Context(), files[0], files[1:], day); len(errs) > 0 {
			t.Fatalf("%v: %v", args, errs)
		}
		s := mustOpen(t, file(args[0])).Snapshot("")
		past := s.Outcomes("p", "T")
		if len(past) != 3 || past[0].Result != Fail && past[1].Result != Fail && past[2].Result != Fail {
			t.Errorf("%v: %v, want one failure and two passes", args, past)
		}
		if _, ok := s.Estimate("q", "T"); !ok {
			t.Errorf("%v: q is lost", args)
		}
	}
	ab, err := os.ReadFile(file("ab"))
	if err != nil {
		t.Fatal(err)
	}
	ba, err := os.ReadFile(file("ba"))
	if err != nil {
		t.Fatal(err)
	}
	if string(ab) != string(ba) {
		t.Errorf("the order of the files matters:\n%s\n%s", ab, ba)
	}
}

func TestMergeGoesOnWithoutABadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad, out := filepath.Join(dir, "good"), filepath.Join(dir, "bad"), filepath.Join(dir, "out")
	record(t, good, "1", "p", "T", Outcome{Result: Pass})
	if err := os.WriteFile(bad, []byte("hello\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if errs := Merge(t.Context(), out, []string{bad, good}, day); len(errs) != 1 || !strings.Contains(errs[0].Error(), bad) {
		t.Errorf("%v, want one error about %s", errs, bad)
	}
	if len(mustOpen(t, out).Snapshot("").Outcomes("p", "T")) != 1 {
		t.Error("the good file was not merged")
	}
}

// TestCombineHoldsBounds combines large random histories: decode enforces the bounds.
func TestCombineHoldsBounds(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(7, 8))
	all := &state{next: 1}
	for f := range 6 {
		st := &state{next: 1}
		for i := range 60 {
			run := Run{ID: fmt.Sprint(f%4, "-", i), Start: day.Add(time.Duration(rnd.IntN(1000)) * time.Minute), Variant: fmt.Sprint(rnd.IntN(30))}
			applyRun(st, run, func(r *Recorder) {
				for range 20 {
					r.Startup("p", time.Millisecond)
					r.Add("p", fmt.Sprint("T", rnd.IntN(8)), Outcome{Result: []Result{Pass, Fail, Skip}[rnd.IntN(3)]})
				}
			})
		}
		all = combine(all, st)
		mustDecode(t, all)
	}
}

func TestWilson(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hits, n   int
		low, high float64
	}{{0, 10, 0, 0.2775}, {1, 10, 0.0179, 0.4042}, {5, 10, 0.2366, 0.7634}, {10, 10, 0.7225, 1}, {1, 1, 0.2065, 1}} {
		low, high := Wilson(c.hits, c.n)
		if math.Abs(low-c.low) > 1e-3 || math.Abs(high-c.high) > 1e-3 {
			t.Errorf("Wilson(%d, %d) = %.4f, %.4f, want %.4f, %.4f", c.hits, c.n, low, high, c.low, c.high)
		}
	}
}

func TestTimingFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("a.log", `{"Action":"pass","Package":"p","Test":"TestA/sub","Elapsed":9}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":1.5}

{"Action":"output","Package":"p","Test":"TestA","Output":"`+strings.Repeat("x", 200_000)+`"}
{"Action":"fail","Package":"p","Elapsed":20}
{"Action":"fail","Package":"p","Test":"TestB","Elapsed":0.25}`)
	write("b.log", `{"Action":"skip","Package":"p","Test":"TestC","Elapsed":0}`+"\n")
	s, err := ReadTimingFiles(filepath.Join(dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for test, want := range map[string]time.Duration{"TestA": 1500 * time.Millisecond, "TestB": 250 * time.Millisecond, "TestC": 0} {
		if got, ok := s.Estimate("p", test); !ok || got != want {
			t.Errorf("%s: %v, %v, want %v", test, got, ok, want)
		}
	}
	if _, ok := s.Estimate("p", "TestA/sub"); ok {
		t.Error("a subtest has an estimate")
	}
	h := mustOpen(t, "").Snapshot("").WithEstimates(s)
	if got, ok := h.Estimate("p", "TestB"); !ok || got != 250*time.Millisecond {
		t.Errorf("WithEstimates: %v, %v", got, ok)
	}

	write("bad.log", "{\"Action\":\"pass\"}\nnot json\n")
	_, err = ReadTimingFiles(filepath.Join(dir, "bad.log"))
	if err == nil || !strings.Contains(err.Error(), "bad.log: line 2: ") {
		t.Errorf("a bad line: %v", err)
	}
	if _, err = ReadTimingFiles(filepath.Join(dir, "none*")); err == nil {
		t.Error("no file matches: no error")
	}
}
