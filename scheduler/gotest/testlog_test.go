package gotest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWriteTestLog(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		logs   []string
		inputs []string
		want   string // "" for an error
	}{
		"none":         {nil, nil, "# test log\n"},
		"one":          {[]string{"# test log\ngetenv HOME\nopen x\n"}, nil, "# test log\ngetenv HOME\nopen x\n"},
		"two":          {[]string{"# test log\nchdir /else\n", "# test log\nstat y\n"}, nil, "# test log\nchdir /else\nchdir /pkg\nstat y\n"},
		"nothing read": {[]string{"# test log\n", "# test log\n"}, nil, "# test log\n"},
		"empty":        {[]string{"# test log\n", ""}, nil, ""},
		"no header":    {[]string{"open x\n"}, nil, ""},
		"cut off":      {[]string{"# test log\nopen x"}, nil, ""},
		"half header":  {[]string{"# test"}, nil, ""},
		"missing":      {[]string{"# test log\n", "missing"}, nil, ""},
		"inputs":       {[]string{"# test log\ngetenv HOME\n"}, []string{"/pkg/x_test.go"}, "# test log\ngetenv HOME\nopen /pkg/x_test.go\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var files []string
			for i, log := range tc.logs {
				file := filepath.Join(dir, string(rune('a'+i)))
				files = append(files, file)
				if log == "missing" {
					continue
				}
				if err := os.WriteFile(file, []byte(log), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := WriteTestLog(filepath.Join(dir, "x.test"), "/pkg", files, tc.inputs)
			got, readErr := os.ReadFile(filepath.Join(dir, "testlog.txt"))
			if tc.want == "" {
				if err == nil || !errors.Is(readErr, os.ErrNotExist) {
					t.Errorf("error %v, log %q; want an error and no log", err, got)
				}
				return
			}
			if err != nil || string(got) != tc.want {
				t.Errorf("error %v, log %q, want %q", err, got, tc.want)
			}
		})
	}
	if WriteTestLog(filepath.Join(t.TempDir(), "missing", "x.test"), "/pkg", nil, nil) == nil {
		t.Error("no error for a log that cannot be written")
	}
}

// TestWriteTestLogLeavesOutGOTMPDIR: t.TempDir reads it, and cohort gives the
// go command another one in each run.
func TestWriteTestLogLeavesOutGOTMPDIR(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	if err := os.WriteFile(log, []byte("# test log\ngetenv GOTMPDIR\ngetenv HOME\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteTestLog(filepath.Join(dir, "x.test"), "/pkg", []string{log}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "testlog.txt"))
	if want := "# test log\ngetenv HOME\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// TestWriteTestLogFullDisk: what could be written of the log must not make the go
// command take the result for repeatable.
func TestWriteTestLogFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	name := filepath.Join(t.TempDir(), "testlog.txt")
	if err := os.Symlink("/dev/full", name); err != nil {
		t.Fatal(err)
	}
	if err := WriteTestLog(filepath.Join(filepath.Dir(name), "x.test"), "/pkg", nil, nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v, want %v", err, syscall.ENOSPC)
	}
	if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is left behind: %v", err)
	}
}

// TestReadVariable: what the logs of processes say of variables.
func TestReadVariable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	a, b := write("a", "# test log\ngetenv HOME\nopen DB\n"), write("b", "# test log\nopen x\ngetenv DB\n")
	for _, tc := range []struct {
		logs, names string
		want        bool
	}{
		{a, "", false}, {a, "DB", false}, {b, "DB", true}, {a + " " + b, "X DB", true}, {b, "D", false}, {b, "DBS", false},
		{filepath.Join(dir, "none"), "DB", true}, {filepath.Join(dir, "none"), "", false},
	} {
		if got := ReadVariable(strings.Fields(tc.logs), strings.Fields(tc.names)); got != tc.want {
			t.Errorf("%s of %s: %v", tc.names, tc.logs, got)
		}
	}
}
