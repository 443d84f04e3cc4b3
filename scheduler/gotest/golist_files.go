package gotest

import (
	"context"
	"io"
	"slices"
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
		out, err := a.goList(ctx, dir, env, []string{"-find", "-json=ImportPath,Dir,GoFiles,CgoFiles,Standard,Module"}, part)
		if err != nil {
			return nil, err
		}
		some, err := parseFiles(out)
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
	err := eachListed(r, func(l listedFiles) {
		p := BuiltPackage{ImportPath: l.ImportPath, Dir: l.Dir, Files: append(l.GoFiles, l.CgoFiles...)}
		p.Main = l.Module != nil && l.Module.Main || l.Module == nil && !l.Standard && len(p.Files) > 0
		packages = append(packages, p)
	})
	if err != nil {
		return nil, err
	}
	return packages, nil
}
