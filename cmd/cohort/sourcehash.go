package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
	s, err := readSource(dir, env)
	return s.hash(), err
}

// sourceList is what the files of a source are known by.
type sourceList struct {
	kind string // "git" or "files"
	// text is what git has of each tracked file, each with a zero byte at its end, and then a line for
	// each other file: its name in quotes, and its hash. Files that differ from what git has are in both.
	text []byte
}

func (s sourceList) hash() string {
	if s.kind == "" {
		return ""
	}
	return s.kind + ":" + s.sum()
}

// sum is the SHA-256 of the list.
func (s sourceList) sum() string {
	sum := sha256.Sum256(s.text)
	return hex.EncodeToString(sum[:])
}

// readSource lists the source around dir.
func readSource(dir string, env []string) (sourceList, error) {
	if dir == "" {
		dir = "."
	}
	if text, err := listCheckout(dir, env); err == nil {
		return sourceList{"git", text}, nil
	}
	root, err := moduleRoot(dir)
	if err != nil {
		return sourceList{}, err
	}
	text, err := listFiles(root)
	if err != nil {
		return sourceList{}, err
	}
	return sourceList{"files", text}, nil
}

// listCheckout lists what git has of the working tree, and what differs from that.
func listCheckout(dir string, env []string) ([]byte, error) {
	// One command for all, since each costs as much as some tests do; ":/" is all of the working tree.
	text, err := git(dir, env, "ls-files", "-z", "-t", "-s", "-m", "-o", "--exclude-standard", "--full-name", ":/")
	if err != nil {
		return nil, err
	}
	tracked, names := parseCheckout(text)
	root := ""
	if len(names) > 0 {
		if root, err = git(dir, env, "rev-parse", "--show-toplevel"); err != nil {
			return nil, err
		}
		root = strings.TrimSuffix(root, "\n")
	}
	list := bytes.NewBufferString(tracked)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := hashFile(list, root, filepath.FromSlash(name)); err != nil {
			return nil, err
		}
	}
	return list.Bytes(), nil
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

// listFiles lists the source files below a folder. Folders that the go command leaves out for their
// names are left out.
func listFiles(root string) ([]byte, error) {
	var list bytes.Buffer
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
		return hashFile(&list, root, rel)
	})
	return list.Bytes(), err
}

// hashFile adds the name and the hash of a file to a list; one that is gone has none.
func hashFile(list *bytes.Buffer, root, name string) error {
	f, err := os.Open(filepath.Join(root, name))
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(list, "%q is gone\n", filepath.ToSlash(name))
		return nil
	}
	if err != nil {
		return err
	}
	one := sha256.New()
	if info, statErr := f.Stat(); statErr == nil && !info.IsDir() { // a folder is another repository, which the index tells
		_, err = io.Copy(one, f)
	}
	fmt.Fprintf(list, "%q %x\n", filepath.ToSlash(name), one.Sum(nil))
	return errors.Join(err, f.Close())
}
