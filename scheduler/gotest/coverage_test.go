package gotest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

func TestProfile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in      []string
		want    string
		percent string
	}{
		"none":  {nil, "mode: \n", "coverage: [no statements]\n"},
		"empty": {[]string{"mode: set\n"}, "mode: set\n", "coverage: [no statements]\n"},
		"set":   {[]string{"mode: set\nb.go:1.1,2.2 3 1\na.go:1.1,2.2 1 0\n", "mode: set\nb.go:1.1,2.2 3 1\na.go:1.1,2.2 1 1\n"}, "mode: set\nb.go:1.1,2.2 3 1\na.go:1.1,2.2 1 1\n", "coverage: 100.0% of statements\n"},
		"count": {[]string{"mode: count\na.go:1.1,2.2 3 2\n", "mode: count\na.go:1.1,2.2 3 5\na.go:3.1,4.1 6 0"}, "mode: count\na.go:1.1,2.2 3 7\na.go:3.1,4.1 6 0\n", "coverage: 33.3% of statements\n"},
		"large": {[]string{"mode: atomic\na.go:1.1,2.2 1 4294967295\n", "mode: atomic\na.go:1.1,2.2 1 4294967295\n"}, "mode: atomic\na.go:1.1,2.2 1 8589934590\n", "coverage: 100.0% of statements\n"},
		"zero":  {[]string{"mode: set\na.go:1.1,2.2 9 0\n"}, "mode: set\na.go:1.1,2.2 9 0\n", "coverage: 0.0% of statements\n"},
	} {
		var p Profile
		for _, in := range tc.in {
			if err := p.Add(iotest.OneByteReader(strings.NewReader(in))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		var out strings.Builder
		n, err := p.WriteTo(&out)
		if err != nil || n != int64(out.Len()) || out.String() != tc.want {
			t.Errorf("%s: %d, %v, %q\nwant %q", name, n, err, &out, tc.want)
		}
		if got := p.Percent(""); got != tc.percent {
			t.Errorf("%s: %q, want %q", name, got, tc.percent)
		}
		if suffix, ok := testbin.CoverageSuffix(p.Percent(" in ./...")); !ok || suffix != " in ./..." {
			t.Errorf("%s: suffix %q, %v", name, suffix, ok)
		}
	}
}

func TestProfileErrors(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"mode: set\nx\n", "mode: set\na.go:1.1,2.2 1\n", "a.go:1.1,2.2 x 1\n", "a.go:1.1,2.2 1 -1\n", "mode: set\nmode: count\n", "mode: set\na.go:1.1,2.2 3 1\na.g"} {
		var p Profile
		if err := p.Add(strings.NewReader(in)); err == nil {
			t.Errorf("%q: no error", in)
		}
	}
	var p Profile
	if err := p.Add(iotest.ErrReader(errors.New("broken disk"))); err == nil || !strings.Contains(err.Error(), "broken disk") {
		t.Errorf("error %v", err)
	}
	if _, err := p.WriteTo(failingWriter{}); err == nil {
		t.Error("no error from a writer that fails")
	}
}

func TestMergeInto(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ file, reruns, want string }{
		"set":          {"mode: set\nb.go:1.1,2.2 3 0\na.go:1.1,2.2 1 1\n", "mode: set\na.go:1.1,2.2 1 1\nb.go:1.1,2.2 3 1\n", "mode: set\nb.go:1.1,2.2 3 1\na.go:1.1,2.2 1 1\n"},
		"count":        {"mode: count\na.go:1.1,2.2 3 2\n", "mode: count\na.go:1.1,2.2 3 5\n", "mode: count\na.go:1.1,2.2 3 7\n"},
		"atomic":       {"mode: atomic\na.go:1.1,2.2 3 2\n", "mode: atomic\na.go:1.1,2.2 3 0\n", "mode: atomic\na.go:1.1,2.2 3 2\n"},
		"-coverpkg":    {"mode: count\na.go:1.1,2.2 3 2\nb.go:1.1,2.2 1 0\na.go:1.1,2.2 3 1\nb.go:1.1,2.2 1 0\n", "mode: count\na.go:1.1,2.2 3 5\n", "mode: count\na.go:1.1,2.2 3 7\nb.go:1.1,2.2 1 0\na.go:1.1,2.2 3 1\nb.go:1.1,2.2 1 0\n"},
		"unknown":      {"mode: set\na.go:1.1,2.2 3 0\n", "mode: set\nc.go:1.1,2.2 3 1\n", "mode: set\na.go:1.1,2.2 3 0\nc.go:1.1,2.2 3 1\n"},
		"no reruns":    {"mode: set\na.go:1.1,2.2 3 0\n", "", "mode: set\na.go:1.1,2.2 3 0\n"},
		"another mode": {"mode: set\na.go:1.1,2.2 3 0\n", "mode: count\na.go:1.1,2.2 3 1\n", ""},
		"no profile":   {"x\n", "mode: count\na.go:1.1,2.2 3 1\n", ""},
	} {
		var p Profile
		if err := p.Add(strings.NewReader(tc.reruns)); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err := p.MergeInto(&out, iotest.OneByteReader(strings.NewReader(tc.file)))
		if (err != nil) != (tc.want == "") || err == nil && out.String() != tc.want {
			t.Errorf("%s: %v, %q\nwant %q", name, err, &out, tc.want)
		}
		if err := p.MergeInto(failingWriter{}, strings.NewReader("mode: set\n")); err == nil {
			t.Errorf("%s: no error from a writer that fails", name)
		}
	}
}

// TestProfileLikeGo runs a test binary whole and in two halves, in both kinds of mode,
// and compares the profile and the line with the figure.
func TestProfileLikeGo(t *testing.T) {
	t.Parallel()
	src, err := filepath.Abs(filepath.Join("testdata", "cover"))
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"set", "count"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			binary := filepath.Join(dir, "cover.test.exe")
			build := exec.Command("go", "test", "-c", "-o", binary, "-coverpkg=./...", "-covermode="+mode, ".")
			build.Dir, build.Env = src, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			run := func(pattern string) (profile []byte, line string) {
				name := filepath.Join(dir, "profile")
				cmd := exec.Command(binary, "-test.run="+pattern, "-test.coverprofile="+name)
				cmd.Dir = src
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if profile, err = os.ReadFile(name); err != nil {
					t.Fatal(err)
				}
				for l := range strings.Lines(string(out)) {
					if strings.HasPrefix(l, "coverage: ") {
						line = l
					}
				}
				return profile, line
			}
			want, wantLine := run(".")
			var p Profile
			var suffix string
			for _, pattern := range []string{"^(TestA|TestC)$", "^(TestB)$"} {
				part, line := run(pattern)
				if bytes.Equal(part, want) {
					t.Errorf("%s alone covers as much as all", pattern)
				}
				if err := p.Add(bytes.NewReader(part)); err != nil {
					t.Fatal(err)
				}
				suffix, _ = testbin.CoverageSuffix(line)
			}
			var got bytes.Buffer
			if _, err := p.WriteTo(&got); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("the two halves give\n%s\nthe whole\n%s", &got, want)
			}
			if got := p.Percent(suffix); got != wantLine {
				t.Errorf("%q, want %q", got, wantLine)
			}
		})
	}
}
