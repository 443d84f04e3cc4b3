package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/scratch"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// entries are what an archive holds beside its manifest.
type entries map[string]string

// built returns an archive with this manifest, whatever is wrong with it, and these entries.
func built(t testing.TB, m *Manifest, content entries) []byte {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	content = entries(cloned(content))
	content[manifestEntry] = string(text)
	for name, text := range content {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func cloned(m entries) map[string]string {
	all := make(map[string]string)
	for name, text := range m {
		all[name] = text
	}
	return all
}

// packed returns an archive in which all is well, and what is in it.
func packed() (*Manifest, entries) {
	m := sample()
	m.Files[2].Size, m.Files[2].SHA256 = 5, hashOf("hello")
	m.Packages[0].Binary = &Binary{Name: "a.test", Size: 6, SHA256: hashOf("binary"), Testmain: hashOf("list")}
	return m, entries{"src/m/a/a_test.go": "hello", "history": "past", "bin/0/a.test": "binary", "bin/0/_testmain.go": "list", "bin/1/profile": "mode: set\nx\n"}
}

// opened reads an archive.
func opened(t testing.TB, text []byte) (*Archive, error) {
	t.Helper()
	a, err := read(bytes.NewReader(text), int64(len(text)))
	if err == nil {
		a.name = "x.zip"
	}
	return a, err
}

func TestExtract(t *testing.T) {
	t.Parallel()
	m, content := packed()
	m.Files[1].Perm, m.Files[2].Perm = 0o555, 0o400
	a, err := opened(t, built(t, m, content))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := a.Extract(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	e, err := OpenExtracted(dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(e.WorkFolder(), "a", "a_test.go"))
	if err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := os.ReadFile(e.HistoryFile()); err != nil || string(text) != "past" {
		t.Errorf("history %q, %v", text, err)
	}
	to, err := os.Readlink(filepath.Join(e.SourceFolder(), "m", "a", "link"))
	if err != nil || filepath.ToSlash(to) != "../../elsewhere" {
		t.Errorf("link to %q, %v", to, err)
	}
	for name, want := range map[string]fs.FileMode{"m": 0o755, "m/a": 0o555, "m/a/a_test.go": 0o400} {
		info, err := os.Stat(filepath.Join(e.SourceFolder(), filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
		}
		if !info.ModTime().Equal(m.Files[0].Time) {
			t.Errorf("%s is of %v, want %v", name, info.ModTime(), m.Files[0].Time)
		}
	}
	bin := t.TempDir()
	name, err := a.extractBinary(0, bin)
	if text, readErr := os.ReadFile(name); err != nil || readErr != nil || string(text) != "binary" {
		t.Errorf("%s: %q, %v, %v", name, text, err, readErr)
	}
	if err := scratch.RemoveAll(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}
	if err := scratch.RemoveAll(dir); err != nil {
		t.Errorf("again: %v", err)
	}
}

// middleOf returns where the middle of an entry's compressed content is in an archive. Elsewhere there
// are bytes that nobody reads, dates say.
func middleOf(t *testing.T, text []byte, entry string) int64 {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if f.Name != entry {
			continue
		}
		begin, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		return begin + int64(f.CompressedSize64)/2
	}
	t.Fatalf("there is no %s", entry)
	return 0
}

// TestDamaged: what is not as the manifest says is found when it is read.
func TestDamaged(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*Manifest, entries){
		"a file is missing":         func(_ *Manifest, e entries) { delete(e, "src/m/a/a_test.go") },
		"a file is shorter":         func(_ *Manifest, e entries) { e["src/m/a/a_test.go"] = "hell" },
		"a file is longer":          func(_ *Manifest, e entries) { e["src/m/a/a_test.go"] = "hello, world" },
		"a file is another":         func(_ *Manifest, e entries) { e["src/m/a/a_test.go"] = "jello" },
		"the history is missing":    func(_ *Manifest, e entries) { delete(e, "history") },
		"a binary is missing":       func(_ *Manifest, e entries) { delete(e, "bin/0/a.test") },
		"a binary is another":       func(_ *Manifest, e entries) { e["bin/0/a.test"] = "Binary" },
		"a binary is longer":        func(_ *Manifest, e entries) { e["bin/0/a.test"] = "binary binary" },
		"a list is missing":         func(_ *Manifest, e entries) { delete(e, "bin/0/_testmain.go") },
		"a list is another":         func(_ *Manifest, e entries) { e["bin/0/_testmain.go"] = "lust" },
		"the manifest says it less": func(m *Manifest, _ entries) { m.Files[2].Size = 4 },
	} {
		m, content := packed()
		damage(m, content)
		a, err := opened(t, built(t, m, content))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		err = a.Extract(t.Context(), t.TempDir())
		if err == nil {
			_, err = a.extractBinary(0, t.TempDir())
		}
		if !errors.Is(err, ErrEdited) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	m, content := packed()
	whole := built(t, m, content)
	for n := range whole { // any beginning of an archive
		if _, err := opened(t, whole[:n]); !errors.Is(err, ErrForeign) {
			t.Fatalf("the first %d bytes: error %v", n, err)
		}
	}
	edited := slices.Clone(whole)
	edited[middleOf(t, whole, "bin/0/a.test")] ^= 1
	a, err := opened(t, edited)
	if err == nil {
		if err = a.Extract(t.Context(), t.TempDir()); err == nil {
			_, err = a.extractBinary(0, t.TempDir())
		}
	}
	if !errors.Is(err, ErrEdited) && !errors.Is(err, ErrForeign) {
		t.Errorf("one bit: error %v", err)
	}
}

// TestHostile: whatever an archive claims, nothing is written outside of its folder.
func TestHostile(t *testing.T) {
	t.Parallel()
	change := badManifests()
	// Links that lead out, and files that would follow them.
	change["through a link to a folder"] = func(m *Manifest) {
		m.Files = append(m.Files, File{Path: "m/out", Link: "../../../victim"}, File{Path: "m/out/x", Size: 5, SHA256: hashOf("hello")})
	}
	change["over a link"] = func(m *Manifest) {
		m.Files = append(m.Files, File{Path: "m/x", Link: "../../../victim/x"}, File{Path: "m/x", Size: 5, SHA256: hashOf("hello")})
	}
	change["only a link"] = func(m *Manifest) {
		m.Files = append(m.Files, File{Path: "m/out", Link: "../../../victim"})
	}
	for name, change := range change {
		top := t.TempDir()
		dir, victim := filepath.Join(top, "dir"), filepath.Join(top, "victim")
		for _, d := range []string{dir, victim} {
			if err := os.Mkdir(d, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		m, content := packed()
		for _, entry := range []string{"src/../../victim/x", "../victim/x", "src/m/out/x", "src/m/x", "/x", `src/m\..\..\x`} {
			content[entry] = "hello"
		}
		change(m)
		if path := m.Files[2].Path; path != "" && path != "m/a/a_test.go" {
			content["src/"+m.Files[2].Path] = "hello"
		}
		a, err := opened(t, built(t, m, content))
		if err == nil {
			err = a.Extract(t.Context(), dir)
		}
		if name == "only a link" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		entries, readErr := os.ReadDir(victim)
		if readErr != nil || len(entries) > 0 {
			t.Errorf("%s: the folder next to it holds %v (%v)", name, entries, err)
		}
		if entries, _ := os.ReadDir(top); len(entries) != 2 {
			t.Errorf("%s: the folder above holds %v (%v)", name, entries, err)
		}
	}
}

// TestExtractGuards: an extraction that was told to by a wrong manifest is held back by the folder
// itself.
func TestExtractGuards(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../x", "m/../../../x", "m/a/link/x"} {
		top := t.TempDir()
		dir := filepath.Join(top, "dir")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		m, content := packed()
		a, err := opened(t, built(t, m, content))
		if err != nil {
			t.Fatal(err)
		}
		a.Manifest.Files = append(a.Manifest.Files, File{Path: path, Size: 5, SHA256: hashOf("hello")})
		a.entries["src/"+path] = a.entries["src/m/a/a_test.go"]
		if err := a.Extract(t.Context(), dir); err == nil {
			t.Errorf("%s: no error", path)
		}
		if entries, _ := os.ReadDir(top); len(entries) != 1 {
			t.Errorf("%s: the folder above holds %v", path, entries)
		}
	}
}

// TestExtractEnds: who interrupts it does not wait until all is extracted.
func TestExtractEnds(t *testing.T) {
	t.Parallel()
	m, content := packed()
	a, err := opened(t, built(t, m, content))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	want := errors.New("a signal")
	cancel(want)
	if err := a.Extract(ctx, t.TempDir()); !errors.Is(err, want) || errors.Is(err, ErrEdited) {
		t.Errorf("Extract: %v, want %v", err, want)
	}
}

func TestForeign(t *testing.T) {
	t.Parallel()
	var other bytes.Buffer
	z := zip.NewWriter(&other)
	w, err := z.Create("manifest.json")
	if err == nil {
		_, err = w.Write([]byte(`{"Format": 1, "Run": "a record"}`))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	var twice bytes.Buffer
	z = zip.NewWriter(&twice)
	for range 2 {
		if _, err := z.Create("manifest.json"); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"": ErrForeign, "text": ErrForeign, other.String(): ErrForeign, twice.String(): ErrEdited} {
		if _, err := opened(t, []byte(name)); !errors.Is(err, want) {
			t.Errorf("%.20q: error %v, want %v", name, err, want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.zip")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// FuzzExtract: no archive writes outside of its folder, or brings the reader down.
func FuzzExtract(f *testing.F) {
	m, content := packed()
	f.Add(built(f, m, content))
	for _, change := range badManifests() {
		m, content := packed()
		change(m)
		f.Add(built(f, m, content))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := opened(t, text)
		if err != nil || len(a.Manifest.Files) > 100 {
			return
		}
		top := t.TempDir()
		dir := filepath.Join(top, "dir")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_ = a.Extract(t.Context(), dir) // whatever it says
		if entries, err := os.ReadDir(top); err != nil || len(entries) != 1 {
			t.Errorf("the folder above holds %v, %v", entries, err)
		}
		if err := scratch.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
}

func TestMainRefuses(t *testing.T) {
	t.Parallel()
	m, content := packed()
	a, err := opened(t, built(t, m, content))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := a.Extract(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ args, want string }{
		{"", "cohort: the command archived-go is for the cohort that runs an archive\n"},
		{dir + "/none x test", "cohort: open the extracted archive: "},
		{dir + " x vet", "cohort: go vet: an archive knows go test and go list\n"},
		{dir + " x list ./...", "cohort: go list: an archive answers -e -json"},
		{dir + " none.zip test ./a", "cohort: open none.zip"},
		{dir + " x test ./b", "cohort: no package in the archive matches ./b"},
	} {
		var stdout, stderr strings.Builder
		if code := Main(strings.Fields(tt.args), nil, &stdout, &stderr); code != exitBroken || !strings.HasPrefix(stderr.String(), tt.want) || stdout.Len() > 0 {
			t.Errorf("%s: exit status %d, %q, %q", tt.args, code, &stdout, &stderr)
		}
	}
}

// TestList: the stand-in answers go list.
func TestList(t *testing.T) {
	t.Parallel()
	m, content := packed()
	a, err := opened(t, built(t, m, content))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := a.Extract(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	code := Main([]string{dir, "x", "list", "-e", "-json=ImportPath", "--", "m/a", "elsewhere"}, nil, &stdout, &stderr)
	want := `{"ImportPath":"m/a","Dir":"` + filepath.ToSlash(filepath.Join(dir, "src", "m", "a")) + `","GoFiles":["a.go"],"TestGoFiles":["a_test.go"],"Module":{"Main":true}}
{"ImportPath":"elsewhere","Error":{"Err":"no package in the archive matches elsewhere: it was made of ./..."}}
`
	if got := strings.ReplaceAll(stdout.String(), `\\`, "/"); code != 0 || got != want {
		t.Errorf("exit status %d, %s\ngot  %s\nwant %s", code, &stderr, got, want)
	}
}

func TestEnding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		said   string
		code   int
		covers bool
		want   string
	}{
		{"PASS\n", 0, false, "ok  \tp\t1.500s\n"},
		{"PASS", 0, false, "\nok  \tp\t1.500s\n"},
		{"", 0, false, "ok  \tp\t1.500s\n"},
		{"testing: warning: no tests to run\nPASS\n", 0, false, "ok  \tp\t1.500s [no tests to run]\n"},
		{"x\ntesting: warning: no tests to run\nPASS\n", 0, false, "ok  \tp\t1.500s [no tests to run]\n"},
		{"x testing: warning: no tests to run\nPASS\n", 0, false, "ok  \tp\t1.500s\n"},
		{"PASS\ncoverage: 12.5% of statements\n", 0, true, "ok  \tp\t1.500s\tcoverage: 12.5% of statements\n"},
		{"PASS\ncoverage: 12.5% of statements\n", 0, false, "ok  \tp\t1.500s\n"},
		{"PASS\n", 0, true, "ok  \tp\t1.500s\n"},
		{"FAIL\n", 1, true, "\x16FAIL\tp\t1.500s\n"},
		{"panic: x", 2, false, "\n\x16FAIL\tp\t1.500s\n"},
		{"", 3, false, "exit status 3\n\x16FAIL\tp\t1.500s\n"},
	} {
		if got := ending("p", []byte(tt.said), tt.code, 1500*time.Millisecond, tt.covers); got != tt.want {
			t.Errorf("%q, %d: got %q, want %q", tt.said, tt.code, got, tt.want)
		}
	}
}
