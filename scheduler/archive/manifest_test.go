package archive

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // of nothing

// sample returns a manifest with something of everything.
func sample() *Manifest {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &Manifest{
		Kind: kind, Format: Format, Cohort: "v1", Go: "go1.26 linux/amd64", OS: "linux", Arch: "amd64", Source: "git:1", Module: "m", WorkDir: "m",
		Flags: []string{"-race"}, Patterns: []string{"./..."}, Cover: "set", History: true,
		Packages: []Package{
			{ImportPath: "m/a", Dir: "m/a", Internal: []string{"a_test.go"}, Files: []string{"a.go"}, Main: true,
				Binary: &Binary{Name: "a.test", SHA256: sum, Testmain: sum}},
			{ImportPath: "m/none", Dir: "m/none", Said: "?   \tm/none\t[no test files]\n", Profile: true},
		},
		Files: []File{
			{Path: "m", Folder: true, Perm: 0o755, Time: when}, {Path: "m/a", Folder: true, Perm: 0o755, Time: when},
			{Path: "m/a/a_test.go", Perm: 0o644, Time: when, SHA256: sum}, {Path: "m/a/link", Link: "../../elsewhere", Time: when},
		},
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	want := sample()
	text, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseManifest(text)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	if err := want.Check("linux", "amd64"); err != nil {
		t.Error(err)
	}
	if err := want.Check("linux", "arm64"); err == nil || err.Error() != "its tests are built for linux/amd64, and this is linux/arm64" {
		t.Errorf("error %v", err)
	}
	for _, text := range []string{"", "{", "[]", "null", `{"Kind": "cohort record"}`, `{"Format": 1}`} {
		if _, err := ParseManifest([]byte(text)); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: error %v", text, err)
		}
	}
	newer := []byte(`{"Kind": "cohort test archive", "Format": 2, "Files": "in another form"}`)
	if _, err := ParseManifest(newer); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "its format is 2, and this cohort reads formats up to 1") {
		t.Errorf("newer: error %v", err)
	}
}

// badManifests change the sample to what no archive of cohort has.
func badManifests() map[string]func(*Manifest) {
	file := func(change func(*File)) func(*Manifest) { return func(m *Manifest) { change(&m.Files[2]) } }
	path := func(name string) func(*Manifest) { return file(func(f *File) { f.Path = name }) }
	return map[string]func(*Manifest){
		"up":               path("../x"),
		"up within":        path("m/../../x"),
		"not clean":        path("m/a/../x"),
		"absolute":         path("/x"),
		"a drive":          path(`C:\x`),
		"a backslash":      path(`m\..\..\x`),
		"a zero":           path("m/\x00"),
		"empty":            path(""),
		"the folder":       path("."),
		"no parent":        path("n/x"),
		"below a file":     func(m *Manifest) { m.Files = append(m.Files, File{Path: "m/a/a_test.go/x", SHA256: sum}) },
		"below a link":     func(m *Manifest) { m.Files = append(m.Files, File{Path: "m/a/link/x", SHA256: sum}) },
		"before its place": func(m *Manifest) { m.Files[0], m.Files[2] = m.Files[2], m.Files[0] },
		"twice":            path("m/a"),
		"setuid":           file(func(f *File) { f.Perm = 0o755 | fs.ModeSetuid }),
		"a folder's link":  func(m *Manifest) { m.Files[1].Link = "x" },
		"no hash":          file(func(f *File) { f.SHA256 = "" }),
		"a short hash":     file(func(f *File) { f.SHA256 = "00" }),
		"a size below 0":   file(func(f *File) { f.Size = -1 }),
		"no system":        func(m *Manifest) { m.OS = "" },
		"format 0":         func(m *Manifest) { m.Format = 0 },
		"work elsewhere":   func(m *Manifest) { m.WorkDir = "../m" },
		"work in a link":   func(m *Manifest) { m.WorkDir = "m/a/link" },
		"package up":       func(m *Manifest) { m.Packages[0].Dir = "../m" },
		"package nowhere":  func(m *Manifest) { m.Packages[0].Dir = "m/b" },
		"no tests, up":     func(m *Manifest) { m.Packages[1].Dir = "../../m" },
		"package twice":    func(m *Manifest) { m.Packages[1].ImportPath = "m/a" },
		"binary elsewhere": func(m *Manifest) { m.Packages[0].Binary.Name = "../a.test" },
		"binary below":     func(m *Manifest) { m.Packages[0].Binary.Name = "b/a.test" },
		"no binary hash":   func(m *Manifest) { m.Packages[0].Binary.SHA256 = "x" },
		"no list hash":     func(m *Manifest) { m.Packages[0].Binary.Testmain = "" },
		"binary size":      func(m *Manifest) { m.Packages[0].Binary.Size = -1 },
		"no cover hash":    func(m *Manifest) { m.CoverMeta = []CoverMeta{{ImportPath: "m"}} },
		"test file up":     func(m *Manifest) { m.Packages[0].Internal[0] = "../a_test.go" },
		"Go file below":    func(m *Manifest) { m.Packages[0].Files[0] = "x/a.go" },
	}
}

func TestBadManifests(t *testing.T) {
	t.Parallel()
	for name, change := range badManifests() {
		m := sample()
		change(m)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseManifest(text); !errors.Is(err, ErrEdited) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// FuzzManifest: a manifest that is read names nothing outside of its folder, and is read again as
// what it was.
func FuzzManifest(f *testing.F) {
	text, err := sample().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for _, change := range badManifests() {
		m := sample()
		change(m)
		text, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParseManifest(text)
		if err != nil {
			return
		}
		folders := map[string]bool{".": true}
		for _, file := range m.Files {
			if !filepath.IsLocal(filepath.FromSlash(file.Path)) || strings.ContainsAny(file.Path, "\\\x00") || !folders[filepath.ToSlash(filepath.Dir(file.Path))] {
				t.Errorf("%q is taken", file.Path)
			}
			folders[file.Path] = file.Folder
		}
		for _, p := range m.Packages {
			if !filepath.IsLocal(filepath.FromSlash(p.Dir)) || p.Binary != nil && filepath.Base(p.Binary.Name) != p.Binary.Name {
				t.Errorf("%+v is taken", p)
			}
		}
		again, err := m.encode()
		if err != nil {
			return // a time that JSON cannot have
		}
		if got, err := ParseManifest(again); err != nil || len(got.Files) != len(m.Files) || got.WorkDir != m.WorkDir {
			t.Errorf("again: %v", err)
		}
	})
}
