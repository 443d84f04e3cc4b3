package scheduler

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestRestore does to a binary what tests do to theirs.
func TestRestore(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "p.test")
	if err := os.WriteFile(binary, []byte("binary"), 0o755); err != nil {
		t.Fatal(err)
	}
	want, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	b := newBinaryFile(binary, filepath.Dir(binary), 1)
	for name, harm := range map[string]func() error{
		"nothing":        func() error { return nil },
		"not executable": func() error { return os.Chmod(binary, 0o400) },
		"deleted":        func() error { return os.Remove(binary) },
		"both":           func() error { return os.Rename(binary, binary+".old") },
	} {
		if runtime.GOOS == "windows" && name == "not executable" {
			continue // a read-only file there cannot be deleted
		}
		if name == "both" {
			if err := os.Chmod(binary, 0o400); err != nil {
				t.Fatal(err)
			}
		}
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		b.restore(binary)
		got, err := os.Stat(binary)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Mode() != want.Mode() || got.Size() != want.Size() {
			t.Errorf("%s: mode %v, %d bytes; want %v, %d", name, got.Mode(), got.Size(), want.Mode(), want.Size())
		}
	}
	b.drop()
}
