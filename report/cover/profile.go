package cover

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strconv"

	goprofile "golang.org/x/tools/cover"
)

// Block is a piece of a file whose statements run together.
type Block = goprofile.ProfileBlock

// File is what a profile says of a source file.
type File struct {
	// Name is the import path of the package and the base name, with a slash between them.
	Name string
	// Set reports that counts are 0 or 1.
	Set bool
	// Blocks are sorted by their position, and each occurs once.
	Blocks []Block
}

// Package is the import path of the file's package.
func (f *File) Package() string { return path.Dir(f.Name) }

// Profile is a profile as go test -coverprofile writes it. Its files are sorted by name.
type Profile struct{ Files []*File }

// Parse reads a profile. One without any line, as go test leaves it if it is interrupted, has no
// files.
func Parse(r io.Reader) (*Profile, error) {
	in := bufio.NewReader(r)
	if _, err := in.Peek(1); errors.Is(err, io.EOF) {
		return &Profile{}, nil
	}
	files, err := goprofile.ParseProfilesFromReader(in)
	if err != nil {
		return nil, fmt.Errorf("read coverage profile: %w", err)
	}
	var p Profile
	for _, f := range files {
		p.Files = append(p.Files, &File{Name: f.FileName, Set: f.Mode == "set", Blocks: f.Blocks})
	}
	return &p, nil
}

// File returns the file of that name, nil if there is none.
func (p *Profile) File(name string) *File {
	i, ok := slices.BinarySearchFunc(p.Files, name, func(f *File, name string) int { return cmp.Compare(f.Name, name) })
	if !ok {
		return nil
	}
	return p.Files[i]
}

// Share is how much of something is covered.
type Share struct {
	Covered int `json:"covered"`
	Of      int `json:"of"`
}

// Missing is how much is not covered.
func (s Share) Missing() int { return s.Of - s.Covered }

// Meets reports whether at least so many percent are covered. Nothing meets everything.
func (s Share) Meets(percent float64) bool {
	return 100*float64(s.Covered) >= percent*float64(s.Of)
}

// Percent is the share in percent with one decimal, cut off rather than rounded: what is shown as
// 80.0% is not below 80.
func (s Share) Percent() string {
	if s.Of == 0 {
		return "100.0%"
	}
	return strconv.FormatFloat(math.Floor(1000*float64(s.Covered)/float64(s.Of))/10, 'f', 1, 64) + "%"
}

// statements adds up the statements of a file.
func (f *File) statements() Share {
	var s Share
	for _, b := range f.Blocks {
		s.Of += b.NumStmt
		if b.Count > 0 {
			s.Covered += b.NumStmt
		}
	}
	return s
}

// Total is the share of the statements that ran, as go tool cover -func counts it.
func (p *Profile) Total() Share {
	var sum Share
	for _, f := range p.Files {
		s := f.statements()
		sum.Of, sum.Covered = sum.Of+s.Of, sum.Covered+s.Covered
	}
	return sum
}

// PackageShare is the share of the statements of a package that ran.
type PackageShare struct {
	Path string `json:"path"`
	Share
}

// Packages returns the packages, those that lack most first.
func (p *Profile) Packages() []PackageShare {
	var all []PackageShare
	for _, f := range p.Files {
		if len(all) == 0 || all[len(all)-1].Path != f.Package() {
			all = append(all, PackageShare{Path: f.Package()})
		}
		last, s := &all[len(all)-1], f.statements()
		last.Of, last.Covered = last.Of+s.Of, last.Covered+s.Covered
	}
	all = joined(all)
	slices.SortStableFunc(all, func(a, b PackageShare) int { return cmp.Compare(b.Missing(), a.Missing()) })
	return all
}

// joined returns list with one element for each package: files of one package need not be
// neighbours (a/x.go, a/b/x.go, a/y.go).
func joined(list []PackageShare) []PackageShare {
	slices.SortStableFunc(list, func(a, b PackageShare) int { return cmp.Compare(a.Path, b.Path) })
	var all []PackageShare
	for _, p := range list {
		if n := len(all); n > 0 && all[n-1].Path == p.Path {
			all[n-1].Of, all[n-1].Covered = all[n-1].Of+p.Of, all[n-1].Covered+p.Covered
			continue
		}
		all = append(all, p)
	}
	return all
}

// LineHits is how often a line ran.
type LineHits struct {
	Line, Hits int
}

// Lines returns the lines of the file's blocks, in order. A line that several blocks share has the
// sum of their counts.
func (f *File) Lines() []LineHits {
	hits := make(map[int]int)
	for _, b := range f.Blocks {
		for line := b.StartLine; line <= b.EndLine; line++ {
			if f.Set {
				hits[line] |= b.Count
			} else {
				hits[line] += b.Count
			}
		}
	}
	var all []LineHits
	for line, n := range hits {
		all = append(all, LineHits{line, n})
	}
	slices.SortFunc(all, func(a, b LineHits) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// lineShare is the share of lines that ran.
func lineShare(lines []LineHits) Share {
	s := Share{Of: len(lines)}
	for _, l := range lines {
		if l.Hits > 0 {
			s.Covered++
		}
	}
	return s
}
