package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestFaultsOfLongGroups: groups whose names are more than one argument holds. Names
// that are alike are no problem; others are an error that says which group and why,
// and the rest of the package runs.
func TestFaultsOfLongGroups(t *testing.T) {
	t.Parallel()
	d := newDiffer(t).quick(t)
	if d.plain || runtime.GOOS != "linux" {
		t.Skip("only cohort promises this, and the limit is that of Linux")
	}
	const tests = 2400
	rnd := rand.New(rand.NewPCG(1, 1))
	steps := func(i int) string { return fmt.Sprintf("Test%s%04d", strings.Repeat("Long", 20), i) }
	names := make([]string, tests)
	for i := range names {
		name := []byte("Test")
		for range 80 {
			name = append(name, byte('A'+rnd.IntN(26)))
		}
		names[i] = string(name)
	}
	loose := "package %s\n\nimport \"testing\"\n\nfunc TestLoose(*testing.T) {}\n"
	dir := t.TempDir()
	writeModule(t, dir, map[string]string{
		"alike/group_test.go": groupOf("alike", tests, steps), "alike/loose_test.go": fmt.Sprintf(loose, "alike"),
		"alone/group_test.go":  groupOf("alone", tests, steps),
		"random/group_test.go": groupOf("random", tests, func(i int) string { return names[i] }), "random/loose_test.go": fmt.Sprintf(loose, "random"),
	})
	for _, test := range []struct {
		dist      string
		exit, ran int
	}{{"loadscope", 1, 2 * tests}, {"loadpackage", 0, 3 * tests}} {
		t.Run(test.dist, func(t *testing.T) {
			t.Parallel()
			events := filepath.Join(t.TempDir(), "json")
			r := d.faulty(t, dir, t.TempDir(), nil, "--dist="+test.dist, "--jsonfile="+events, "--", "-count=1", "-vet=off", "./...")
			if r.exit != test.exit {
				t.Errorf("exit code %d, want %d\n%.2000s%.2000s", r.exit, test.exit, r.stdout, r.stderr)
			}
			if said := strings.Contains(string(r.stdout), "group g cannot run"); said != (test.exit != 0) {
				t.Errorf("said that the group cannot run: %v\n%.2000s", said, r.stdout)
			}
			file, err := os.Open(events)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close() // it was only read
			passed := 0
			for pkg, results := range resultsOf(decode(t, r, file)) {
				if pkg != "alone" && results["TestLoose"] != pass {
					t.Errorf("%s: TestLoose: %q", pkg, results["TestLoose"])
				}
				for name, result := range results {
					if name != "" && name != "TestLoose" && result == pass {
						passed++
					}
				}
			}
			if passed != test.ran {
				t.Errorf("%d tests passed, want %d", passed, test.ran)
			}
		})
	}
}

// groupOf is a file whose tests are one group.
func groupOf(pkg string, tests int, name func(int) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "//cohort:group g\n\npackage %s\n\nimport \"testing\"\n\n", pkg)
	for i := range tests {
		fmt.Fprintf(&b, "func %s(*testing.T) {}\n\n", name(i))
	}
	return b.String()
}
