package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxDiffering is how many files are named in which two machines differ.
const maxDiffering = 3

// differingFiles names the first files in which two sources differ, "" if none can be named: theirs is
// that of another machine, ours the one here.
func differingFiles(theirs, ours sourceList) string {
	if theirs.kind != ours.kind {
		return ""
	}
	there, here := theirs.files(), ours.files()
	names := maps.Clone(there)
	maps.Copy(names, here)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		there, isThere := there[name]
		here, isHere := here[name]
		switch {
		case !isThere:
			all = append(all, name+" (only here)")
		case !isHere:
			all = append(all, name+" (not here)")
		case there != here:
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		return ""
	}
	more := ""
	if n := len(all) - maxDiffering; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
		all = all[:maxDiffering]
	}
	return "files that differ: " + strings.Join(all, ", ") + more
}

// files are the names of a source with what they are known by. What is not understood is left out.
func (s sourceList) files() map[string]string {
	files := make(map[string]string)
	rest := string(s.text)
	for s.kind == "git" {
		entry, after, ok := strings.Cut(rest, "\x00")
		if !ok {
			break
		}
		rest = after
		if known, name, ok := strings.Cut(entry, "\t"); ok { // mode, hash and stage
			files[name] = known
		}
	}
	for line := range strings.Lines(rest) {
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			continue
		}
		name, err := strconv.Unquote(quoted)
		known := strings.TrimSpace(line[len(quoted):])
		switch {
		case err != nil:
		case known == "is gone":
			delete(files, name)
		default:
			files[name] = known
		}
	}
	return files
}
