package watch

import (
	"crypto/sha256"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// quiet is how long no Go file may change before a burst of changes is over. An
	// editor that writes a file, runs gofmt and writes it again takes about 0.1 s;
	// a person does not notice the wait.
	quiet = 150 * time.Millisecond

	// longest is how long a burst may go on (a checkout, a generator) before what
	// there is of it is run: a saved file is to be answered within a second.
	longest = 600 * time.Millisecond
)

// changes gathers the Go files that change in one burst, and knows which contents of
// each it has seen, so that a run that writes files does not start itself for ever.
type changes struct {
	burst map[string]change
	first time.Time // when the burst began
	seen  map[string][sha256.Size]byte
}

type change struct {
	saved bool // it happened while nothing ran, so a person did it
	moved bool // the file was renamed away: there may be nothing left to look at
}

func newChanges() *changes {
	return &changes{burst: map[string]change{}, seen: map[string][sha256.Size]byte{}}
}

// matters reports whether a notification is about a Go file that has got a new
// content or name. Removing a file runs nothing, as in gotestsum: most editors
// remove one before they write it.
func matters(e fsnotify.Event) bool {
	return isGoFile(e.Name) && (e.Has(fsnotify.Write) || e.Has(fsnotify.Create) || e.Has(fsnotify.Rename))
}

// add notes a change of a file and returns how long to wait for the next one before
// take is called. running says that it happened while tests ran, who may have done it.
func (c *changes) add(e fsnotify.Event, running bool, now time.Time) time.Duration {
	if len(c.burst) == 0 {
		c.first = now
	}
	old := c.burst[e.Name]
	c.burst[e.Name] = change{
		saved: old.saved || !running,
		moved: old.moved || e.Has(fsnotify.Rename),
	}
	return max(0, min(quiet, c.first.Add(longest).Sub(now)))
}

// take ends the burst and returns the patterns of the packages that changed in it.
func (c *changes) take() []string {
	packages := map[string]bool{}
	for file, change := range c.burst {
		if c.changed(file, change) {
			packages[pattern(filepath.Dir(file))] = true
		}
	}
	clear(c.burst)
	return slices.Sorted(maps.Keys(packages))
}

// changed reports whether a change calls for a run. A file that is gone was an
// editor's or a test's temporary one, unless it was moved away from a package that
// is still there.
func (c *changes) changed(file string, ch change) bool {
	sum, err := hash(file)
	if err != nil {
		return ch.moved && len(goFiles(filepath.Dir(file))) > 0
	}
	old, known := c.seen[file]
	c.seen[file] = sum
	return ch.saved || !known || old != sum
}

func hash(file string) (sum [sha256.Size]byte, err error) {
	fh, err := os.Open(file)
	if err != nil {
		return sum, err
	}
	defer func() { _ = fh.Close() }() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, fh); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// pattern returns what go test is given for the package in dir. gotestsum's form:
// the current directory is "./.".
func pattern(dir string) string {
	dir = filepath.ToSlash(filepath.Clean(dir))
	if filepath.IsAbs(filepath.FromSlash(dir)) {
		return dir
	}
	return "./" + dir
}
