package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testArguments compares results for go test arguments that choose, repeat or
// change tests.
func (d *differ) testArguments(t *testing.T) {
	// Two packages are enough to see what is chosen in one and not in the other; go test links each of them each time.
	few, fuzz, twins := []string{"./ok/subtests", "./ok/twins"}, []string{"./ok/fuzz", "./ok/twins"}, []string{"./ok/twins"}
	names, deep := []string{"./ok/names", "./ok/subtests"}, []string{"./ok/subtests"}
	for name, args := range map[string][]string{
		"run":              append([]string{"-run=TestDeep"}, few...),
		"run anchored":     append([]string{"-run=^TestDeep$"}, names...),
		"run subtests":     append([]string{"-run=TestTwin/sub"}, few...),
		"run alternatives": append([]string{"-run=TestNames/plain|TestTwin/none|TestDee$|Fuzz/seed#0"}, slices.Concat(deep, fuzz)...),
		"run levels":       append([]string{"-run=Test.*/same/inner"}, few...),
		"run in brackets":  append([]string{"-run=Test(Names|Deep)/[a-z/|]+"}, names...),
		"run spaces":       append([]string{"-run=TestNames/two  spaces"}, deep...),
		"run case":         append([]string{"-run=(?i)testd"}, names...),
		"run empty level":  append([]string{"-run=/same"}, few...),
		"run nothing":      append([]string{"-run=^$"}, fuzz...),
		"run no match":     append([]string{"-run=NoSuchTest"}, fuzz...),
		"run examples":     {"-run=Example", "./ok/examples", "./ok/twins"},
		"run test.":        append([]string{"-test.run=TestDeep", "-test.count=2"}, few...),
		"skip":             append([]string{"-skip=TestDeep"}, few...),
		"skip subtests":    append([]string{"-skip=/same|Names/plain"}, names...),
		"run and skip":     append([]string{"-run=TestD", "-skip=TestDuplicates/same$/inner"}, names...),
		"count":            append([]string{"-count=3"}, fuzz...),
		"count examples":   {"-count=2", "./ok/examples"},
		"count zero":       {"-count=0", "./ok/skips"},
		"cpu":              append([]string{"-cpu=1,2"}, few...),
		"cpu and count":    {"-cpu=1,2", "-count=2", "./ok/twins", "./ok/examples", "./ok/parallel"},
		"tags":             {"-tags=special", "./ok/tags/..."},
		"no tags":          {"./ok/tags/..."},
		"short":            {"-short", "./ok/skips"},
		"vet off":          {"-vet=off", "./bad/vet", "./bad/vetnames"},
		"vet all":          {"-vet=all", "./ok/twins", "./bad/vet"},
		"p":                append([]string{"-p=1"}, few...),
		"parallel":         {"-parallel=1", "./ok/parallel"},
		"timeout":          append([]string{"-timeout=5m"}, twins...),
		"no timeout":       {"-timeout=0", "./ok/surroundings"},
		"timed out":        {"-timeout=5s", "./hang"},
		"shuffle":          append([]string{"-shuffle=7"}, few...),
		"shuffle off":      append([]string{"-shuffle=off"}, names...),
		"verbose":          append([]string{"-v"}, fuzz...),
		"args":             {"./ok/arguments", "-args", "-colour=red", "one", "two words", "-run=TestFlag", ""},
		"args shadow":      {"./ok/flagless", "-args", "-level=9", "-short", "--", "x"},
		"own flag":         {"./ok/flagless", "-level=9"},
		"ldflags":          {"-ldflags=-s -w", "-gcflags=-N", "./ok/twins"},
		"trimpath":         {"-trimpath", "./ok/twins", "./ok/names"},
		"fullpath":         {"-fullpath", "./bad/fails"},
		"no such package":  {"./ok/twins", "./nosuch"},
		"files":            {"ok/skips/skips_test.go"},
		"current package":  {"-run=NoSuchTest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := comparison{dir: d.awkward, args: args, variants: []variant{{workers: 2, shuffle: "5"}}}
			if name == "current package" {
				c.dir, c.args = filepath.Join(d.awkward, "ok", "skips"), []string{"."}
			}
			d.compare(t, c)
		})
	}
	t.Run("race", func(t *testing.T) {
		t.Parallel()
		if testing.Short() {
			t.Skip("builds the standard library with -race")
		}
		d.compare(t, comparison{
			dir: d.awkward, args: []string{"-race", "./race", "./ok/twins", "./ok/parallel"},
			variants: []variant{{workers: 2, shuffle: "5"}},
		})
	})
}

// testFailfast compares -failfast where go test's order is kept, and checks
// what must hold in any order where it is not.
func (d *differ) testFailfast(t *testing.T) {
	d.compare(t, comparison{
		dir: d.awkward, args: []string{"-failfast", "./bad/fails"},
		variants: []variant{{workers: 1, shuffle: "off"}},
	})
	// Which tests had begun before the first failure depends on the order, so
	// a shuffled run may have more or fewer of them: none twice, none with
	// another verdict than in a full run, and at least one that failed.
	full := verdicts(d.reference(t, d.awkward, "-count=1", "./bad/...").events)
	for _, v := range d.variants([]variant{{workers: 2, shuffle: "1"}, {workers: 4, shuffle: "2"}}) {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			got := d.test(t, d.awkward, nil, v, "-count=1", "-failfast", "./bad/fails")
			failed := 0
			for r, n := range verdicts(got.events) {
				if n > full[r] && !(r.Action == "pass" && strings.Contains(r.Test, "FailIn")) {
					// A parent may pass when -failfast kept its failing subtest from running.
					t.Errorf("%s: %v: %d times, %d in a full run", got.command, r, n, full[r])
				}
				if r.Action == "fail" && r.Test != "" {
					failed++
				}
			}
			if failed == 0 || got.exit != 1 {
				t.Errorf("%s: %d failed tests, exit code %d, want some and 1", got.command, failed, got.exit)
			}
		})
	}
}

// testExec compares results under a user's own -exec, and checks that it was
// used.
func (d *differ) testExec(t *testing.T) {
	marks := filepath.Join(t.TempDir(), "marks")
	d.compare(t, comparison{
		dir: d.awkward, env: []string{"WRAPPER_MARKS=" + marks},
		args:     []string{"-exec=" + d.wrapper, "./ok/twins", "./ok/surroundings", "./bad/fails", "./bad/exits"},
		variants: []variant{{workers: 2, shuffle: "1"}},
	})
	t.Run("used", func(t *testing.T) {
		t.Parallel()
		own := marks + ".own"
		v := variant{workers: 2, shuffle: "1"}
		got := d.test(t, d.awkward, []string{"WRAPPER_MARKS=" + own}, v, "-count=1", "-exec="+d.wrapper, "./ok/twins")
		if data, err := os.ReadFile(own); err != nil || len(data) == 0 {
			t.Errorf("%s: the -exec command was not called: %v", got.command, err)
		}
	})
}

// testPassThrough compares what cannot be split and goes to go test as it is.
func (d *differ) testPassThrough(t *testing.T) {
	v := variant{workers: 2, shuffle: "1"}
	for name, args := range map[string][]string{
		"bench":      {"-bench=.", "-benchtime=1x", "-run=^$", "./ok/bench/..."},
		"bench all":  {"-bench=Sub/1$", "-benchtime=1x", "-benchmem", "./ok/bench/..."},
		"fuzz":       {"-fuzz=FuzzSeeds", "-fuzztime=10x", "-run=^$", "./ok/fuzz"},
		"x":          {"-x", "./ok/twins"},
		"cpuprofile": {"-cpuprofile=FILE", "./ok/twins"},
		"trace":      {"-trace=FILE", "./ok/twins"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir() // a profile comes with a test binary in the current directory
			args, file := placeFile(args, filepath.Join(dir, "want"))
			if file != "" {
				args = slices.Concat([]string{"-o=" + filepath.Join(dir, "binary")}, args)
			}
			want := d.goTest(t, d.awkward, nil, args...)
			args, file = placeFile(args, filepath.Join(dir, "got"))
			got := d.test(t, d.awkward, nil, v, slices.Concat([]string{"-count=1"}, args)...)
			report(t, want, got, compareVerdicts(verdicts(want.events), verdicts(got.events), nil))
			if file == "" {
				return
			}
			if data, err := os.ReadFile(file); err != nil || len(data) == 0 {
				t.Errorf("%s: %d bytes of profile, %v", got.command, len(data), err)
			}
		})
	}
	t.Run("list", func(t *testing.T) {
		t.Parallel()
		want := d.goTest(t, d.awkward, nil, "-list=.", "./ok/twins", "./ok/fuzz", "./ok/none")
		got := d.test(t, d.awkward, nil, v, "-list=.", "./ok/twins", "./ok/fuzz", "./ok/none")
		report(t, want, got, compareOutputs(outputs(want.events), outputs(got.events), nil))
	})
	t.Run("c", func(t *testing.T) {
		t.Parallel()
		binary := filepath.Join(t.TempDir(), "twins.test")
		got := d.test(t, d.awkward, nil, v, "-c", "-o", binary, "./ok/twins")
		if _, err := os.Stat(binary); err != nil || got.exit != 0 {
			t.Errorf("%s: exit code %d, %v", got.command, got.exit, err)
		}
	})
	t.Run("n", func(t *testing.T) {
		t.Parallel()
		marks := filepath.Join(t.TempDir(), "marks")
		got := d.test(t, d.awkward, []string{"AWKWARD_MARKS=" + marks}, v, "-n", "./ok/cache")
		if len(bytes.TrimSpace(got.stdout))+len(got.stderr) == 0 {
			t.Errorf("%s prints nothing", got.command)
		}
		if _, err := os.Stat(marks); err == nil {
			t.Errorf("%s ran the tests", got.command)
		}
	})
}

// placeFile returns args with file for the word FILE, or for the file of an
// earlier call, and the file if there was one to place.
func placeFile(args []string, file string) ([]string, string) {
	placed := slices.Clone(args)
	for i, arg := range placed {
		name, _, ok := strings.Cut(arg, "=")
		if ok && (name == "-cpuprofile" || name == "-trace") {
			placed[i] = name + "=" + file
			return placed, file
		}
	}
	return placed, ""
}
