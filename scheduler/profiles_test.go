package scheduler

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// TestListLost has the process die that was to tell of packages which the binary does not link. The one
// without tests then tells of them, in their place, and what it counts itself is not counted.
func TestListLost(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ mode, base, want, percent string }{
		"set":   {"set", "1", "1", "coverage: 66.7% of statements"},
		"count": {"count", "2", "3", "coverage: 66.7% of statements"},
	} {
		dir := t.TempDir()
		file := func(name, text string) string {
			name = filepath.Join(dir, name)
			if err := os.WriteFile(name, []byte("mode: "+tc.mode+"\n"+text), 0o600); err != nil {
				t.Fatal(err)
			}
			return name
		}
		f := suiteFiles{
			profiles:    []string{filepath.Join(dir, "died"), file("second", "m/p/p.go:1.1,2.2 2 "+tc.want+"\n")},
			baseline:    file("baseline", "m/a/a.go:1.1,2.2 1 0\nm/p/p.go:1.1,2.2 2 "+tc.base+"\n"),
			hasCoverage: true, list: listLost,
		}
		to := filepath.Join(dir, "sum")
		percent, err := f.mergeCoverage(to)
		got, readErr := os.ReadFile(to)
		want := "mode: " + tc.mode + "\nm/a/a.go:1.1,2.2 1 0\nm/p/p.go:1.1,2.2 2 " + tc.want + "\n"
		if err != nil || readErr != nil || string(got) != want || percent != tc.percent+"\n" {
			t.Errorf("%s: %v, %v, %q, profile %q, want %q", name, err, readErr, percent, got, want)
		}
	}
}

// TestToldOfPackages: only the death of the process that had the list asks for another one.
func TestToldOfPackages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		list     coverList
		profile  string
		profiled bool
		want     coverList
	}{
		"told":          {listOnce, "first", true, listOnce},
		"dead":          {listOnce, "first", false, listLost},
		"dead, another": {listOnce, "second", false, listOnce},
		"dead, no list": {listEach, "first", false, listEach},
	} {
		s := &suite{account: ledger.NewAccount(ledger.Spec{Mode: ledger.Opaque, Count: 1, CPUs: 1})}
		s.files = suiteFiles{profiles: []string{"first", "second"}, list: tc.list}
		s.told(&job{Job: worker.Job{Files: worker.Files{Profile: tc.profile}}}, &worker.Result{Profiled: tc.profiled})
		if s.files.list != tc.want {
			t.Errorf("%s: %d, want %d", name, s.files.list, tc.want)
		}
	}
}

// TestListOnce: the first process of a package has the go command's list of packages that are not linked,
// the others do without.
func TestListOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		testMain, list bool
		want           [2]bool // linked
	}{
		"list":          {false, true, [2]bool{false, true}},
		"no list":       {false, false, [2]bool{false, false}},
		"with TestMain": {true, true, [2]bool{false, false}},
	} {
		b := newBench(t, &Config{Workers: 2, SplitTestMain: true, GoTest: &gotest.Args{Cover: true, CoverMode: "set"}})
		dir := t.TempDir()
		if tc.list {
			if err := os.WriteFile(filepath.Join(dir, "metafiles.txt"), []byte("list"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b.loader.env = func(env []string) []string { return append(env, "GOCOVERDIR="+dir) }
		b.arrives("//cohort:group g\nfunc TestA(t *testing.T) {}\n\n//cohort:group h\nfunc TestB(t *testing.T) {}\n", tc.testMain, "-test.gocoverdir="+dir)
		first := b.fill()[0]
		if err := os.WriteFile(first.Files.Profile, nil, 0o600); err != nil { // it tells of the list
			t.Fatal(err)
		}
		b.finish(first, passing(first), 0)
		second := b.fill()[0]
		if got := [2]bool{first.Files.Linked, second.Files.Linked}; got != tc.want {
			t.Errorf("%s: linked %v, want %v", name, got, tc.want)
		}
	}
}
