package archive

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Format is the version of the file format that this package writes, and the newest that it reads.
const Format = 1

// kind is what a manifest says first, so that it is known from that of another file.
const kind = "cohort test archive"

// Manifest says what an archive holds. Paths are relative to the folder of the source, with slashes.
type Manifest struct {
	Kind   string
	Format int
	// Cohort is the version of the cohort that wrote the archive. Go is the go command's, with the
	// system: "go1.26.8 linux/amd64".
	Cohort, Go string
	// OS and Arch are what the binaries run on.
	OS, Arch string
	// Source is a hash of the source, "" if it is not known. Module is the path of the main module.
	Source, Module string
	// WorkDir is the folder in which the go command was started.
	WorkDir string
	// Flags are the build flags of go test, GoFlags those of the variable GOFLAGS, as it is written,
	// Patterns what named the packages.
	Flags    []string
	GoFlags  string
	Patterns []string
	// Cover is the mode of coverage, "" for none. CoverMeta are the packages of which coverage needs
	// to know although a binary may not link them.
	Cover     string
	CoverMeta []CoverMeta
	Packages  []Package
	// Files are all files, folders and links of the source, each folder before what it holds.
	Files []File
	// History says whether there is one.
	History bool
}

// Package is a package that the patterns name, in the go command's order.
type Package struct {
	ImportPath string
	// Dir is the package's folder.
	Dir string
	// Internal and External are its test files, Files the Go files that are compiled without them.
	Internal, External, Files []string
	// Main reports that it is of a module that is worked on.
	Main bool
	// Binary is nil if there are no tests. Said is then what go test prints of the package, and
	// Profile reports whether it adds to a coverage profile.
	Binary  *Binary
	Said    string
	Profile bool
}

// Binary is a test binary.
type Binary struct {
	// Name is its base name.
	Name string
	Size int64
	// SHA256 is of its content, Testmain of the go command's list of its tests; in hexadecimal.
	SHA256, Testmain string
}

// File is a file, folder or symbolic link.
type File struct {
	Path string
	// Perm are its permission bits, Time is when its content was changed.
	Perm fs.FileMode
	Time time.Time
	// Folder reports that it is a folder. Link is where a symbolic link leads, "" for anything else.
	Folder bool
	Link   string
	// Size and SHA256 are of a file's content.
	Size   int64
	SHA256 string
}

// What may be wrong with a file that is to be read as an archive. errors.Is tells them apart.
var (
	ErrForeign = errors.New("not an archive of cohort tool archive, or one that was cut short")
	ErrNewer   = errors.New("the archive was written by a newer cohort")
	ErrEdited  = errors.New("the archive was changed after it was written, or damaged")
)

// encode returns the manifest as it stands in the archive.
func (m *Manifest) encode() ([]byte, error) {
	m.Kind, m.Format = kind, Format
	return json.MarshalIndent(m, "", "\t")
}

// ParseManifest reads a manifest, and checks that nothing in it names a place outside of the
// folder that the archive is extracted to.
func ParseManifest(text []byte) (*Manifest, error) {
	var m Manifest
	var head struct {
		Kind   string
		Format int
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Kind != kind {
		return nil, ErrForeign
	}
	if head.Format > Format {
		return nil, fmt.Errorf("%w: its format is %d, and this cohort reads formats up to %d", ErrNewer, head.Format, Format)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEdited, err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEdited, err)
	}
	return &m, nil
}

// check reports what cannot be in a manifest that Pack has written.
func (m *Manifest) check() error {
	if m.Format < 1 || m.OS == "" || m.Arch == "" {
		return errors.New("its manifest lacks the format or the system")
	}
	files := make(map[string]*File)
	for i := range m.Files {
		f := &m.Files[i]
		if err := f.check(files); err != nil {
			return err
		}
		files[f.Path] = f
	}
	for _, c := range m.CoverMeta {
		if c.Size < 0 || !isSum(c.SHA256) {
			return fmt.Errorf("what it says of the coverage of %s has no size or hash", c.ImportPath)
		}
	}
	seen := make(map[string]bool)
	for _, p := range m.Packages {
		if seen[p.ImportPath] {
			return fmt.Errorf("package %s is there twice", p.ImportPath)
		}
		seen[p.ImportPath] = true
		if err := p.check(files); err != nil {
			return fmt.Errorf("package %s: %w", p.ImportPath, err)
		}
	}
	return checkFolder(m.WorkDir, files)
}

// check checks a file; before are those that come before it.
func (f *File) check(before map[string]*File) error {
	_, twice := before[f.Path]
	switch {
	case !isBelow(f.Path) || f.Path == ".":
		return fmt.Errorf("%q is no path below the source", f.Path)
	case twice:
		return fmt.Errorf("%s is there twice", f.Path)
	case f.Perm&^fs.ModePerm != 0:
		return fmt.Errorf("%s has the mode %v", f.Path, f.Perm)
	case f.Folder && f.Link != "":
		return fmt.Errorf("%s is a folder and a link", f.Path)
	case f.Folder || f.Link != "":
	case f.Size < 0 || !isSum(f.SHA256):
		return fmt.Errorf("%s has no size or hash", f.Path)
	}
	return checkFolder(path.Dir(f.Path), before)
}

// checkFolder reports that a path is none of a folder: of a link, say, which could lead anywhere.
func checkFolder(name string, files map[string]*File) error {
	if name == "." {
		return nil
	}
	if f := files[name]; f == nil || !f.Folder {
		return fmt.Errorf("%q is no folder of the source", name)
	}
	return nil
}

func (p *Package) check(files map[string]*File) error {
	if !isBelow(p.Dir) {
		return fmt.Errorf("%q is no path below the source", p.Dir)
	}
	if p.Binary != nil {
		if err := checkFolder(p.Dir, files); err != nil {
			return err
		}
	}
	for _, name := range append(append(append([]string(nil), p.Internal...), p.External...), p.Files...) {
		if !isBase(name) {
			return fmt.Errorf("%q is no name of a file", name)
		}
	}
	if b := p.Binary; b != nil && (!isBase(b.Name) || b.Size < 0 || !isSum(b.SHA256) || !isSum(b.Testmain)) {
		return fmt.Errorf("its binary %q has no right name, size or hash", b.Name)
	}
	return nil
}

// isBelow reports whether a path with slashes is clean and leads to nothing above its start, on any
// system.
func isBelow(name string) bool {
	return name != "" && path.Clean(name) == name && !path.IsAbs(name) && !strings.ContainsRune(name, '\\') &&
		!strings.ContainsRune(name, 0) && filepath.IsLocal(filepath.FromSlash(name))
}

func isBase(name string) bool { return isBelow(name) && name != "." && !strings.Contains(name, "/") }

// isSum reports whether a text is a SHA-256 in hexadecimal.
func isSum(text string) bool {
	sum, err := hex.DecodeString(text)
	return err == nil && len(sum) == 32
}
