package cover

import (
	"cmp"
	"maps"
	"slices"
)

// ChangedFile is a Go file that a change has added or touched.
type ChangedFile struct {
	// Path is relative to the root of the repository, with slashes.
	Path string
	// Lines are those that were added or touched.
	Lines Lines
	// Source is the file's content.
	Source []byte
	// Covered is what the profile says of the file. Nil: it has nothing of it, as its package was
	// not tested or not built, so that no line of it counts as covered.
	Covered *File
}

// Place is a run of lines of a file.
type Place struct {
	File string `json:"file"`
	Range
}

// Changed is what the tests cover of a change.
type Changed struct {
	// Lines is the share of the changed lines with statements.
	Lines Share
	// Missing are those that no test ran, by file and line.
	Missing []Place
	// NoData are the files with changed statements of which the profile says nothing.
	NoData []string
}

// Judge returns what the tests cover of the files' changed lines.
func Judge(files []ChangedFile) Changed {
	var c Changed
	for _, f := range slices.SortedFunc(slices.Values(files), func(a, b ChangedFile) int { return cmp.Compare(a.Path, b.Path) }) {
		code := codeLines(f.Source)
		hits := f.hits(code)
		var missing []int
		for _, line := range slices.Sorted(maps.Keys(hits)) {
			if !f.Lines.Has(line) {
				continue
			}
			c.Lines.Of++
			if hits[line] {
				c.Lines.Covered++
			} else {
				missing = append(missing, line)
			}
		}
		for _, r := range ranges(missing, code) {
			c.Missing = append(c.Missing, Place{f.Path, r})
		}
		if f.Covered == nil && len(missing) > 0 {
			c.NoData = append(c.NoData, f.Path)
		}
	}
	return c
}

// hits says of each line with a statement whether it ran. A line that several blocks share ran if
// one of them did, as in the files for other tools.
func (f *ChangedFile) hits(code lineSet) map[int]bool {
	hits := make(map[int]bool)
	if f.Covered == nil {
		for line := range statementLines(f.Source) {
			hits[line] = false
		}
		return hits
	}
	for _, b := range f.Covered.Blocks {
		if b.NumStmt == 0 {
			continue
		}
		for line := b.StartLine; line <= b.EndLine; line++ {
			if code[line] {
				hits[line] = hits[line] || b.Count > 0
			}
		}
	}
	return hits
}

// ranges joins lines that follow each other, with nothing but lines that say nothing between them.
func ranges(lines []int, code lineSet) []Range {
	var all []Range
	for _, line := range lines {
		if n := len(all); n > 0 && silent(all[n-1].Last+1, line, code) {
			all[n-1].Last = line
			continue
		}
		all = append(all, Range{line, line})
	}
	return all
}

// silent reports whether no line from first up to, not including, end says anything.
func silent(first, end int, code lineSet) bool {
	for line := first; line < end; line++ {
		if code[line] {
			return false
		}
	}
	return true
}
