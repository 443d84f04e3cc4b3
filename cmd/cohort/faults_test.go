package main_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// faulty runs cohort and checks what must hold whatever is wrong: it ends by
// itself, and leaves nothing in tmp ("" for not looked at).
func (d *differ) faulty(t *testing.T, dir, tmp string, env []string, args ...string) run {
	t.Helper()
	if tmp != "" {
		env = append(slices.Clone(env), "TMPDIR="+tmp)
	}
	r := d.command(t, dir, env, append([]string{d.subject, "--no-color"}, args...)...)
	if tmp != "" {
		checkNothingLeft(t, tmp)
	}
	return r
}

// writeModule writes a module with the files in name, content pairs.
func writeModule(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	files["go.mod"] = "module example.com/faults\n\ngo 1.25\n"
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

const twoTests = "package %s\n\nimport \"testing\"\n\nfunc TestA(*testing.T) {}\n\nfunc TestB(t *testing.T) { t.Log(\"seen\") }\n"

// TestFaultsOfFiles: a file that cannot be written is named, and the run is red.
func TestFaultsOfFiles(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	if d.plain || runtime.GOOS == "windows" {
		t.Skip("only cohort promises this, and this needs files of Unix")
	}
	dir := t.TempDir()
	writeModule(t, dir, map[string]string{
		"p/p_test.go": fmt.Sprintf(twoTests, "p"),
		"f/f_test.go": "package f\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
			"func TestF(t *testing.T) {\n\tif os.Getenv(\"COHORT_ATTEMPT\") == \"0\" {\n\t\tt.Fail()\n\t}\n}\n",
	})
	file := filepath.Join(dir, "go.mod")
	for _, flag := range []string{
		"--junitfile", "--jsonfile", "--jsonfile-timing-events", "--rerun-fails-report",
	} {
		for _, path := range []string{"/dev/full", filepath.Join(file, "below"), dir} {
			t.Run(flag+"="+filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				r := d.faulty(t, dir, t.TempDir(), nil, flag+"="+path, "--rerun-fails=1", "--rerun-delay=0s", "--", "./...")
				if r.exit != 3 || !bytes.Contains(r.stderr, []byte(path)) && !bytes.Contains(r.stderr, []byte("no space left")) {
					t.Errorf("exit code %d, want 3 and a message with %s\n%s%s", r.exit, path, r.stdout, r.stderr)
				}
			})
		}
	}
	for _, flag := range []string{"-coverprofile=/dev/full", "-coverprofile=" + dir} {
		t.Run(flag[len("-coverprofile="):], func(t *testing.T) {
			t.Parallel()
			r := d.faulty(t, dir, t.TempDir(), nil, "--rerun-fails=1", "--rerun-delay=0s", "--", flag, "./p")
			if r.exit == 0 {
				t.Errorf("exit code 0\n%s%s", r.stdout, r.stderr)
			}
		})
	}
	for _, env := range []string{"XDG_CACHE_HOME=/proc/nowhere", "XDG_CACHE_HOME=" + file} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			r := d.faulty(t, dir, t.TempDir(), []string{env, "COHORT_HISTORY="}, "--", "-count=1", "./p")
			if r.exit != 0 {
				t.Errorf("exit code %d: a cache only ever helps\n%s%s", r.exit, r.stdout, r.stderr)
			}
		})
	}
}

// TestFaultsOfPlaces: odd directories for temporary files and for cohort itself.
func TestFaultsOfPlaces(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	if d.plain || runtime.GOOS == "windows" {
		t.Skip("only cohort promises this, and Windows forbids these names")
	}
	dir, base := filepath.Join(t.TempDir(), "it's a module"), t.TempDir()
	long := strings.Repeat("l", 200)
	writeModule(t, dir, map[string]string{
		"p/p_test.go":              fmt.Sprintf(twoTests, "p"),
		long + "/p_test.go":        fmt.Sprintf(twoTests, "p"),
		"d/" + long + "/p_test.go": fmt.Sprintf(twoTests, "p"),
	})
	for name, test := range map[string]struct {
		tmp, self string // below base; "" for as usual
		exit      int
		says      string
	}{
		"plain":                   {"tmp", "", 0, ""},
		"quotes":                  {"it's a \"tmp\" dir", "", 0, ""},
		"deep":                    {strings.Repeat(long+"/", 3), "", 0, ""},
		"missing":                 {"missing", "", 3, "missing"},
		"self with spaces":        {"tmp1", "my programs/cohort", 0, ""},
		"self with single quotes": {"tmp2", "it's/cohort", 0, ""},
		"self with double quotes": {"tmp3", "so \"called\"/cohort", 0, ""},
		"self with both":          {"tmp4", "it's \"so called\"/cohort", 3, "both"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tmp, subject := filepath.Join(base, test.tmp), d.subject
			if name != "missing" {
				if err := os.MkdirAll(tmp, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if test.self != "" {
				subject = filepath.Join(base, test.self)
				if err := os.MkdirAll(filepath.Dir(subject), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Link(d.subject, subject); err != nil {
					t.Skip(err)
				}
			}
			r := d.command(t, dir, []string{"TMPDIR=" + tmp}, subject, "--no-color", "--format=standard-verbose",
				"--workers=2", "--", "-count=1", "-v", "-coverprofile="+filepath.Join(t.TempDir(), "c"), "./...")
			if r.exit != test.exit || !strings.Contains(string(r.stderr), test.says) {
				t.Errorf("exit code %d, want %d and %q\n%s%s", r.exit, test.exit, test.says, r.stdout, r.stderr)
			}
			if want := 6; test.exit == 0 && strings.Count(string(r.stdout), "--- PASS: Test") != want {
				t.Errorf("want %d passed tests\n%s", want, r.stdout)
			}
			if name != "missing" {
				checkNothingLeft(t, tmp)
			}
		})
	}
	t.Run("no TMPDIR", func(t *testing.T) {
		t.Parallel()
		env := slices.DeleteFunc(slices.Clone(d.env), func(kv string) bool { return strings.HasPrefix(kv, "TMPDIR=") })
		other := *d
		other.env = env
		if r := other.faulty(t, dir, "", nil, "--", "./p"); r.exit != 0 {
			t.Errorf("exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
		}
	})
}

// TestFaultsOfSize: a package of 4,000 tests with long names, more than one
// argument holds.
func TestFaultsOfSize(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	const tests = 4000
	name := func(i int) string { return fmt.Sprintf("Test%s%04d", strings.Repeat("Long", 20), i) }
	var many, group strings.Builder
	fmt.Fprint(&many, "package many\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n")
	fmt.Fprint(&group, "//cohort:group g\n\npackage group\n\nimport \"testing\"\n\n")
	for i := range tests {
		fmt.Fprintf(&many, "func %s(t *testing.T) {\n", name(i))
		if i == 10 {
			fmt.Fprint(&many, "\tos.Exit(3)\n")
		}
		fmt.Fprint(&many, "}\n\n")
		fmt.Fprintf(&group, "func TestStep%04d(t *testing.T) {}\n\n", i)
	}
	dir := t.TempDir()
	main := "package many\n\nimport \"testing\"\n\nfunc TestMain(m *testing.M) { m.Run() }\n"
	writeModule(t, dir, map[string]string{
		"many/many_test.go": many.String(),
		"main/many_test.go": many.String(), "main/main_test.go": main,
		"group/group_test.go": group.String(), "group/loose_test.go": "package group\n\nimport \"testing\"\n\nfunc TestLoose(*testing.T) {}\n",
	})
	for _, workers := range []string{"--workers=1", "--workers=4"} {
		t.Run(workers, func(t *testing.T) {
			t.Parallel()
			events := filepath.Join(t.TempDir(), "json")
			r := d.faulty(t, dir, t.TempDir(), nil, workers, "--jsonfile="+events, "--", "-vet=off", "./...")
			if r.exit != 1 {
				t.Errorf("exit code %d, want 1\n%s", r.exit, r.stderr)
			}
			file, err := os.Open(events)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close() // it was only read
			results := resultsOf(decode(t, r, file))
			for _, pkg := range []string{"many", "main", "group"} {
				wrong := 0
				for i := range tests {
					want := pass
					if i == 10 && pkg != "group" {
						want = fail
					}
					test := name(i)
					if pkg == "group" {
						test = fmt.Sprintf("TestStep%04d", i)
					}
					if got := results[pkg][test]; got != want {
						wrong++
					}
				}
				if wrong > 0 {
					t.Errorf("%s: %d tests without the right result", pkg, wrong)
				}
			}
			if results["group"][""] != pass {
				t.Errorf("group: %q\n%.2000s", results["group"][""], r.stdout)
			}
		})
	}
}
