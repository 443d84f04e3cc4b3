package linkcache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"time"
)

// An entry is one file, named by its key: the linker's output, then a trailer of fixed size. The trailer is last so that
// the output begins at offset 0. It holds the magic string, the size of the output, the key and the output's checksum.
const (
	magic       = "cohort link 1\r\n\x00"
	trailerSize = len(magic) + 8 + len(key{}) + len(checksum{})
)

// A checksum is the CRC-32C and the CRC-32 of an output. Two CRCs of different polynomials are as good as one of 64 bits:
// damage by chance, which is what there is to find, goes unseen once in 2^64 times. Processors compute both: they take
// 0.5 ms of CPU time for a binary of 5.4 MB, and a SHA-256 3.7 ms, of 28 ms that a test binary answered from the cache
// takes in all, the go command's part included (go1.26, a Xeon with SHA extensions).
type checksum [8]byte

// touchEvery is how stale an entry's modification time, which says when it was last used, may be. Most hits then cost no
// write; the order of removal needs no more.
const touchEvery = 10 * time.Minute

// outputMode is the mode with which the linker creates an executable (before the umask).
const outputMode = 0o775

// copyBuffer is the size of the pieces in which files are copied: large enough that the number of system calls does not
// matter, small enough for the processor's cache, where the checksum reads it again.
const copyBuffer = 256 << 10

var (
	errMiss    = errors.New("not in the link cache")
	errDamaged = errors.New("link cache entry is damaged")
)

// A store is the folder with the entries. It is safe for any number of processes at once: entries appear by rename, are
// never changed, and may vanish at any time.
type store struct {
	Config
	now func() time.Time
}

func newStore(c Config) *store { return &store{Config: c, now: time.Now} }

func (s *store) path(k key) string { return within(s.Dir, k.String()) }

// copyTo writes the output stored under k to the file out, which is created anew. The error is errMiss when there is no
// entry, errDamaged when there was one that is not what was once stored: it is gone then. After an error out does not
// exist.
//
// It is a copy and never a link, hard or by clone: the go command then writes the final build ID into the file. The bytes
// written are the bytes checked, in one pass.
func (s *store) copyTo(k key, out string) error {
	return s.with(k, func(f *os.File) error { return copyEntry(f, k, out) })
}

// with calls use with the entry of k, and removes an entry that use finds damaged. The errors are those of copyTo.
func (s *store) with(k key, use func(f *os.File) error) error {
	fi, err := os.Stat(s.path(k))
	if errors.Is(err, fs.ErrNotExist) {
		return errMiss
	}
	if err != nil {
		return err
	}
	err = errDamaged
	if fi.Mode().IsRegular() { // to open a named pipe would take for ever
		err = s.open(k, use)
	}
	if errors.Is(err, errDamaged) {
		// Where removing it fails, the relink replaces it or finds it again: no more than the cost of a link.
		_ = os.Remove(s.path(k))
	}
	return err
}

// open calls use with the entry of k.
func (s *store) open(k key, use func(f *os.File) error) error {
	f, err := os.Open(s.path(k))
	if errors.Is(err, fs.ErrNotExist) {
		return errMiss
	}
	if err != nil {
		return err
	}
	err = use(f)
	if err == nil {
		s.touch(f)
	}
	// Nothing was written to f.
	_ = f.Close()
	return err
}

// copyEntry copies the output in the entry f to the file out, and checks it.
func copyEntry(f *os.File, k key, out string) (err error) {
	// The linker removes its output first, too: the file may be in use under another name.
	if err := os.Remove(out); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, outputMode)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, w.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(out))
		}
	}()
	return checkEntry(f, k, w)
}

// checkEntry reads the entry f from its beginning and writes the output in it to w. The error is errDamaged unless f cannot
// be read, or w cannot be written.
func checkEntry(f *os.File, k key, w io.Writer) error {
	size, sum, err := readTrailer(f, k)
	if err != nil {
		return err
	}
	got, n, err := copySum(w, io.LimitReader(f, size))
	if err != nil {
		return err
	}
	if n != size || got != sum {
		return errDamaged
	}
	return nil
}

// copySum copies r to w to its end, and returns the checksum and the number of the bytes copied.
func copySum(w io.Writer, r io.Reader) (sum checksum, n int64, err error) {
	castagnoli, ieee := crc32.New(crc32.MakeTable(crc32.Castagnoli)), crc32.NewIEEE()
	// MultiWriter hides w's ReadFrom, so that the bytes pass through here.
	n, err = io.CopyBuffer(io.MultiWriter(w, castagnoli, ieee), r, make([]byte, copyBuffer))
	binary.BigEndian.PutUint32(sum[:4], castagnoli.Sum32())
	binary.BigEndian.PutUint32(sum[4:], ieee.Sum32())
	return sum, n, err
}

// readTrailer returns the size and the checksum of the output in the entry f, and leaves f at its beginning. An error
// is errDamaged unless f cannot be read.
func readTrailer(f *os.File, k key) (size int64, sum checksum, err error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, sum, err
	}
	size = fi.Size() - int64(trailerSize)
	if size <= 0 {
		return 0, sum, errDamaged
	}
	t := make([]byte, trailerSize)
	if _, err := f.ReadAt(t, size); err != nil {
		return 0, sum, err
	}
	sum = checksum(t[trailerSize-len(sum):])
	if !bytes.Equal(t, trailer(size, k, sum)) {
		return 0, sum, errDamaged
	}
	return size, sum, nil
}

// trailer returns what an entry ends with.
func trailer(size int64, k key, sum checksum) []byte {
	t := make([]byte, 0, trailerSize)
	t = append(t, magic...)
	t = binary.BigEndian.AppendUint64(t, uint64(size))
	t = append(t, k[:]...)
	return append(t, sum[:]...)
}

// touch notes that the entry f was used. Where that fails (a read-only folder) the entry only goes sooner.
func (s *store) touch(f *os.File) {
	fi, err := f.Stat()
	if err != nil {
		return
	}
	now := s.now()
	// Abs: a clock that was wrong may have left a time in the future.
	if now.Sub(fi.ModTime()).Abs() > touchEvery {
		_ = os.Chtimes(f.Name(), now, now)
	}
}

// put stores a copy of the file under k and keeps the cache under its limit. An output that is larger than the whole
// cache is not stored. After an error nothing is left behind.
func (s *store) put(k key, file string) (err error) {
	src, err := os.Open(file)
	if err != nil {
		return err
	}
	// Nothing is written to src.
	defer func() { _ = src.Close() }()
	fi, err := src.Stat()
	if err != nil {
		return err
	}
	if err := s.prepare(fi); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(s.Dir, tmpPrefix+"*")
	if err != nil {
		return err
	}
	if err := writeEntry(tmp, src, k); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	if err := os.Rename(tmp.Name(), s.path(k)); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return s.account(fi.Size() + int64(trailerSize))
}

// prepare makes the cache's folder, unless the file fi does not fit into the cache.
func (s *store) prepare(fi os.FileInfo) error {
	if size := fi.Size() + int64(trailerSize); size > s.Limit || fi.Size() == 0 {
		return fmt.Errorf("store %s: %d bytes do not fit into a link cache of %d", fi.Name(), size, s.Limit)
	}
	return os.MkdirAll(s.Dir, 0o700)
}

// writeEntry writes the entry of k with the output src to w, and closes w. It is not synced: what a power failure leaves
// of it fails its checksum.
func writeEntry(w *os.File, src io.Reader, k key) (err error) {
	defer func() { err = errors.Join(err, w.Close()) }()
	sum, n, err := copySum(w, src)
	if err != nil {
		return err
	}
	_, err = w.Write(trailer(n, k, sum))
	return err
}
