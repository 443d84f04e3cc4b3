package affected

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseNameStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"M|a.go|", "a.go"},
		{"A|new\nline.go|D|dir/old.go|T|link|U|clash|", "new\nline.go -dir/old.go link clash"},
		{"R100|old.go|new.go|C75|from.go|to.go|M|M|", "-old.go new.go to.go M"},
		{"M|a.go", `error: read git diff: it ends in the middle of "a.go"`},
		{"M|", `error: read git diff: ["M"] is not a status with its files`},
		{"R100|old.go|", `error: read git diff: ["R100" "old.go"] is not a status with its files`},
		{"|a.go|", `error: read git diff: ["" "a.go"] is not a status with its files`},
		{"M||", `error: read git diff: ["M" ""] is not a status with its files`},
		{"Z|a.go|", `error: read git diff: unknown status "Z" of a.go`},
	} {
		changes, err := ParseNameStatus([]byte(strings.ReplaceAll(tt.in, "|", "\x00")))
		var parts []string
		for _, c := range changes {
			parts = append(parts, map[bool]string{true: "-", false: ""}[c.Deleted]+c.Path)
		}
		got := strings.Join(parts, " ")
		if err != nil {
			got = "error: " + strings.ReplaceAll(err.Error(), "\x00", "|")
		}
		if got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestParseGoListStarts(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	var list strings.Builder
	for path, imports := range map[string]string{
		"m/plain": `"Imports": ["fmt"]`, "m/itself": `"Imports": ["os/exec"]`, "m/test": `"TestImports": ["os/exec"]`, "m/xtest": `"XTestImports": ["os/exec", "fmt"]`,
		"m/script": `"TestImports": ["github.com/rogpeppe/go-internal/testscript"]`, "m/helped": `"TestImports": ["m/itself"]`, "m/uses": `"Imports": ["m/itself"]`,
	} {
		dir, err := json.Marshal(filepath.Join(root, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, `{"ImportPath": %q, "Dir": %s, %s}`, path, dir, imports)
	}
	packages, err := ParseGoList(strings.NewReader(list.String()), root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range packages {
		if p.Starts {
			got = append(got, p.ImportPath)
		}
	}
	slices.Sort(got)
	if want := []string{"m/helped", "m/itself", "m/script", "m/test", "m/xtest"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseFiles(t *testing.T) {
	t.Parallel()
	files, err := ParseFiles([]byte("a.go\x00nested/\x00b c.go\x00"))
	if err != nil || !slices.Equal(files, []string{"a.go", "nested", "b c.go"}) {
		t.Errorf("got %q, %v", files, err)
	}
	for _, wrong := range []string{"a.go", "a\x00\x00", "/\x00"} {
		if files, err := ParseFiles([]byte(wrong)); err == nil {
			t.Errorf("%q: got %q", wrong, files)
		}
	}
}

func TestParseGoList(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := func(elems ...string) string {
		text, err := json.Marshal(filepath.Join(append([]string{root}, elems...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	list := `{"ImportPath": "m", "Dir": ` + dir() + `, "GoFiles": ["m.go"], "Imports": ["fmt", "x/y", "C"], "ImportMap": {"x/y": "m/vendor/x/y"},
		"CgoFiles": ["c.go"], "HFiles": ["c.h"], "EmbedPatterns": ["web"], "EmbedFiles": ["web/a.js"],
		"TestGoFiles": ["m_test.go"], "XTestGoFiles": ["x_test.go"], "TestEmbedFiles": ["t.txt"], "TestImports": ["os", "fmt"], "XTestImports": ["m", "os"]}
	{"ImportPath": "m/sub", "Dir": ` + dir("sub") + `, "DepOnly": true, "GoFiles": ["s.go", ` + dir("cache", "gen.go") + `]}
	{"ImportPath": "m/sub [m.test]", "ForTest": "m", "Dir": ` + dir("sub") + `}
	{"ImportPath": "m.test", "Name": "main", "Dir": ` + dir() + `, "Imports": ["m [m.test]", "testing/internal/testdeps"], "DepsErrors": [{"Err": "no m_test\nmore"}]}
	{"ImportPath": "real.test", "Name": "main", "Dir": ` + dir("real.test") + `, "Imports": ["fmt"], "Incomplete": true}
	{"ImportPath": "fmt", "Standard": true, "DepOnly": true, "Dir": ` + dir("..", "go", "fmt") + `}
	{"ImportPath": "dep", "DepOnly": true, "Dir": ` + dir("..", "dep") + `, "Module": {"Replace": {"Version": "v1.0.0"}}}
	{"ImportPath": "near", "DepOnly": true, "Dir": ` + dir("..", "near") + `, "Module": {"Replace": {}}}
	{"ImportPath": "work", "Dir": ` + dir("..", "work") + `, "Module": {"Main": true}}
	{"ImportPath": "gone", "Error": {"Err": "cannot find module\nsecond line"}}`
	packages, err := ParseGoList(strings.NewReader(list), root)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range packages {
		lines = append(lines, fmt.Sprintf("%s dir=%s outside=%v local=%v target=%v %v %v %v %v embeds=%v native=%v %s", p.ImportPath, p.Dir, p.Outside, p.Local,
			p.Target, p.Imports, p.TestImports, p.Files, p.TestFiles, p.Embeds, p.Native, p.Err))
	}
	want := `m dir=. outside=false local=false target=true [C fmt m/vendor/x/y] [fmt m os] [m.go c.go c.h web/a.js] [m_test.go x_test.go t.txt] embeds=true native=true no m_test
m/sub dir=sub outside=false local=false target=false [] [] [sub/s.go] [] embeds=false native=false 
real.test dir=real.test outside=false local=false target=true [fmt] [] [] [] embeds=false native=false it is incomplete
fmt dir= outside=true local=false target=false [] [] [] [] embeds=false native=false 
dep dir= outside=true local=false target=false [] [] [] [] embeds=false native=false 
near dir= outside=true local=true target=false [] [] [] [] embeds=false native=false 
work dir= outside=true local=true target=true [] [] [] [] embeds=false native=false 
gone dir= outside=true local=false target=true [] [] [] [] embeds=false native=false cannot find module`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, wrong := range []string{"{", `{"ImportPath": 1}`, `{}`, "x"} {
		if _, err := ParseGoList(strings.NewReader(wrong), root); err == nil || !strings.HasPrefix(err.Error(), "read go list: ") {
			t.Errorf("%s: error %v", wrong, err)
		}
	}
}

func FuzzParseNameStatus(f *testing.F) {
	f.Add([]byte("M\x00a.go\x00R100\x00old\x00new\x00D\x00x\x00"))
	f.Add([]byte("R\x00a\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		changes, err := ParseNameStatus(data)
		if err != nil {
			return
		}
		for _, c := range changes {
			if c.Path == "" || strings.Contains(c.Path, "\x00") {
				t.Fatalf("path %q", c.Path)
			}
		}
		packages := shop(true)
		if r := Decide(changes, packages, known(packages)); len(r.Packages) == 0 && len(changes) > 0 {
			t.Fatalf("%v: nothing is affected, though there is a package at the root", changes)
		}
	})
}

func FuzzParseGoList(f *testing.F) {
	f.Add([]byte(`{"ImportPath": "m", "Dir": "/r", "GoFiles": ["m.go"], "Imports": ["fmt"], "ImportMap": {"fmt": "x"}, "EmbedPatterns": ["a"]}`))
	f.Add([]byte(`{"ImportPath": "m.test", "Name": "main", "Dir": "/r/x", "Imports": ["testing/internal/testdeps"], "Error": {"Err": "e"}}{"ImportPath": "m"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		packages, err := ParseGoList(strings.NewReader(string(data)), string(filepath.Separator)+"r")
		if err != nil {
			return
		}
		targets := 0
		for _, p := range packages {
			if p.ImportPath == "" || p.Outside != (p.Dir == "") || p.Dir == ".." || strings.HasPrefix(p.Dir, "../") {
				t.Fatalf("package %+v", p)
			}
			if p.Target {
				targets++
			}
		}
		// A changed go.mod is about every target that there is.
		if r := Decide([]Change{{Path: "go.mod"}}, packages, nil); len(r.Packages) != targets || r.Targets != targets {
			t.Fatalf("%d of %d packages", len(r.Packages), targets)
		}
	})
}
