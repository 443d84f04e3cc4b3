package cover

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Range is a run of lines, counted from 1; both ends belong to it.
type Range struct {
	First int `json:"first"`
	Last  int `json:"last"`
}

// Lines are runs of lines in order.
type Lines []Range

// AllLines returns every line of a file, as for one that is new.
func AllLines() Lines { return Lines{{1, math.MaxInt}} }

// Has reports whether a line is one of them.
func (l Lines) Has(line int) bool {
	return slices.ContainsFunc(l, func(r Range) bool { return r.First <= line && line <= r.Last })
}

// Changes are the lines that a change has added or touched, by the path of the file, which is
// relative to the root of the repository and has slashes.
type Changes map[string]Lines

// Add adds what other holds.
func (c Changes) Add(other Changes) {
	for file, lines := range other {
		all := append(slices.Clone(c[file]), lines...)
		slices.SortFunc(all, func(a, b Range) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last)) })
		c[file] = slices.Compact(all)
	}
}

// ParseDiff reads what git diff --unified=0 prints with the prefixes a/ and b/. Lines that were only
// deleted are no lines of the new file, and a file that was only renamed has no changes.
func ParseDiff(text []byte) (Changes, error) {
	changes := make(Changes)
	file := ""
	old, added := 0, 0 // lines of a hunk that are to come: they may look like headers
	for number := 1; len(text) > 0; number++ {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		switch {
		case old > 0 && bytes.HasPrefix(line, []byte("-")):
			old--
		case added > 0 && bytes.HasPrefix(line, []byte("+")):
			added--
		case bytes.HasPrefix(line, []byte("\\ ")): // no newline at the end of the file
		case old > 0 || added > 0:
			return nil, fmt.Errorf("read git diff: line %d: a hunk has fewer lines than it says", number)
		case bytes.HasPrefix(line, []byte("diff --git ")):
			file = ""
		case bytes.HasPrefix(line, []byte("+++ ")):
			name, err := newName(string(line[len("+++ "):]))
			if err != nil {
				return nil, fmt.Errorf("read git diff: line %d: %w", number, err)
			}
			file = name
		case bytes.HasPrefix(line, []byte("@@ ")):
			h, err := parseHunk(string(line))
			if err != nil {
				return nil, fmt.Errorf("read git diff: line %d: %w", number, err)
			}
			old, added = h.old, h.lines
			if file != "" && h.lines > 0 {
				changes[file] = append(changes[file], Range{h.first, h.first + h.lines - 1})
			}
		}
	}
	if old > 0 || added > 0 {
		return nil, errors.New("read git diff: it ends within a hunk")
	}
	return changes, nil
}

// newName is the path in a line "+++ b/PATH", "" for a file that was deleted. git puts a tab behind
// a path with spaces, and quotes one with other characters as C does.
func newName(text string) (string, error) {
	text = strings.TrimSuffix(text, "\t")
	if text == "/dev/null" {
		return "", nil
	}
	if strings.HasPrefix(text, `"`) {
		plain, err := strconv.Unquote(text)
		if err != nil {
			return "", fmt.Errorf("%s is no quoted path", text)
		}
		text = plain
	}
	name, ok := strings.CutPrefix(text, "b/")
	if !ok || name == "" {
		return "", fmt.Errorf("%q has no prefix b/", text)
	}
	return name, nil
}

// hunk is what a line "@@ -1,2 +3,4 @@" says: how many lines of the old file, and which of the new.
type hunk struct{ old, first, lines int }

func parseHunk(line string) (hunk, error) {
	fields := strings.Fields(line)
	if len(fields) < 4 || fields[3] != "@@" {
		return hunk{}, fmt.Errorf("%q is no hunk", line)
	}
	_, old, err1 := parseSpan(fields[1], "-")
	first, lines, err2 := parseSpan(fields[2], "+")
	if err := errors.Join(err1, err2); err != nil {
		return hunk{}, fmt.Errorf("%q is no hunk", line)
	}
	return hunk{old, first, lines}, nil
}

// maxLine is far above what any file has: sums of two such numbers are still numbers.
const maxLine = 1 << 30

// parseSpan reads "+FIRST,LINES"; without LINES it is one.
func parseSpan(text, sign string) (first, lines int, err error) {
	text, ok := strings.CutPrefix(text, sign)
	if !ok {
		return 0, 0, strconv.ErrSyntax
	}
	start, count, many := strings.Cut(text, ",")
	first, err = strconv.Atoi(start)
	lines = 1
	if many && err == nil {
		lines, err = strconv.Atoi(count)
	}
	if err == nil && (first < 0 || lines < 0 || first > maxLine || lines > maxLine || lines > 0 && first == 0) {
		err = strconv.ErrRange
	}
	return first, lines, err
}
