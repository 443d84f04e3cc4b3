package scheduler

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// backUp gives the binary a second name in dir, since tests may delete the
// first: under go test nobody would notice. On another file system there is
// none, which costs nothing but that.
func (p *pkg) backUp(dir string) {
	if fi, err := os.Stat(p.req.Binary); err == nil {
		p.mode = fi.Mode()
	}
	// No folder for each: to make one costs three times as much as the link.
	if name := filepath.Join(dir, "backup"+strconv.Itoa(p.number)); os.Link(p.req.Binary, name) == nil {
		p.backup = name
	}
}

// dropBackUp removes that name when nothing of the package runs any more. Best
// effort: the run removes the folder in the end.
func (p *pkg) dropBackUp() {
	if p.backup != "" {
		_ = os.Remove(p.backup)
	}
}

// restore makes sure that path, which is the binary's or the one for reruns,
// exists and has the mode that it had. It may be called concurrently. If it
// cannot help, the start says so.
func (p *pkg) restore(path string) {
	fi, err := os.Lstat(path)
	if p.backup != "" && errors.Is(err, fs.ErrNotExist) {
		if os.Link(p.backup, path) != nil {
			_ = copyFile(p.backup, path) // a file system without links
		}
		fi, err = os.Lstat(path)
	}
	if err == nil && p.mode != 0 && fi.Mode().IsRegular() && fi.Mode() != p.mode {
		_ = os.Chmod(path, p.mode)
	}
}

// keep makes the binary that reruns start: it outlives the go command's.
func (p *pkg) keep(dir string) error {
	name := filepath.Join(dir, "bin"+strconv.Itoa(p.number), filepath.Base(p.req.Binary))
	if err := os.Mkdir(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	if p.backup == "" {
		// Another file system: copy it, once for each name.
		backup := filepath.Join(filepath.Dir(name), "backup")
		if err := copyFile(p.req.Binary, backup); err != nil {
			return err
		}
		p.backup = backup
	}
	p.binary = name
	return nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o700)
}
