package main_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/gotestcohort/cohort/cmd/internal/built"
)

// rewritten returns the archive with the entry changed whose name ends in this.
func rewritten(t *testing.T, file, entry string, change func([]byte) []byte) string {
	t.Helper()
	in, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() // it was only read
	in.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor())
	name := filepath.Join(t.TempDir(), "changed.zip")
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(out)
	found := false
	for _, f := range in.File {
		if !strings.HasSuffix(f.Name, entry) {
			if err := z.Copy(f); err != nil { // as it is: to unpack and pack binaries takes seconds with the race detector
				t.Fatal(err)
			}
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		found = true
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
		if err == nil {
			_, err = w.Write(change(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), out.Close()); err != nil || !found {
		t.Fatalf("%s: %v, found: %v", entry, err, found)
	}
	return name
}

// shopArchive returns an archive of two packages of the shop, which is written once for all tests, by a cohort
// without the race detector.
func (d *differ) shopArchive(t *testing.T) (file string) {
	t.Helper()
	if d.plain {
		t.Skip("NOT TESTED: the program has no archives")
	}
	program := d.subject
	if !d.given {
		program = built.PlainCohort(t)
	}
	file = filepath.Join(built.Folder(t, "archives"), "shop.zip")
	unlock, err := lockedfile.MutexAt(file + ".lock").Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := os.Stat(file); err == nil {
		return file
	}
	env := append(built.KeptLinks(t, d.root), "GOFLAGS="+strings.TrimSpace(goEnv(t, "GOFLAGS")+" "+built.QuickFlags))
	if r := d.command(t, filepath.Join(d.root, "testdata", "shop"), env, program, "tool", "archive", file, "./price", "./cart"); r.exit != 0 {
		t.Fatalf("%s: exit %d\n%s", r.command, r.exit, r.stderr)
	}
	return file
}

// TestArchiveDamaged: an archive that was changed, or is of another system or a newer cohort, is
// no run: never a pass, and nothing of it stays.
func TestArchiveDamaged(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	file := d.shopArchive(t)
	if runtime.GOOS == "windows" {
		t.Skip("a folder with no Go is made of links")
	}
	flip := func(text []byte) []byte { text[len(text)/2] ^= 1; return text }
	replace := func(old, by string) func([]byte) []byte {
		return func(text []byte) []byte {
			if !bytes.Contains(text, []byte(old)) {
				t.Errorf("there is no %s", old)
			}
			return bytes.ReplaceAll(text, []byte(old), []byte(by))
		}
	}
	for _, tt := range []struct {
		entry  string
		change func([]byte) []byte
		want   string
		starts bool // what is wrong shows only when a binary is to run
	}{
		{"bin/1/cart.test", flip, "the content of bin/1/cart.test is not what its manifest says", true},
		{"bin/1/cart.test", func(text []byte) []byte { return text[:100] }, "bin/1/cart.test has 100 bytes", true},
		{"bin/0/_testmain.go", replace("TestDiscount", "TestNothing_"), "the content of bin/0/_testmain.go is not what its manifest says", true},
		{"/price/price_test.go", flip, "/price/price_test.go is not what its manifest says", false},
		{"manifest.json", replace(fmt.Sprintf("%q", runtime.GOOS), `"plan9"`), "its tests are built for plan9/", false},
		{"manifest.json", replace(`"Format": 1`, `"Format": 99`), "the archive was written by a newer cohort: its format is 99", false},
		{"manifest.json", replace(`price/price_test.go"`, `../../price_test.go"`), `is no path below the source`, false},
		{"manifest.json", func(text []byte) []byte { return text[:len(text)/2] }, "not an archive of cohort tool archive", false},
	} {
		temp := t.TempDir()
		name := rewritten(t, file, tt.entry, tt.change)
		r := d.command(t, t.TempDir(), append(d.withoutGo(t), "TMPDIR="+temp), d.subject, "--archive="+name)
		if r.exit != 3 || !strings.Contains(string(r.stderr), tt.want) || (len(r.stdout) > 0) != tt.starts {
			t.Errorf("%s of %s: exit %d\n%s%s", tt.want, tt.entry, r.exit, r.stdout, r.stderr)
		}
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left, %v", tt.entry, left, err)
		}
	}
}
