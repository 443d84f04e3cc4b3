package grouping

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// patterns are what -run and -skip are tried with: all shapes that the testing
// package treats differently, right and wrong ones.
var patterns = []string{
	"", "TestA", "^TestA$", "A/x", "A/x|B/y", "A|B", "(A|B)/x", "(A/x|B)", "A[|/]b", `A\|B`, `A\/x`, "A/", "/x", "/",
	"|", "A|", "|A", "A/x|A", "A|A/x", "A/x|A/y", "A/x/p", "A//p", "AB$/x|A/x", "A/y z", "A/y_z", "A/y\tz", "A/\x01",
	"[[]A", "A/[[]", "A]/x", "A]|B", `\Q)\E/x|A`, `\QA\`, "(?i)testa/X", "Test[AB]$/x|_x/y", "a{1000}{1000}", "[", "A/[", "A|(",
	"A/x|B/[", "B|A/(", "A)", "Ω", "A/a/b", "A/x#01", "A/^$", "A/#00", "(A)/(x)|((B))/y", "[(]|A/x", "[)/]|A", "A\xff/x", `\`,
	"x|x/x|B", "[]A]/x", "[^]A]/x", "A]*[B|x]", `A\Q)\E*/x|B`, "Test\tx", "Test\u2028x/\u3000", "]|[A/x]*", "A]*/[x/]",
}

var (
	topNames  = []string{"TestA", "TestAB", "TestB", "Test_x", "TestΩ", "Test", "TestA"}
	subLevels = [][]string{{"x", "y z", "a/b", "[", "", "x"}, {"p", "q"}}
)

// checkPatterns compares what Match and RunPattern say with what the testing
// package does. pick selects the names that a run list is made for.
func checkPatterns(t *testing.T, o *oracle, run, skip string, pick uint) {
	t.Helper()
	q := question{Run: run, Skip: skip, Names: topNames, Levels: subLevels}
	want := o.ask(t, q)
	f, err := NewFilter(run, skip)
	if (err != nil) != (want.Invalid != "") {
		t.Fatalf("run %q skip %q: error %v, but the testing package refuses %q", run, skip, err, want.Invalid)
	}
	if err != nil {
		return
	}
	selected := make(map[string]bool)
	var names []string
	for i, name := range topNames {
		if got := f.Match(name); got != slices.Contains(want.Ran, name) {
			t.Fatalf("run %q skip %q: Match(%s) = %v, but ran: %q", run, skip, name, got, want.Ran)
		}
		if f.Match(name) && pick&(1<<i) != 0 {
			selected[name] = true
			names = append(names, name)
		}
	}
	q.Run, err = f.RunPattern(names)
	if err != nil {
		t.Fatalf("run %q: RunPattern(%q): %v", run, names, err)
	}
	got := o.ask(t, q)
	wantRan := slices.DeleteFunc(want.Ran, func(name string) bool {
		top, _, _ := strings.Cut(name, "/")
		return !selected[top]
	})
	if got.Invalid != "" || !slices.Equal(got.Ran, wantRan) {
		t.Fatalf("run %q skip %q: RunPattern(%q) = %q\nruns %q (invalid: %q)\nwant %q", run, skip, names, q.Run, got.Ran, got.Invalid, wantRan)
	}
}

func TestPatternsAgreeWithTesting(t *testing.T) {
	t.Parallel()
	o := startOracle(t)
	for i, run := range patterns {
		for j, skip := range patterns {
			if run != "" && skip != "" && (i+2*j)%5 != 0 {
				continue // each pattern alone, and a fifth of the pairs
			}
			checkPatterns(t, o, run, skip, uint(i+j)%128) // every choice of names, spread over the pairs
		}
	}
}

func FuzzRunPattern(f *testing.F) {
	for i, p := range patterns {
		f.Add(p, patterns[len(patterns)-1-i], uint(i))
	}
	o := startOracle(f)
	f.Fuzz(func(t *testing.T, run, skip string, pick uint) {
		checkPatterns(t, o, run, skip, pick)
	})
}

func TestRunPattern(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		run   string
		names []string
		want  string
	}{
		{"", []string{"TestA"}, "^(TestA)$"},
		{"", []string{"A1", "B2"}, "^(A1|B2)$"},
		{"", []string{"A1", "A1"}, "^(A1)$"},
		{"", nil, "^$"},
		{"A/x|B/y", []string{"A1", "B2"}, "^(A1)$/x|^(B2)$/y"},
		{"A/x|B/y", []string{"B2", "A1", "A2"}, "^(A1|A2)$/x|^(B2)$/y"},
		{"A/x|1/y", []string{"A1"}, "^(A1)$/x|^(A1)$/y"},
		{"A|B", []string{"A1", "B2"}, "^(A1|B2)$"},
		{"A/x|A", []string{"A1"}, "^(A1)$"},
		{"A/x/y|B", []string{"A1", "B2"}, "^(A1)$/x/y|^(B2)$"},
		{"A/", []string{"A1"}, "^(A1)$/"},
	} {
		got, err := RunPattern(tt.run, tt.names)
		if err != nil || got != tt.want {
			t.Errorf("RunPattern(%q, %q) = %q, %v, want %q", tt.run, tt.names, got, err, tt.want)
		}
	}
	if got, err := RunPattern("A", []string{"TestA", "TestB"}); err == nil {
		t.Errorf("RunPattern of a test that -run does not match: %q, want an error", got)
	}
}

// TestInvalidPattern compares the errors with what a test binary prints.
func TestInvalidPattern(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ run, skip string }{
		{"[", ""}, {"A/[", ""}, {"A|B/(x", ""}, {"", "a**"}, {"", "A|(|C"}, {"(", "["}, {"A/y z(", ""}, {`\`, ""},
	} {
		cmd := exec.Command(os.Args[0], "-test.run="+tt.run, "-test.skip="+tt.skip)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err == nil {
			t.Errorf("run %q skip %q: a test binary accepts it", tt.run, tt.skip)
		}
		_, err := NewFilter(tt.run, tt.skip)
		if err == nil {
			t.Errorf("run %q skip %q: no error, want %s", tt.run, tt.skip, stderr.Bytes())
			continue
		}
		if got, want := "testing: "+err.Error()+"\n", stderr.String(); got != want {
			t.Errorf("run %q skip %q:\ngot  %swant %s", tt.run, tt.skip, got, want)
		}
	}
}
