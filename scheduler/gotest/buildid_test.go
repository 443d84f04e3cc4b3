package gotest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadBuildID compares the ID of this very program with what the go command says.
func TestReadBuildID(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want, err := exec.CommandContext(t.Context(), "go", "tool", "buildid", self).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := ReadBuildID(self); got != strings.TrimSpace(string(want)) || strings.Count(got, "/") != 3 {
		t.Errorf("%q, want %q", got, want)
	}
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("#!/bin/sh"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{short, short + ".none", t.TempDir()} {
		if got := ReadBuildID(name); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for text, want := range map[string]string{
		"x\xff Go build ID: \"a/b\"\n \xffy": "a/b",
		"x\xff Go build ID: \"a/b":           "",
		"\xff Go build ID: \"a\nb\"\n \xff":  "",
		"":                                   "",
		"\x7fELF\x02\x01xxxxxxGo\x00\x00\x04\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00Go\x00\x00a/bX": "a/b",
		"\x7fELF\x02\x02xxxxxxGo\x00\x00\x00\x00\x00\x04\x00\x00\x00\x03\x00\x00\x00\x04Go\x00\x00a/bX": "a/b",
		"\x7fELF\x02\x01xxxxxx\x04\x00\x00\x00\xff\x00\x00\x00\x04\x00\x00\x00Go\x00\x00a/b":            "", // cut off
		"\x7fELF\x02\x01xxxxxx\x04\x00\x00\x00\x03\x00\x00\x00\x05\x00\x00\x00Go\x00\x00a/b":            "", // another note
		"\x7fELF": "",
	} {
		if got := findBuildID([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
