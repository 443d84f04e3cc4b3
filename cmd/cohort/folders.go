package main

import (
	"os"
	"path/filepath"
)

// above returns the nearest of the folder dir, which is absolute, and those it is in that has what is
// looked for; false if none has.
func above(dir string, has func(dir string) bool) (string, bool) {
	for !has(dir) {
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
	return dir, true
}

// sourceFolder returns the folder that go test looks for packages in, if it is started in dir; "" is the
// current one.
func (o *options) sourceFolder(dir string) string {
	at, ok := lastValue(o.args, "C")
	switch {
	case !ok || o.rawCommand:
		return dir
	case filepath.IsAbs(at):
		return at
	}
	return filepath.Join(dir, at)
}

// contains returns a function for [above] that reports whether a folder has an entry of that name.
func contains(name string) func(dir string) bool {
	return func(dir string) bool {
		_, err := os.Lstat(filepath.Join(dir, name))
		return err == nil
	}
}

// isModule reports whether a folder is the root of a module, for [above].
func isModule(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil && !info.IsDir()
}
