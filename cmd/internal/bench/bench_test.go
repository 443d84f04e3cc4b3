package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"go/format"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []time.Duration
		want   time.Duration
	}{
		{[]time.Duration{3}, 3},
		{[]time.Duration{9, 1, 2}, 2},
		{[]time.Duration{8, 1, 2, 4}, 3},
	} {
		before := test.values[0]
		if got := median(test.values); got != test.want {
			t.Errorf("median(%v) = %d, want %d", test.values, got, test.want)
		}
		if test.values[0] != before {
			t.Errorf("median reordered its argument: %v", test.values)
		}
	}
}

// The ratios are made pairwise, from the two measurements of one round: a round that was slow for all changes none.
func TestSpeedupIsPairwise(t *testing.T) {
	t.Parallel()
	base := []time.Duration{10 * time.Second, 100 * time.Second, 40 * time.Second}
	own := []time.Duration{5 * time.Second, 50 * time.Second, 10 * time.Second}
	if got, want := speedup(base, own, false), "2.00 (2.00..4.00)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBound(t *testing.T) {
	t.Parallel()
	if got, want := bound(16*time.Second, time.Second, 8), 2*time.Second; got != want {
		t.Errorf("many short units: got %v, want %v", got, want)
	}
	if got, want := bound(16*time.Second, 9*time.Second, 8), 9*time.Second; got != want {
		t.Errorf("one long unit: got %v, want %v", got, want)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	second := func(n int) sample {
		return sample{time: time.Duration(n) * time.Second, cpu: time.Second, memory: 12e6}
	}
	err := report(&out, "name", table{title: "title", bound: 4 * time.Second, contestants: []contestant{{name: "slow"}, {name: "fast"}}},
		[][]sample{{second(10), second(20), second(30)}, {second(5), second(5), second(6)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"name: title (3 rounds)", "20.0 s  10.0 s..30.0 s  1 ", "5.00 s  5.00 s..6.00 s  4.00 (2.00..5.00)", "12 MB",
		"bound  4.00 s", "time over the bound: slow 5.00, fast 1.25\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, out.String())
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	if _, err := choose("nonsense"); err == nil || !strings.Contains(err.Error(), "sleep") {
		t.Errorf("a wrong name gives %v, want an error with the right names", err)
	}
	seen := map[string]bool{}
	for _, r := range rows() {
		got, err := choose(r.name)
		if err != nil || len(got) != 1 || got[0].name != r.name || seen[r.name] {
			t.Errorf("row %s: got %v, %v", r.name, got, err)
		}
		seen[r.name] = true
	}
}

// What is generated is Go as gofmt writes it; that it compiles is seen at each bench.
func TestGenerate(t *testing.T) {
	t.Parallel()
	b := &bench{tmp: t.TempDir()}
	m := b.newModule("generated")
	m.sleeps("sleep", 3, time.Millisecond)
	m.trivial("trivial")
	m.covered("covered")
	m.large()
	if m.err != nil {
		t.Fatal(m.err)
	}
	for _, path := range []string{"sleep/sleep_test.go", "trivial/trivial_test.go", "covered/covered.go",
		"covered/covered_test.go", "large/large.go", "large/large_test.go",
		"large/part07/part07.go"} {
		text, err := os.ReadFile(filepath.Join(m.dir, path))
		if err != nil {
			t.Fatal(err)
		}
		want, err := format.Source(text)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if !bytes.Equal(text, want) {
			t.Errorf("%s is not as gofmt writes it", path)
		}
	}
}

func TestWriteEvents(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events")
	if err := writeEvents(path, 1200); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	open := map[string]bool{}
	var count int
	for d := json.NewDecoder(bufio.NewReader(file)); ; count++ {
		var e struct{ Action, Package, Test string }
		if err := d.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		switch key := e.Package + " " + e.Test; e.Action {
		case "start", "run":
			open[key] = true
		case "pass":
			if !open[key] {
				t.Errorf("%s passes and did not begin", key)
			}
			delete(open, key)
		}
	}
	if count < 1200 || len(open) != 0 {
		t.Errorf("%d events, want at least 1200; not ended: %v", count, open)
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "marks")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, right := range []string{"1000\n4000\n", "1000\n4000\n9000\n"} {
		write(right)
		if got, err := between(path); err != nil || got != 3000 {
			t.Errorf("%q gives %v, %v, want 3µs", right, got, err)
		}
	}
	for _, wrong := range []string{"", "1\n", "1\n2\n3\n4\n", "1\nx\n"} {
		write(wrong)
		if got, err := between(path); err == nil {
			t.Errorf("%q gives %v, want an error", wrong, got)
		}
	}
}

// TestPair: the contestants of the long rows, in order.
func TestPair(t *testing.T) {
	t.Parallel()
	b := &bench{cohort: "cohort", gotestsum: "gotestsum"}
	var names []string
	for _, c := range b.pair("", nil, nil) {
		names = append(names, c.name)
	}
	if want := []string{"go test", "cohort, first run ever", "cohort, again"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}
