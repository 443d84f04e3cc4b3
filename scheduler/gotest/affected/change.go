package affected

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Change is a file that differs.
type Change struct {
	// Path is relative to the root of the repository, with slashes. It may be a directory: a
	// submodule, or a repository within.
	Path string
	// Deleted reports whether the file is there no more.
	Deleted bool
}

// ParseNameStatus reads what git diff --name-status -z prints. A renamed or copied file is two
// changes: its old name is deleted, if it was renamed, and its new one is there.
func ParseNameStatus(data []byte) ([]Change, error) {
	fields, err := splitZero(data)
	if err != nil {
		return nil, fmt.Errorf("read git diff: %w", err)
	}
	var changes []Change
	for len(fields) > 0 {
		status := fields[0]
		paths := 1
		if status != "" && strings.Contains("RC", status[:1]) {
			paths = 2
		}
		if status == "" || len(fields) < 1+paths || slices.Contains(fields[1:1+paths], "") {
			return nil, fmt.Errorf("read git diff: %q is not a status with its files", fields[:min(len(fields), 1+paths)])
		}
		switch status[0] {
		case 'A', 'M', 'T', 'U', 'X', 'B':
			changes = append(changes, Change{Path: fields[1]})
		case 'D':
			changes = append(changes, Change{Path: fields[1], Deleted: true})
		case 'R':
			changes = append(changes, Change{Path: fields[1], Deleted: true}, Change{Path: fields[2]})
		case 'C':
			changes = append(changes, Change{Path: fields[2]})
		default:
			return nil, fmt.Errorf("read git diff: unknown status %q of %s", status, fields[1])
		}
		fields = fields[1+paths:]
	}
	return changes, nil
}

// ParseFiles reads what git ls-files -z prints. A directory has no slash at its end here.
func ParseFiles(data []byte) ([]string, error) {
	files, err := splitZero(data)
	if err != nil {
		return nil, fmt.Errorf("read git ls-files: %w", err)
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(file, "/")
		if files[i] == "" {
			return nil, fmt.Errorf("read git ls-files: file %d has no name", i+1)
		}
	}
	return files, nil
}

// splitZero splits text each field of which ends in a zero byte.
func splitZero(data []byte) ([]string, error) {
	if len(data) == 0 {
		return nil, nil
	}
	text, ok := bytes.CutSuffix(data, []byte{0})
	if !ok {
		return nil, fmt.Errorf("it ends in the middle of %q", data[bytes.LastIndexByte(data, 0)+1:])
	}
	return strings.Split(string(text), "\x00"), nil
}

// global returns why a changed file is about everything, or "". What is below a testdata directory
// is data.
func global(file string) string {
	elems := strings.Split(file, "/")
	if slices.Contains(elems[:len(elems)-1], "testdata") {
		return ""
	}
	base := elems[len(elems)-1]
	switch {
	case slices.Contains(elems[:len(elems)-1], "vendor"):
		return fmt.Sprintf("vendored: %s", file)
	case strings.HasSuffix(base, ".mod"), strings.HasSuffix(base, ".sum"), base == "go.work":
		return fmt.Sprintf("which modules are used: %s", file)
	case base == ".cohort.yaml", strings.HasSuffix(file, ".config/cohort.yaml"):
		return fmt.Sprintf("cohort's configuration: %s", file)
	case base == ".go-version", base == ".tool-versions", base == "mise.toml", base == ".mise.toml":
		return fmt.Sprintf("which toolchain is used: %s", file)
	}
	return ""
}

// change enters what a changed file is about, and reports whether it belongs to a package.
func (d *decision) change(c Change) bool {
	owned := false
	// Who uses it in the build: its own package, or one that embeds it.
	for _, u := range d.embeds[c.Path] {
		owned = true
		if u.test {
			note(d.tests, u.path, "changed: %s", c.Path)
		} else {
			note(d.changed, u.path, "changed: %s", c.Path)
		}
	}
	if includable(c.Path) {
		for _, p := range d.native {
			owned = true
			note(d.changed, p, "may include: %s", c.Path)
		}
	}
	// A directory that changed as a whole is about the packages in it.
	for _, p := range d.order {
		if pkg := d.byPath[p]; !pkg.Outside && within(pkg.Dir, c.Path) {
			owned = true
			note(d.changed, p, "changed: %s", c.Path)
		}
	}
	// The nearest package above owns it; of those further up the tests may read it.
	for dir, nearest := path.Dir(c.Path), true; ; dir = path.Dir(dir) {
		if p, ok := d.byDir[dir]; ok {
			d.below(d.byPath[p], c, dir == path.Dir(c.Path), nearest)
			nearest, owned = false, true
		}
		if dir == "." || dir == "/" {
			return owned
		}
	}
}

// below enters what a changed file is to a package above it. inside tells that it is in the
// package's own directory, nearest that no other package is closer to it.
func (d *decision) below(p Package, c Change, inside, nearest bool) {
	switch {
	case inside && strings.HasSuffix(c.Path, "_test.go"):
		note(d.tests, p.ImportPath, "changed: %s", c.Path)
	case p.Embeds && c.Deleted, nearest && !aside(c.Path):
		// A file that is there no more may have been embedded.
		note(d.changed, p.ImportPath, "changed: %s", c.Path)
	case nearest:
		note(d.tests, p.ImportPath, "changed: %s", c.Path)
	default:
		note(d.tests, p.ImportPath, "changed below it: %s", c.Path)
	}
}

// aside reports whether a file is text for people or settings of tools (.github, .gitignore), which
// a package's own tests may read, but not those of packages that depend on it. Embedded files and
// test data are not asked about, or never are.
func aside(file string) bool {
	elems := strings.Split(file, "/")
	if slices.Contains(elems, "testdata") {
		return false
	}
	if slices.ContainsFunc(elems, func(elem string) bool { return strings.HasPrefix(elem, ".") }) {
		return true
	}
	base := elems[len(elems)-1]
	switch strings.ToLower(path.Ext(base)) {
	case ".md", ".markdown", ".rst", ".adoc":
		return true
	}
	return base == "LICENSE" || base == "NOTICE" || base == "AUTHORS" || base == "CODEOWNERS"
}

// within reports whether a directory is dir or below it.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, dir+"/")
}

// includable reports whether code in another language may include a file.
func includable(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".m", ".mm", ".f", ".for", ".f90", ".s", ".asm", ".swig", ".swigcxx", ".i", ".a", ".so", ".syso":
		return true
	}
	return false
}
