package linkcache

import (
	"errors"
	"os"
	"strings"
)

// Paths and programs are found here without packages path/filepath and os/exec: both would have
// exec-tool and exec-test wait until half of cohort is initialised (see cmd/internal/reenter).

// within returns the path of a file in dir.
func within(dir, name string) string { return dir + string(os.PathSeparator) + name }

// base returns the last element of a path that the go command has made.
func base(name string) string { return name[strings.LastIndexByte(name, os.PathSeparator)+1:] }

// folder returns the path without its last element.
func folder(name string) string {
	i := strings.LastIndexByte(name, os.PathSeparator)
	switch i {
	case -1:
		return "."
	case 0:
		return name[:1]
	}
	return name[:i]
}

var errNotFound = errors.New("not found in PATH")

// lookPath finds a program as os/exec does: in the folders of path, the value of PATH.
func lookPath(name, path string) (string, error) {
	for _, dir := range strings.Split(path, string(os.PathListSeparator)) {
		if dir == "" {
			dir = "."
		}
		file := within(dir, name)
		if fi, err := os.Stat(file); err == nil && !fi.IsDir() && fi.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", errNotFound
}
