package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// hashSource returns a hash of the source around dir: equal on machines with the same checkout, of
// which the tracked files, and those that git does not ignore, have the same content. Where git knows
// nothing of it, the hash is that of the module's source files. "git" or "files" in front of it says
// which of the two it is.
func hashSource(dir string, env []string) (string, error) {
	if dir == "" {
		dir = "."
	}
	if sum, err := hashCheckout(dir, env); err == nil {
		return "git:" + sum, nil
	}
	root, err := moduleRoot(dir)
	if err != nil {
		return "", err
	}
	sum, err := hashFiles(root)
	if err != nil {
		return "", err
	}
	return "files:" + sum, nil
}

// hashCheckout hashes what git has of the working tree, and what differs from that.
func hashCheckout(dir string, env []string) (string, error) {
	top, err := git(dir, env, "rev-parse", "--show-toplevel")
	if err != nil {
		return "", err
	}
	root := strings.TrimSuffix(top, "\n")
	tracked, err := git(root, env, "ls-files", "-s", "-z")
	if err != nil {
		return "", err
	}
	changed, err := git(root, env, "ls-files", "-m", "-z")
	if err != nil {
		return "", err
	}
	others, err := git(root, env, "ls-files", "-o", "--exclude-standard", "-z")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, _ = io.WriteString(sum, tracked) // a hash takes everything
	names := strings.FieldsFunc(changed, isNUL)
	for _, name := range strings.FieldsFunc(others, isNUL) {
		if isSource(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := hashFile(sum, root, filepath.FromSlash(name)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func isNUL(r rune) bool { return r == 0 }

func git(dir string, env []string, words ...string) (string, error) {
	cmd := exec.Command("git", words...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", words[0], err)
	}
	return string(out), nil
}

// isSource reports whether the go command builds files of that name, or reads them to do so.
func isSource(name string) bool {
	switch filepath.Ext(name) {
	case ".go", ".s", ".c", ".cc", ".cpp", ".h", ".hpp", ".syso", ".swig":
		return true
	}
	base := filepath.Base(name)
	return base == "go.mod" || base == "go.sum" || base == "go.work" || base == ".cohort.yaml"
}

// moduleRoot returns the folder above dir, or dir itself, that has a go.mod.
func moduleRoot(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	root, ok := above(abs, isModule)
	if !ok {
		return "", errors.New("there is neither a git checkout nor a go.mod here")
	}
	return root, nil
}

// hashFiles hashes the source files below a folder. Folders that the go command leaves out for their
// names are left out.
func hashFiles(root string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return fs.SkipDir
			}
			return nil
		}
		if !isSource(name) || !d.Type().IsRegular() {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return hashFile(sum, root, rel)
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// hashFile adds the name and the content of a file; one that is gone has none.
func hashFile(sum hash.Hash, root, name string) error {
	f, err := os.Open(filepath.Join(root, name))
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(sum, "%q is gone\n", filepath.ToSlash(name))
		return nil
	}
	if err != nil {
		return err
	}
	one := sha256.New()
	if info, statErr := f.Stat(); statErr == nil && !info.IsDir() { // a folder is another repository, which the index tells
		_, err = io.Copy(one, f)
	}
	fmt.Fprintf(sum, "%q %x\n", filepath.ToSlash(name), one.Sum(nil))
	return errors.Join(err, f.Close())
}
