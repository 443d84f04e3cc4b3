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
	// One command for all, since each costs as much as some tests do; ":/" is all of the working tree.
	text, err := git(dir, env, "ls-files", "-z", "-t", "-s", "-m", "-o", "--exclude-standard", "--full-name", ":/")
	if err != nil {
		return "", err
	}
	tracked, names := parseCheckout(text)
	root := ""
	if len(names) > 0 {
		if root, err = git(dir, env, "rev-parse", "--show-toplevel"); err != nil {
			return "", err
		}
		root = strings.TrimSuffix(root, "\n")
	}
	sum := sha256.New()
	_, _ = io.WriteString(sum, tracked) // a hash takes everything
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := hashFile(sum, root, filepath.FromSlash(name)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// parseCheckout takes what git ls-files -t -s -m -o prints: a letter and a space before each file, which
// says what is known of it. tracked is what -s alone prints, files are those that differ from it,
// and the sources that git does not know.
func parseCheckout(text string) (tracked string, files []string) {
	const changed, other = "C", "?"
	var lines strings.Builder
	for entry := range strings.SplitSeq(text, "\x00") {
		tag, rest, ok := strings.Cut(entry, " ")
		switch {
		case !ok:
		case tag == changed:
			_, name, _ := strings.Cut(rest, "\t") // mode, hash and stage come before it
			files = append(files, name)
		case tag == other:
			if isSource(rest) {
				files = append(files, rest)
			}
		default:
			lines.WriteString(rest + "\x00")
		}
	}
	return lines.String(), files
}

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
