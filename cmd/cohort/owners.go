package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gotestcohort/cohort/cmd/internal/owners"
	"github.com/gotestcohort/cohort/report"
)

// ownerBook says who owns the tests of the module at hand. Its methods may be called concurrently; a
// nil one names nobody.
type ownerBook struct {
	book    *owners.Book
	sources report.Sources // with paths below the root of the repository

	mu    sync.Mutex
	files map[string]map[string]report.Location // of the tests of packages; guarded by mu
}

// openOwners reads the CODEOWNERS file of that name for tests of the module around dir ("": here); nil
// for "".
// A line that cannot be used is a warning, as GitHub overlooks it.
func (c *command) openOwners(name, dir string) (*ownerBook, error) {
	if name == "" {
		return nil, nil
	}
	name = c.archive.find(name)
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("--owners: %w", err)
	}
	book, problems := owners.Parse(string(text))
	for _, p := range problems {
		c.log.warnf("%s:%d: %s", name, p.Line, p.Text)
	}
	root, err := ownersRoot(name)
	if err != nil {
		return nil, fmt.Errorf("--owners: %w", err)
	}
	return &ownerBook{book: book, sources: sourcesBelow(dir, c.archive.root(root)), files: make(map[string]map[string]report.Location)}, nil
}

// ownersRoot is the folder that the patterns of a CODEOWNERS file are of: that of the repository
// around it, or without one the folder above .github, .gitlab or docs.
func ownersRoot(name string) (string, error) {
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return "", err
	}
	if root, ok := above(dir, contains(".git")); ok {
		return root, nil
	}
	if slices.Contains([]string{".github", ".gitlab", "docs"}, filepath.Base(dir)) {
		return filepath.Dir(dir), nil
	}
	return dir, nil
}

// of returns the owners of a test, by the file that it is in; of all tests of the package if test
// is "". They are in the order of the file, each once.
func (b *ownerBook) of(pkg, test string) []string {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	files, ok := b.files[pkg]
	if !ok {
		files = b.sources.Tests(pkg)
		b.files[pkg] = files
	}
	if test != "" {
		return b.book.Of(files[test].File)
	}
	var names []string
	for _, at := range files {
		names = append(names, at.File)
	}
	slices.Sort(names)
	var all []string
	for _, name := range slices.Compact(names) {
		all = appendNew(all, b.book.Of(name))
	}
	return all
}

// ofUnit returns the owners of the tests of a unit, or of a package without any.
func (b *ownerBook) ofUnit(u report.Unit) []string {
	if len(u.Tests) == 0 {
		return b.of(u.Package, u.Name)
	}
	var all []string
	for _, test := range u.Tests {
		all = appendNew(all, b.of(u.Package, test))
	}
	return all
}

func appendNew(all, names []string) []string {
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// tell adds the owners to what is said of the units that did not simply pass.
func (b *ownerBook) tell(o *report.Outcome) {
	if b == nil {
		return
	}
	note := func(u *report.Unit) {
		if names := b.ofUnit(*u); len(names) > 0 {
			u.Note = joinNotes(u.Note, "owner: "+strings.Join(names, " "))
		}
	}
	for i := range o.Failed {
		note(&o.Failed[i])
	}
	for i := range o.Flaky {
		note(&o.Flaky[i])
	}
	for i := range o.Excused {
		for j := range o.Excused[i].Known {
			if k := &o.Excused[i].Known[j]; k.Owner == "" {
				k.Owner = strings.Join(b.of(k.Package, k.Test), " ")
			}
		}
	}
}
