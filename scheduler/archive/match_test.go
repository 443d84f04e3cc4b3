package archive

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	m := &Manifest{WorkDir: "repo/m", Patterns: []string{"./...", "./testdata/x"}}
	for _, p := range []string{"", "/a", "/a/b", "/ab", "/testdata/x", "/c/_d", "/c.d"} {
		m.Packages = append(m.Packages, Package{ImportPath: "example.com/m" + p, Dir: "repo/m" + p})
	}
	m.Packages = append(m.Packages, Package{ImportPath: "example.com/other", Dir: "repo/other"})
	root, err := filepath.Abs("root")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ patterns, want string }{
		{"", "[0]"},
		{".", "[0]"},
		{"./... ./testdata/x", "[0 1 2 3 4 5 6 7]"}, // as the archive was made
		{"./...", "[0 1 2 3 6]"},
		{"./ab ./a ./...", "[3 1 0 2 6]"},
		{"./a/...", "[1 2]"},
		{"./a...", "[1 2 3]"},
		{"./a/", "[1]"},
		{"./.../b", "[2]"},
		{"./testdata/x", "[4]"},
		{"./c/_d", "[5]"},
		{"../other ..", "no package in the archive matches .."},
		{"../...", "[0 1 2 3 6 7]"},
		{"../../../x", "no package in the archive matches ../../../x"},
		{"example.com/m", "[0]"},
		{"example.com/m/...", "[0 1 2 3 6]"},
		{"example.com/...", "[0 1 2 3 6 7]"},
		{"...", "[0 1 2 3 6 7]"},
		{"example.com/m/a example.com/m", "[1 0]"},
		{"a", "no package in the archive matches a: it was made of ./... ./testdata/x"},
		{"./none/...", "no package in the archive matches ./none/..."},
		{"./x_test.go", "no package in the archive matches ./x_test.go"},
		{"std", "no package in the archive matches std"},
		{filepath.Join(root, "repo", "m", "a"), "[1]"},
		{filepath.Join(root, "repo", "..."), "[0 1 2 3 6 7]"},
		{filepath.Dir(root), "no package in the archive matches "},
	} {
		numbers, err := m.Match(root, strings.Fields(tt.patterns))
		got := fmt.Sprint(numbers)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want && (err == nil || !strings.HasPrefix(got, tt.want)) {
			t.Errorf("%s: got %s, want %s", tt.patterns, got, tt.want)
		}
	}
}
