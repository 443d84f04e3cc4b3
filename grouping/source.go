package grouping

import (
	"fmt"
	"go/build"
	"go/version"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// SourceOptions say which files of a directory belong to the build, in the
// terms of the go command. The zero value means a build for this machine
// without tags.
type SourceOptions struct {
	// BuildTags are the tags of -tags.
	BuildTags []string
	// GOOS and GOARCH are the target; "" means this machine's.
	GOOS, GOARCH string
	// CgoEnabled is what go env CGO_ENABLED prints, "0" or "1"; "" means on if
	// the target is this machine and cohort itself was built to think so.
	CgoEnabled string
	// GoVersion is what go env GOVERSION prints, as in "go1.26.8"; it decides
	// on tags such as go1.25. "" means the version cohort was built with.
	GoVersion string
	// Race, Msan and Asan are the flags of go test of those names; each is
	// also a tag.
	Race, Msan, Asan bool
	// Files, if not nil, are the base names of the files that were named on the
	// command line (go test a_test.go). As in the go command only these are
	// looked at, and build constraints do not apply to them.
	Files []string
	// Positions asks [Annotate] to find File, Line and Parallel of every test.
	// Otherwise only files with directives are parsed, which suffices unless
	// LoadFile or --group is used.
	Positions bool
}

// context returns the build context of the options.
func (o SourceOptions) context() *build.Context {
	c := build.Default
	c.BuildTags = slices.Clone(o.BuildTags)
	for _, tag := range []struct {
		name string
		on   bool
	}{{"race", o.Race}, {"msan", o.Msan}, {"asan", o.Asan}} {
		if tag.on {
			c.BuildTags = append(c.BuildTags, tag.name)
		}
	}
	if o.GOOS != "" && o.GOOS != c.GOOS || o.GOARCH != "" && o.GOARCH != c.GOARCH {
		c.CgoEnabled = false // the go command's default for another target
	}
	if o.GOOS != "" {
		c.GOOS = o.GOOS
	}
	if o.GOARCH != "" {
		c.GOARCH = o.GOARCH
	}
	if o.CgoEnabled != "" {
		c.CgoEnabled = o.CgoEnabled == "1"
	}
	if tags := releaseTags(o.GoVersion); tags != nil {
		c.ReleaseTags = tags
	}
	c.UseAllFiles = o.Files != nil
	return &c
}

// releaseTags returns the tags go1.1 to go1.N of a version go1.N, or nil if the
// version is not of that form, as a development version's is not.
func releaseTags(goVersion string) []string {
	lang := version.Lang(goVersion) // go1.26 for go1.26.8
	n, err := strconv.Atoi(strings.TrimPrefix(lang, "go1."))
	if err != nil {
		return nil
	}
	tags := make([]string, n)
	for i := range tags {
		tags[i] = fmt.Sprintf("go1.%d", i+1)
	}
	return tags
}

// testFiles returns the names of the test files in a directory, sorted. Which
// of them belong to the build is not decided yet.
func (o SourceOptions) testFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !isTestFile(e.Name()) || isDir(dir, e) || o.Files != nil && !slices.Contains(o.Files, e.Name()) {
			continue
		}
		names = append(names, e.Name())
	}
	return names, nil
}

// isDir reports whether an entry is a directory or a symbolic link to one. The
// go command ignores both where it looks for files.
func isDir(dir string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(filepath.Join(dir, e.Name()))
	return err == nil && info.IsDir()
}

// isTestFile reports whether a file of that name may hold tests.
func isTestFile(name string) bool {
	return strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "_") && !strings.HasPrefix(name, ".")
}
