package main

import (
	"path/filepath"
	"testing"
)

func TestAttachmentPath(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	other := filepath.Join(filepath.Dir(base), "other", "f")
	for _, tc := range []struct{ base, path, want string }{
		{base, filepath.Join(base, "out", "f"), "out/f"},
		{filepath.Join(base, "deep", ".."), filepath.Join(base, "f"), "f"},
		{base, other, other},
		{filepath.Join(base, "out"), filepath.Join(base, "outside", "f"), filepath.Join(base, "outside", "f")},
	} {
		if got := attachmentPath(tc.base, tc.path); got != tc.want {
			t.Errorf("%s in %s: %s, want %s", tc.path, tc.base, got, tc.want)
		}
	}
}

func TestBeforeArtifacts(t *testing.T) {
	t.Parallel()
	for printed, want := range map[string]string{
		"go1.26.8\n": "", "go1.26rc1\n": "", "go1.27\n": "", "go2.0": "", "": "", "devel +0123456789": "",
		"go1.25.9\n": "go1.25.9", "go1.9": "go1.9", "go1.25.1 X:rangefunc\n": "go1.25.1",
		"devel go1.27-0123456 Mon Jan": "", "devel go1.25-0123456 Mon": "go1.25-0123456",
	} {
		if got := beforeArtifacts(printed); got != want {
			t.Errorf("%q: %q, want %q", printed, got, want)
		}
	}
}
