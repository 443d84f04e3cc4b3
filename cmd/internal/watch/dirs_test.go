package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// write writes a file and the directories it is in.
func write(t *testing.T, content string, path ...string) string {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestDirs(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	for _, dir := range []string{"", ".hidden", "vendor", "testdata/deep", "a", "a/vendor/x", "node_modules/m",
		"1/2/3/4/5/6/7/8"} {
		write(t, "package p\n", top, dir, "p.go")
	}
	write(t, "package p\n", top, "1/2/3/4/5/6/7/p.go")
	write(t, "no go\n", top, "docs/readme.md")
	write(t, "package p\n", top, "docs/example/p.go")

	all := []string{"", "1/2/3/4/5/6/7", "a", "docs/example", "node_modules/m"}
	tests := []struct {
		name  string
		roots []string
		want  []string
	}{
		{"recursive", []string{"/..."}, all},
		{"recursive with separator", []string{"//..."}, all},
		{"not recursive", []string{"/docs", "/a"}, []string{"docs", "a"}},
		{"excluded names count below a root only", []string{"/testdata/..."}, []string{"testdata/deep"}},
		{"depth counts from the root", []string{"/1/..."}, []string{"1/2/3/4/5/6/7", "1/2/3/4/5/6/7/8"}},
		{"missing", []string{"/missing/..."}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var roots, want []string
			for _, r := range tt.roots {
				roots = append(roots, top+r)
			}
			for _, w := range tt.want {
				want = append(want, filepath.Join(top, w))
			}
			tr := newTree(roots, Options{}.withDefaults())
			if got := tr.dirs(); !slices.Equal(got, want) {
				t.Errorf("dirs of %q:\n got %q\nwant %q", tt.roots, got, want)
			}
		})
	}
}

func TestDirsFollowsRootLink(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	write(t, "package p\n", top, "real/sub/p.go")
	link := filepath.Join(top, "link")
	if err := os.Symlink(filepath.Join(top, "real"), link); err != nil {
		t.Skip("no symbolic links:", err)
	}
	got := newTree([]string{link + "/..."}, Options{}.withDefaults()).dirs()
	if want := []string{filepath.Join(link, "sub")}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHasGoFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tr := newTree(nil, Options{}.withDefaults())
	if tr.hasGoFiles(dir) {
		t.Error("an empty directory has Go files")
	}
	// More than are read at once, in any order.
	for i := range 300 {
		write(t, "", dir, fmt.Sprintf("f%d.txt", i))
	}
	if tr.hasGoFiles(dir) {
		t.Error("a directory of text files has Go files")
	}
	write(t, "", dir, "one.go")
	if !tr.hasGoFiles(dir) {
		t.Error("one Go file among many was not found")
	}
}

func TestContains(t *testing.T) {
	t.Parallel()
	tests := []struct {
		root, dir string
		want      bool
	}{
		{"./...", ".", true},
		{"./...", "a/b", true},
		{"./...", "a/.git", false},
		{"./...", "..", false},
		{"../...", "..", true},
		{"../...", "../b", true},
		{"../...", "../../b", false},
		{"./a", "a", true},
		{"./a", "a/b", false},
		{"a/...", "ab", false},
		{"./...", "a/testdata/b", false},
		{"./...", "1/2/3/4/5/6/7", true},
		{"./...", "1/2/3/4/5/6/7/8", false},
	}
	for _, tt := range tests {
		tr := newTree([]string{tt.root}, Options{}.withDefaults())
		if got := tr.contains(filepath.FromSlash(tt.dir)); got != tt.want {
			t.Errorf("root %s contains %s: got %v, want %v", tt.root, tt.dir, got, tt.want)
		}
	}
}
