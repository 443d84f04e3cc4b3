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
	words := []string{"list"}
	if a.Dir != "" {
		words = append(words, "-C="+a.Dir)
	}
	words = append(words, "-e", "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles,Error")
	words = slices.Concat(words, a.BuildFlags(), []string{"--"}, a.Packages)
	cmd := exec.CommandContext(ctx, "go", words...)
	cmd.Dir, cmd.Env = dir, env
	cmd.WaitDelay = 5 * time.Second // children that keep stdout open
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return parseSources(&stdout)
}

// parseSources reads what go list prints.
func parseSources(r io.Reader) ([]SourcePackage, error) {
	var packages []SourcePackage
	for dec := json.NewDecoder(r); ; {
		var l listedSource
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		p := SourcePackage{ImportPath: l.ImportPath, Dir: l.Dir, Internal: l.TestGoFiles, External: l.XTestGoFiles}
		if l.Error != nil {
			p.Err = strings.TrimSpace(l.Error.Err)
		}
		packages = append(packages, p)
	}
}
