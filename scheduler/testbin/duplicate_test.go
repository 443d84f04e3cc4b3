package testbin

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestDuplicate: a second name outlives the first, as a link and as a copy.
func TestDuplicate(t *testing.T) {
	t.Parallel()
	for name, duplicate := range map[string]func(from, to string) error{"link": Duplicate, "copy": clone} {
		dir := t.TempDir()
		from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
		if err := os.WriteFile(from, []byte("program"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := duplicate(from, to); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := duplicate(from, to); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s to what is there: %v", name, err)
		}
		if err := os.Remove(from); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(to)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o100 == 0 {
			t.Errorf("%s: mode %v", name, info.Mode())
		}
		if data, err := os.ReadFile(to); err != nil || string(data) != "program" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
		if err := duplicate(from, filepath.Join(dir, "third")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of what is not there: %v", name, err)
		}
		if err := clone(dir, filepath.Join(dir, "folder")); err == nil {
			t.Errorf("a folder was copied")
		}
		if _, err := os.Stat(filepath.Join(dir, "folder")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("half a copy stays: %v", err)
		}
	}
}
