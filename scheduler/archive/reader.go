package archive

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// maxManifest bounds the manifest, in bytes: a hundred thousand files take 30 MiB.
const maxManifest = 1 << 30

// Archive is an archive that is read. Close it. Its methods may be called concurrently.
type Archive struct {
	Manifest *Manifest

	name    string
	file    io.Closer
	entries map[string]*zip.File
}

// Open opens the archive at name. What is wrong with it is in the error's chain: ErrForeign,
// ErrNewer, ErrEdited. The content of entries is checked when it is read.
func Open(name string) (*Archive, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	a, err := read(file, info.Size())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	a.name, a.file = name, file
	return a, nil
}

// read reads what is in an archive of that size.
func read(from io.ReaderAt, size int64) (*Archive, error) {
	z, err := zip.NewReader(from, size)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrForeign, err)
	}
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1)))
	a := &Archive{entries: make(map[string]*zip.File)}
	for _, f := range z.File {
		if _, twice := a.entries[f.Name]; twice {
			return nil, fmt.Errorf("%w: it has %s twice", ErrEdited, f.Name)
		}
		a.entries[f.Name] = f
	}
	entry, ok := a.entries[manifestEntry]
	if !ok || entry.UncompressedSize64 > maxManifest {
		return nil, ErrForeign
	}
	var text bytes.Buffer
	if _, err := a.copy(&text, manifestEntry, int64(entry.UncompressedSize64)); err != nil {
		return nil, err
	}
	if a.Manifest, err = ParseManifest(text.Bytes()); err != nil {
		return nil, err
	}
	return a, nil
}

// Close closes the archive's file.
func (a *Archive) Close() error { return a.file.Close() }

// copy copies the content of an entry, which must have that size, and returns its SHA-256.
func (a *Archive) copy(to io.Writer, entry string, size int64) (string, error) {
	f, ok := a.entries[entry]
	if !ok {
		return "", fmt.Errorf("%w: %s is missing", ErrEdited, entry)
	}
	in, err := f.Open()
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrEdited, entry, err)
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), &limited{in: in, left: size})
	var write *os.PathError
	if errors.As(err, &write) { // of the file that is written
		return "", errors.Join(err, in.Close())
	}
	if err = errors.Join(err, in.Close()); err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrEdited, entry, err)
	}
	if n != size {
		return "", fmt.Errorf("%w: %s has %d bytes, and its manifest says %d", ErrEdited, entry, n, size)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// limited is a reader that fails after so many bytes, where io.LimitReader ends: else whoever made
// the archive could fill the disk.
type limited struct {
	in   io.Reader
	left int64
}

var errLonger = errors.New("it is longer than the manifest says")

func (l *limited) Read(b []byte) (int, error) {
	n, err := l.in.Read(b)
	if l.left -= int64(n); l.left < 0 {
		return 0, errLonger
	}
	return n, err
}

// copyFile writes the content of an entry to a new file, and checks that it is what the manifest
// says.
func (a *Archive) copyFile(out io.WriteCloser, entry string, size int64, sum string) error {
	got, err := a.copy(out, entry, size)
	if err == nil && got != sum {
		err = fmt.Errorf("%w: the content of %s is not what its manifest says", ErrEdited, entry)
	}
	return errors.Join(err, out.Close())
}

// extractBinary writes the test binary of the package with that number into the folder dir, with the
// list of its tests, and returns its path.
func (a *Archive) extractBinary(number int, dir string) (string, error) {
	b := a.Manifest.Packages[number].Binary
	entry := binEntry(number, testmainFile)
	size := int64(0)
	if f, ok := a.entries[entry]; ok {
		size = int64(f.UncompressedSize64)
	}
	for _, f := range []struct {
		name, sum string
		size      int64
		perm      os.FileMode
	}{{testmainFile, b.Testmain, size, 0o600}, {b.Name, b.SHA256, b.Size, 0o700}} {
		out, err := os.OpenFile(dir+string(os.PathSeparator)+f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.perm)
		if err != nil {
			return "", err
		}
		if err := a.copyFile(out, binEntry(number, f.name), f.size, f.sum); err != nil {
			return "", err
		}
	}
	return dir + string(os.PathSeparator) + b.Name, nil
}
