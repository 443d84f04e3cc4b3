package main_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// artifactsModule has tests that leave files, and others.
const artifactsModule = `
package left

import (
	"os"
	"path/filepath"
	"testing"
)

func leave(t *testing.T, names ...string) {
	for _, name := range names {
		path := filepath.Join(t.ArtifactDir(), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(t.Name()+" "+name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPasses(t *testing.T) { leave(t, "a") }

func TestSkips(t *testing.T) {
	leave(t, "a")
	t.Skip("no")
}

func TestFails(t *testing.T) {
	os.Stdout.WriteString("half a line")
	leave(t, "a", "b/c")
	os.Stdout.WriteString("the rest\n")
	for _, name := range []string{"good", "bad", "b/d e"} {
		t.Run(name, func(t *testing.T) {
			leave(t, "sub")
			if name != "good" {
				t.Error("said")
			}
		})
	}
}

func TestParallel(t *testing.T) {
	leave(t, "before")
	t.Parallel()
	leave(t, "after")
	for _, name := range []string{"1", "2", "3"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			leave(t, "sub")
			if name == "2" {
				t.FailNow()
			}
		})
	}
}

func TestQuiet(t *testing.T) { t.Fail() }

func FuzzSeeds(f *testing.F) {
	f.Add(1)
	f.Add(2)
	f.Fuzz(func(t *testing.T, n int) {
		leave(t, "seed")
		if n == 2 {
			t.Fail()
		}
	})
}

func TestPanics(t *testing.T) {
	leave(t, "a")
	if os.Getenv("PANIC") != "" {
		panic("now")
	}
}
`

// testArtifacts compares results, what tests print and the files of those that fail with go test's under
// -artifacts, which keeps those of all tests.
func (d *differ) testArtifacts(t *testing.T) {
	if d.plain {
		t.Skip("the program does not know --artifacts")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/left\n\ngo 1.26\n", "left_test.go": artifactsModule,
		"main/left_test.go": artifactsModule + "\nfunc TestMain(m *testing.M) { os.Exit(m.Run()) }\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		env  []string
		args []string
		// longer are packages in which a death ends go test early.
		longer []string
	}{
		"once":    {nil, nil, nil},
		"twice":   {nil, []string{"-count=2"}, nil},
		"cpus":    {nil, []string{"-cpu=1,2"}, nil},
		"covered": {nil, []string{"-cover", "-race"}, nil},
		"some":    {nil, []string{"-run=Fails/b|Parallel"}, nil},
		"panics":  {[]string{"PANIC=1"}, []string{"-run=Passes|Fails|Panics"}, []string{"example.com/left", "example.com/left/main"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"-count=1"}, append(tc.args, "./...")...)
			want := d.goTest(t, dir, tc.env, slices.Concat([]string{"-artifacts", "-outputdir=" + t.TempDir()}, args)...)
			wantFiles, events := leftByFailures(t, want.events)
			for _, v := range []variant{{workers: 4, shuffle: "off"}, {workers: 1, shuffle: "off"}, {workers: 2, shuffle: "7"}} {
				out := t.TempDir()
				got := d.test(t, dir, append(tc.env, "COHORT_FLAGS=--explain-failures=off --artifacts="+out), v, args...)
				differences := compareVerdicts(verdicts(want.events), verdicts(got.events), tc.longer)
				if tc.longer == nil && v.shuffle == "off" { // with a seed packages print it
					differences = append(differences, compareOutputs(outputs(events), outputs(got.events), nil)...)
				}
				differences = append(differences, compareLines("files", wantFiles, filesBelow(t, out))...)
				report(t, want, got, differences)
			}
		})
	}
}

// leftByFailures returns the texts of the files that failed tests of go test -artifacts have left, and
// the events without those that tell of them.
func leftByFailures(t *testing.T, all []event) (texts []string, rest []event) {
	t.Helper()
	dirs := map[[2]string][]string{} // of tests that have not ended
	for _, e := range all {
		key := [2]string{e.Package, e.Test}
		if dir, ok := strings.CutPrefix(e.Output, "=== ARTIFACTS "+e.Test+" "); ok {
			dirs[key] = append(dirs[key], strings.TrimSpace(dir))
			continue
		}
		switch e.Action {
		case "artifacts":
			continue
		case "pass", "skip":
			delete(dirs, key)
		case "fail":
			for _, dir := range dirs[key] {
				texts = append(texts, filesBelow(t, dir)...)
			}
			delete(dirs, key)
		}
		rest = append(rest, e)
	}
	if len(texts) == 0 {
		t.Errorf("no failed test has left files: %d have not ended: %v", len(dirs), slices.Collect(maps.Keys(dirs)))
	}
	slices.Sort(texts)
	return texts, rest
}

// filesBelow returns the sorted texts of all files below dir: each says whose it is.
func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var texts []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		texts = append(texts, string(text))
		return err
	})
	if err != nil {
		t.Error(err)
	}
	slices.Sort(texts)
	return texts
}
