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

// BuiltPackage is a package with its files.
type BuiltPackage struct {
	ImportPath string
	// Dir is absolute, "" if there is no such package.
	Dir string
	// Files are the base names of the Go files that are compiled, less test files.
	Files []string
	// Main reports that it is of a module that is worked on: not of one in the module cache, and
	// not of another module in a folder below.
	Main bool
}

// listedFiles is a package as go list -json prints it.
type listedFiles struct {
	ImportPath, Dir   string
	GoFiles, CgoFiles []string
	Standard          bool
	Module            *struct{ Main bool }
}

// perList is how many packages are named in one go list: Windows takes 32 kB of arguments.
const perList = 200

// ListFiles asks the go command for packages by their import paths or folders, with the build flags of
// the arguments and without building anything. dir is where cohort runs, "" for the current
// directory. A package that there is not has no Dir.
func (a *Args) ListFiles(ctx context.Context, dir string, env, names []string) ([]BuiltPackage, error) {
	var all []BuiltPackage
	for part := range slices.Chunk(names, perList) {
		words := []string{"list"}
		if a.Dir != "" {
			words = append(words, "-C="+a.Dir)
		}
		words = append(words, "-e", "-find", "-json=ImportPath,Dir,GoFiles,CgoFiles,Standard,Module")
		words = slices.Concat(words, a.BuildFlags(), []string{"--"}, part)
		cmd := exec.CommandContext(ctx, "go", words...)
		cmd.Dir, cmd.Env = dir, env
		cmd.WaitDelay = 5 * time.Second // children that keep stdout open
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("go list: %w: %s", err, strings.TrimSpace(stderr.String()))
		}
		some, err := parseFiles(&stdout)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// parseFiles reads what go list prints.
func parseFiles(r io.Reader) ([]BuiltPackage, error) {
	var packages []BuiltPackage
	for dec := json.NewDecoder(r); ; {
		var l listedFiles
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		p := BuiltPackage{ImportPath: l.ImportPath, Dir: l.Dir, Files: append(l.GoFiles, l.CgoFiles...)}
		p.Main = l.Module != nil && l.Module.Main || l.Module == nil && !l.Standard && len(p.Files) > 0
		packages = append(packages, p)
	}
}
