package scheduler

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// binaryFile is the file of a test binary. Tests may delete it or change its mode, and under go
// test nobody would notice; reruns need it when the go command's is gone.
type binaryFile struct {
	path   string // the go command's
	number int    // of the suite
	mode   os.FileMode
	backup string // a second name, "" if there is none
	rerun  string // what reruns start, "" if there is none
	// buildID is the go command's, "" if there is none.
	buildID string
}

// newBinaryFile gives the binary at path a second name in dir. On another file system there is
// none, which costs nothing but that.
func newBinaryFile(path, dir string, number int) *binaryFile {
	b := &binaryFile{path: path, number: number, buildID: gotest.ReadBuildID(path)}
	if fi, err := os.Stat(path); err == nil {
		b.mode = fi.Mode()
	}
	// No folder for each: to make one costs three times as much as the link.
	if name := filepath.Join(dir, "backup"+strconv.Itoa(number)); os.Link(path, name) == nil {
		b.backup = name
	}
	return b
}

// drop removes the second name when nothing of the package runs any more. Best effort: the run
// removes the folder in the end.
func (b *binaryFile) drop() {
	if b.backup != "" {
		_ = os.Remove(b.backup)
	}
}

// restore makes sure that path, which is the binary's or the one for reruns,
// exists and has the mode that it had. It may be called concurrently. If it
// cannot help, the start says so.
func (b *binaryFile) restore(path string) {
	fi, err := os.Lstat(path)
	if b.backup != "" && errors.Is(err, fs.ErrNotExist) {
		_ = testbin.Duplicate(b.backup, path)
		fi, err = os.Lstat(path)
	}
	if err == nil && b.mode != 0 && fi.Mode().IsRegular() && fi.Mode() != b.mode {
		_ = os.Chmod(path, b.mode)
	}
}

// keep makes the binary that reruns start, in dir: it outlives the go command's.
func (b *binaryFile) keep(dir string) error {
	name := filepath.Join(dir, "bin"+strconv.Itoa(b.number), filepath.Base(b.path))
	if err := os.Mkdir(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	if b.backup == "" {
		// Another file system: this copies it, once for each name.
		backup := filepath.Join(filepath.Dir(name), "backup")
		if err := testbin.Duplicate(b.path, backup); err != nil {
			return err
		}
		b.backup = backup
	}
	b.rerun = name
	return nil
}
