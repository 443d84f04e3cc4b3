package scheduler

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMergeCoverageFullDisk: a profile that cannot be written is an error that names it.
func TestMergeCoverageFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	part := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(part, []byte("mode: set\nm/p/p.go:3.14,4.2 1 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := suiteFiles{profiles: []string{part, part}}
	if _, err := files.mergeCoverage("/dev/full"); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "coverage profile: write /dev/full") {
		t.Errorf("%v, want %v", err, syscall.ENOSPC)
	}
}
