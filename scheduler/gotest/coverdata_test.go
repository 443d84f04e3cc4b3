package gotest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMergeCoverDirsLikeGo runs a test binary whole and in two parts, in all modes, and has go tool
// covdata read the result.
func TestMergeCoverDirsLikeGo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the go command")
	}
	src := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module m\n\ngo 1.26\n",
		// init counts once per process.
		"a.go": "package m\n\nfunc init() { F(3) }\n\nfunc F(n int) int {\n\tif n > 2 {\n\t\tn--\n\t}\n\tif n > 7 {\n\t\tn--\n\t}\n\treturn n\n}\n",
		"a_test.go": "package m\n\nimport \"testing\"\n\nfunc TestA(*testing.T) { F(1) }\n\nfunc TestB(*testing.T) { F(5) }\n\n" +
			"func TestC(*testing.T) { F(9) }\n",
	} {
		if err := os.WriteFile(filepath.Join(src, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []string{"set", "count", "atomic"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			output := func(name string, args ...string) string {
				t.Helper()
				cmd := exec.Command(name, args...)
				cmd.Dir, cmd.Env = src, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%s: %v\n%s", cmd, err, out)
				}
				return string(out)
			}
			binary := filepath.Join(dir, "cover.test.exe")
			output("go", "test", "-c", "-o", binary, "-coverpkg=./...", "-covermode="+mode, ".")
			run := func(name, pattern string) string {
				t.Helper()
				data := filepath.Join(dir, name)
				if err := os.Mkdir(data, 0o700); err != nil {
					t.Fatal(err)
				}
				output(binary, "-test.run="+pattern, "-test.gocoverdir="+data)
				return data
			}
			whole := run("whole", ".")
			parts := []string{run("a", "^(TestA|TestB)$"), run("b", "^(TestC)$"), filepath.Join(dir, "a process that died")}
			base := run("base", "^$")
			merged := filepath.Join(dir, "merged")
			if err := os.Mkdir(merged, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := MergeCoverDirs(merged, parts, base); err != nil {
				t.Fatal(err)
			}
			if files, err := os.ReadDir(merged); err != nil || len(files) != 2 {
				t.Errorf("%v, %v; want two files, as go leaves", files, err)
			}
			got := output("go", "tool", "covdata", "textfmt", "-i="+merged, "-o=/dev/stdout")
			want := output("go", "tool", "covdata", "textfmt", "-i="+whole, "-o=/dev/stdout")
			if got != want || !strings.HasPrefix(got, "mode: "+mode+"\n") {
				t.Errorf("the parts give\n%s\nthe whole\n%s", got, want)
			}
			if alone := output("go", "tool", "covdata", "textfmt", "-i="+parts[0], "-o=/dev/stdout"); alone == want {
				t.Error("one part covers as much as all")
			}
		})
	}
}

// sampleCounters is the data of a binary with two functions that count.
func sampleCounters(set bool, counts ...uint32) *coverData {
	d := &coverData{hash: "h", set: set, sum: strings.Repeat("s", 16), labels: make([]byte, segmentHeader+4), name: "covcounters.h.1.2"}
	d.labels[8] = 4 // the string table
	d.counts = map[coveredFunc][]uint32{{1, 2}: counts, {0, 7}: {1, 0}}
	return d
}

func TestCounters(t *testing.T) {
	t.Parallel()
	file := sampleCounters(false, 3, 300, 1<<32-1).encode()
	read := func(d *coverData, files ...[]byte) *coverData {
		t.Helper()
		d.counts = make(map[coveredFunc][]uint32)
		for _, f := range files {
			if err := d.read(f); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	if got := read(&coverData{}, file).encode(); !bytes.Equal(got, file) {
		t.Errorf("%q\nread and written:\n%q", file, got)
	}
	twice := read(&coverData{}, file, file)
	if c := twice.counts[coveredFunc{1, 2}]; !slices.Equal(c, []uint32{6, 600, 1<<32 - 1}) {
		t.Errorf("twice: %v", c)
	}
	set := read(&coverData{set: true}, sampleCounters(true, 1, 0).encode(), sampleCounters(true, 1, 1).encode())
	if c := set.counts[coveredFunc{1, 2}]; !slices.Equal(c, []uint32{1, 1}) {
		t.Errorf("set: %v", set.counts)
	}
	twice.subtract(sampleCounters(false, 4, 1), 2)
	if c := twice.counts[coveredFunc{1, 2}]; !slices.Equal(c, []uint32{0, 598, 1<<32 - 1}) {
		t.Errorf("less what was there before: %v", c)
	}
}

func TestMergeCoverDirsErrors(t *testing.T) {
	t.Parallel()
	good := sampleCounters(true, 1).encode()
	for name, files := range map[string]map[string]string{
		"no meta-data":    {"covcounters.h.1.2": string(good)},
		"short meta-data": {"covcounters.h.1.2": string(good), "covmeta.h": "x"},
		"no counters":     {"covcounters.h.1.2": "x", "covmeta.h": strings.Repeat("\x01", 60)},
		"cut off":         {"covcounters.h.1.2": string(good[:len(good)-1]), "covmeta.h": strings.Repeat("\x01", 60)},
	} {
		dir := t.TempDir()
		for file, text := range files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := MergeCoverDirs(t.TempDir(), []string{dir}, ""); err == nil || !strings.Contains(err.Error(), "covmeta.h") && !strings.Contains(err.Error(), "covcounters.h") {
			t.Errorf("%s: error %v, want one that names the file", name, err)
		}
	}
	dir := t.TempDir()
	for file, text := range map[string]string{"covcounters.h.1.2": string(good), "covmeta.h": strings.Repeat("\x01", 60)} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := MergeCoverDirs(filepath.Join(dir, "absent"), []string{dir}, ""); err == nil {
		t.Error("no error without a directory to write to")
	}
}

// FuzzCounters: what is no file of counters is an error, whatever it claims about its length.
func FuzzCounters(f *testing.F) {
	f.Add(sampleCounters(false, 3, 300).encode())
	f.Add(sampleCounters(true, 1).encode())
	f.Add([]byte(countersMagic))
	f.Fuzz(func(t *testing.T, file []byte) {
		d := &coverData{counts: make(map[coveredFunc][]uint32)}
		if d.read(file) != nil {
			return
		}
		if d.labels == nil { // no segment: nothing to write
			return
		}
		again := &coverData{counts: make(map[coveredFunc][]uint32)}
		if err := again.read(d.encode()); err != nil || !bytes.Equal(again.encode(), d.encode()) {
			t.Errorf("%q is read, written and then read as %v (%v)", file, again.counts, err)
		}
	})
}
