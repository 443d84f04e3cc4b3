package gotest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// SourcePackage is a package with the test files that belong to the build.
type SourcePackage struct {
	ImportPath string
	// Dir is absolute.
	Dir string
	// Internal and External are the base names of the test files in the package itself and in that
	// with _test.
	Internal, External []string
	// Err says why it cannot be loaded, "" if it can.
	Err string
}

// listedSource is a package as go list -json prints it (go help list).
type listedSource struct {
	ImportPath, Dir           string
	TestGoFiles, XTestGoFiles []string
	Error                     *struct{ Err string }
}

// ListSources asks the go command which packages the arguments name, without building anything. dir
// is where cohort runs, "" for the current directory.
func (a *Args) ListSources(ctx context.Context, dir string, env []string) ([]SourcePackage, error) {
	out, err := a.goList(ctx, dir, env, []string{"-json=ImportPath,Dir,TestGoFiles,XTestGoFiles,Error"}, a.Packages)
	if err != nil {
		return nil, err
	}
	return parseSources(out)
}

// goList runs go list -e with flags and the build flags of the arguments, for packages by their names,
// and returns what it prints.
func (a *Args) goList(ctx context.Context, dir string, env, flags, names []string) (io.Reader, error) {
	words := append(a.program(), "list")
	if a.Dir != "" {
		words = append(words, "-C="+a.Dir)
	}
	words = append(words, "-e")
	words = slices.Concat(words, flags, a.BuildFlags(), []string{"--"}, names)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env = dir, env
	cmd.WaitDelay = 5 * time.Second // children that keep stdout open
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return &stdout, nil
}

// eachListed calls f for each package of what go list -json prints.
func eachListed[T any](r io.Reader, f func(T)) error {
	for dec := json.NewDecoder(r); ; {
		var l T
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read go list: %w", err)
		}
		f(l)
	}
}

// parseSources reads what go list prints.
func parseSources(r io.Reader) ([]SourcePackage, error) {
	var packages []SourcePackage
	err := eachListed(r, func(l listedSource) {
		p := SourcePackage{ImportPath: l.ImportPath, Dir: l.Dir, Internal: l.TestGoFiles, External: l.XTestGoFiles}
		if l.Error != nil {
			p.Err = strings.TrimSpace(l.Error.Err)
		}
		packages = append(packages, p)
	})
	if err != nil {
		return nil, err
	}
	return packages, nil
}
