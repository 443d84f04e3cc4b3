package archive

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// The names of entries.
const (
	manifestEntry = "manifest.json"
	historyEntry  = "history"
	sourceEntries = "src/"
	testmainFile  = "_testmain.go"
	profileFile   = "profile"
)

// binEntry is the name of an entry of the package with that number.
func binEntry(number int, name string) string { return fmt.Sprintf("bin/%d/%s", number, name) }

// writer writes an archive. Its file has another name until it is complete.
type writer struct {
	name string
	file *os.File
	zip  *zip.Writer
}

// create begins the archive at name.
func create(name string) (*writer, error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return nil, err
	}
	w := &writer{name: name, file: file, zip: zip.NewWriter(file)}
	w.zip.RegisterCompressor(zstd.ZipMethodWinZip, zstd.ZipCompressor())
	return w, nil
}

// add writes an entry, and returns the size and the SHA-256 of its content.
func (w *writer) add(entry string, content io.Reader) (int64, string, error) {
	out, err := w.zip.CreateHeader(&zip.FileHeader{Name: entry, Method: zstd.ZipMethodWinZip})
	if err != nil {
		return 0, "", fmt.Errorf("write %s: %w", entry, err)
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), content)
	if err != nil {
		return 0, "", fmt.Errorf("write %s: %w", entry, err)
	}
	return n, hex.EncodeToString(sum.Sum(nil)), nil
}

// addFile writes the content of a file as an entry.
func (w *writer) addFile(entry, name string) (int64, string, error) {
	in, err := os.Open(name)
	if err != nil {
		return 0, "", err
	}
	defer in.Close() //nolint:errcheck // it was only read
	return w.add(entry, in)
}

// finish completes the archive, and returns its size.
func (w *writer) finish() (int64, error) {
	err := w.zip.Close()
	var size int64
	if info, statErr := w.file.Stat(); statErr == nil {
		size = info.Size()
	}
	if err = errors.Join(err, w.file.Chmod(0o644), w.file.Close()); err == nil {
		err = os.Rename(w.file.Name(), w.name)
	}
	if err != nil {
		return 0, errors.Join(err, os.Remove(w.file.Name()))
	}
	return size, nil
}

// abandon removes what has been written.
func (w *writer) abandon() error { return errors.Join(w.file.Close(), os.Remove(w.file.Name())) }
