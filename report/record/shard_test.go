package record

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestShard writes the record of a shard, and looks at what is known of it when its end is missing.
func TestShard(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := Start(nopCloser{&file}, Options{Redact: NewRedactor([]*regexp.Regexp{regexp.MustCompile(`[0-9a-f]{8,}`)}), Shard: "2/5"})
	w.Process(Process{Number: 3, Package: "p", Kind: "first", Start: at(1), End: at(2), Tests: []ProcessTest{{Name: "TestA", Start: at(1), Result: "pass"}}})
	m := Manifest{Source: "git:0123456789", Run: "id", Shard: &Shard{Index: 2, Count: 5, Digest: "sha256:0123456789", Plan: []byte(`{"shards":5,"secret":"0123456789"}`)}}
	if err := w.Close(m, nil, nil); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "run.cohort")
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // it was only read
	got := r.Manifest
	if s := got.Shard; s == nil || s.String() != "2/5" || s.Digest != "sha256:0123456789" || got.Source != "git:0123456789" || bytes.Contains(s.Plan, []byte("0123456789")) {
		t.Errorf("source %s, shard %+v: hashes are compared, and nothing else stays", got.Source, got.Shard)
	}
	count := 0
	for p, err := range r.Processes() {
		if count++; err != nil || p.Number != 3 || len(p.Tests) != 1 || p.Tests[0].Result != "pass" {
			t.Errorf("process %+v, %v", p, err)
		}
	}
	if count != 1 {
		t.Errorf("%d processes, want 1", count)
	}
	// Killed.
	if err := os.WriteFile(name, file.Bytes()[:file.Len()/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name); !errors.Is(err, ErrIncomplete) {
		t.Errorf("open: %v, want %v", err, ErrIncomplete)
	}
	if b, err := Peek(name); err != nil || b.Shard != "2/5" || b.Start.IsZero() {
		t.Errorf("the beginning is %+v, %v", b, err)
	}
	if _, err := Peek(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
