package artifact

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files      string // a letter and a size each; "-" before those that are no regular files
		max, used  int64
		keep, drop string
		bytes      int64
	}{
		"nothing":       {"", 10, 0, "", "", 0},
		"all fit":       {"a4 b6", 10, 0, "a b", "", 10},
		"one too many":  {"a4 b6 c1", 10, 0, "a b", "c", 10},
		"a large one":   {"a4 b9 c6", 10, 0, "a c", "b", 10},
		"after others":  {"a4 b2", 10, 7, "b", "a", 9},
		"full":          {"a1 b0", 10, 10, "b", "a", 10},
		"no bound":      {"a4 b9", 0, 100, "a b", "", 113},
		"not a file":    {"a1 -b1 c1", 10, 0, "a c", "b", 2},
		"without bound": {"-b1", 0, 0, "", "b", 0},
	} {
		var files []file
		for word := range strings.FieldsSeq(tc.files) {
			plain := strings.TrimPrefix(word, "-")
			files = append(files, file{name: plain[:1], size: int64(plain[1] - '0'), regular: plain == word})
		}
		keep, drop, bytes := choose(files, tc.max, tc.used)
		if names(keep) != tc.keep || names(drop) != tc.drop || bytes != tc.bytes {
			t.Errorf("%s: keeps %q, drops %q, %d bytes, want %q, %q, %d", name, names(keep), names(drop), bytes, tc.keep, tc.drop, tc.bytes)
		}
	}
}

func names(files []file) string {
	var names []string
	for _, f := range files {
		names = append(names, f.name)
	}
	return strings.Join(names, " ")
}

func TestNames(t *testing.T) {
	t.Parallel()
	long := "TestLong/" + strings.Repeat("x", 100)
	for test, want := range map[string]string{
		"TestA":         "TestA",
		"TestA/sub/two": "TestA__sub__two",
		"TestA/a:b|c]]": "TestA__a_b_c__",
		"TestÄ/日本":      "TestÄ__日本",
		"..":            "_",
		long:            "TestLong__" + strings.Repeat("x", 38),
	} {
		got := nameOf(test)
		if test == long {
			got = got[:len(got)-16]
		}
		if got != want {
			t.Errorf("%q: %q, want %q", test, got, want)
		}
	}
	if a, b := nameOf(long+"a"), nameOf(long+"b"); a == b || len(a) != longest {
		t.Errorf("%q and %q", a, b)
	}
	for pkg, want := range map[string]string{
		"example.com/m/a": filepath.Join("example.com", "m", "a"), "_/root/x": filepath.Join("_", "root", "x"), "a/../b": filepath.Join("a", "_", "b"),
	} {
		if got := folderOf(pkg); got != want {
			t.Errorf("%q: %q, want %q", pkg, got, want)
		}
	}
}

// TestKeep: what is in the folder already stays, the names of what comes are its own, and the bound is
// that of all together.
func TestKeep(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out", "deep")
	s, err := NewStore(dir, 10)
	if err != nil {
		t.Fatal(err)
	}
	s.Keep("m/p", 0, []Claim{{"TestA", left(t, "shot.png", "12345", "log/x", "1")}, {"TestA", left(t, "shot.png", "12")}, {"TestB", left(t)}})
	s.Keep("m/p", 1, []Claim{{"TestA", left(t, "big", "123", "small", "1")}, {"TestGone", filepath.Join(t.TempDir(), "gone")}})
	again, err := NewStore(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	again.Keep("m/p", 0, []Claim{{"TestA", left(t, "shot.png", "later")}})
	want := map[string]string{
		"attempt0/log/x": "1", "attempt0/shot.png": "12345", "attempt0-2/shot.png": "12", "attempt0-3/shot.png": "later", "attempt1/small": "1",
	}
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(dir, "m", "p", "TestA", filepath.FromSlash(name))); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v, want %q", name, got, err, text)
		}
	}
	if n := countFiles(t, dir); n != len(want) {
		t.Errorf("%d files, want %d", n, len(want))
	}
	var kept []string
	for _, path := range s.Kept(Key{"m/p", "TestA", 0}) {
		kept = append(kept, filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path))
	}
	if want := []string{"log/x", "attempt0/shot.png", "attempt0-2/shot.png"}; !slices.Equal(kept, want) {
		t.Errorf("kept %q, want %q", kept, want)
	}
	if want := []string{`m/p TestA "big"`}; !slices.Equal(s.Dropped(), want) || s.Err() != nil {
		t.Errorf("dropped %q, want %q; %v", s.Dropped(), want, s.Err())
	}
}

// TestKeepConcurrently: many processes of one test of one package share the bound and no folder.
func TestKeepConcurrently(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := NewStore(dir, 20)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 30 {
		from := left(t, "f", "1")
		all.Go(func() { s.Keep("m", 0, []Claim{{"TestA", from}}) })
	}
	all.Wait()
	if n, kept, dropped := countFiles(t, dir), len(s.Kept(Key{"m", "TestA", 0})), len(s.Dropped()); n != 20 || kept != 20 || dropped != 10 || s.Err() != nil {
		t.Errorf("%d files, %d kept, %d dropped, %v", n, kept, dropped, s.Err())
	}
}

func TestStoreFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	blocked := filepath.Join(dir, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewStore(blocked, 0); err == nil {
		t.Error("a file serves as the folder")
	}
	s, err := NewStore(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Keep("file", 0, []Claim{{"TestA", left(t, "f", "1")}}) // its folder cannot be made
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "keep the artifacts of file TestA") {
		t.Errorf("error %v", err)
	}
	s.Keep("file", 0, []Claim{{"TestB", left(t, "f", "1")}})
	if err := s.Err(); !strings.Contains(err.Error(), "TestA") || !strings.Contains(err.Error(), "first of 2") {
		t.Errorf("two errors: %v", err)
	}
	if kept := s.Kept(Key{"file", "TestA", 0}); len(kept) > 0 {
		t.Errorf("kept %q", kept)
	}
}

// left makes the folder of a test with files: names and texts.
func left(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for pair := range slices.Chunk(files, 2) {
		path := filepath.Join(dir, filepath.FromSlash(pair[0]))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(pair[1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func countFiles(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
