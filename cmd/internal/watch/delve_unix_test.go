//go:build unix

package watch

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeDelve puts a dlv into PATH that prints its arguments, its script and its
// standard input, and fails: its user's tests did.
func fakeDelve(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	const script = `#!/bin/sh
echo "$@"
while [ "$1" != "--init" ]; do shift; done
cat "$2"
read line && echo "typed $line"
exit 1
`
	if err := os.WriteFile(filepath.Join(dir, "dlv"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

// Not parallel: it changes PATH.
func TestDelve(t *testing.T) {
	fakeDelve(t)
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	d := Delve{Package: "./calc", Tests: []string{"TestA/x", "TestA", "TestB"},
		BuildFlags: []string{"-race", "-ldflags=-s -w"}, Args: []string{"-test.short=true", "x"},
		Stdin: strings.NewReader("continue\n"), Stdout: &out}
	if err := d.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	tmp := os.Getenv("TMPDIR")
	got := out.String()
	args, rest, _ := strings.Cut(got, "\n")
	f := strings.Split(args, " ")
	if len(f) < 8 || !strings.HasPrefix(f[4], tmp) || !strings.HasPrefix(f[6], tmp) {
		t.Fatalf("arguments: %s", args)
	}
	f[4], f[6] = "OUT", "INIT"
	want := "test --wd ./calc --output OUT --init INIT --build-flags -race '-ldflags=-s -w' ./calc -- -test.short=true x"
	if got := strings.Join(f, " "); got != want {
		t.Errorf("arguments:\n got %s\nwant %s", got, want)
	}
	if want := "break TestA\nbreak TestB\ncontinue\ntyped continue\n"; rest != want {
		t.Errorf("got %q, want %q", rest, want)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Not parallel: it changes PATH.
func TestDelveCancelled(t *testing.T) {
	fakeDelve(t)
	in, typing, err := os.Pipe() // nobody ever types
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(in.Close(), typing.Close()) }()
	ctx, cancel := context.WithCancel(t.Context())
	out := writerFunc(func(p []byte) { cancel() }) // at its first output
	if err := (Delve{Package: ".", Stdin: in, Stdout: out}).Run(ctx); err != nil {
		t.Error(err)
	}
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

// Not parallel: it changes PATH.
func TestNoDelve(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := (Delve{Package: "."}).Run(t.Context()); !errors.Is(err, ErrNoDelve) {
		t.Errorf("got %v", err)
	}
}
