package record

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repack returns a record of which the archive is whole but the text of one entry another one, of the
// same length.
func repack(t *testing.T, file []byte, entry, before, after string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		if f.Name != entry {
			if err := w.Copy(f); err != nil {
				t.Fatal(err)
			}
			continue
		}
		text, err := readAll(f)
		if err != nil {
			t.Fatal(err)
		}
		to, err := w.Create(f.Name)
		if err == nil {
			_, err = io.WriteString(to, strings.ReplaceAll(string(text), before, after))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.SetComment(in.Comment), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestRepacked: an entry that was taken out, changed and put back is noticed, in records of every
// version.
func TestRepacked(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/v*.cohort")
	if err != nil || len(names) < Version {
		t.Fatalf("golden records: %v, %v", names, err)
	}
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		changed := repack(t, file, "events.jsonl", `"Action":"fail"`, `"Action":"pass"`)
		_, err = NewReader(bytes.NewReader(changed), int64(len(changed)))
		if !errors.Is(err, ErrEdited) || !strings.Contains(err.Error(), "events.jsonl") {
			t.Errorf("%s: %v, want %v with the entry", name, err, ErrEdited)
		}
	}
}
