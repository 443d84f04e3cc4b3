package artifact

import (
	"fmt"
	"hash/fnv"
	"path/filepath"
	"strings"
	"unicode"
)

// longest is as long as the testing package's own folder names: a path of a few of them is short
// enough for every system.
const longest = 64

// nameOf returns the name of a test's folder. Different tests may have the same.
func nameOf(test string) string {
	name := strings.ReplaceAll(test, "/", "__")
	if len(name) > longest {
		h := fnv.New64a()
		_, _ = h.Write([]byte(name)) // a hash takes everything
		sum := fmt.Sprintf("%016x", h.Sum64())
		name = strings.ToValidUTF8(name[:longest-len(sum)], "") + sum
	}
	return plain(name)
}

// folderOf returns the folder of a package below that of the run.
func folderOf(pkg string) string {
	var parts []string
	for part := range strings.SplitSeq(pkg, "/") {
		if part != "" {
			parts = append(parts, plain(part))
		}
	}
	return filepath.Join(parts...)
}

// plain returns name without what a file system, a shell or a report may take for something else.
func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("#+,-.=@_~", r) {
			return r
		}
		return '_'
	}, name)
	if local, err := filepath.Localize(name); err == nil && local != "." {
		return local
	}
	return "_" + strings.Trim(name, ".")
}
