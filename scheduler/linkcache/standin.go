package linkcache

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// The go command hashes each binary that it linked and writes the hash into it, for its result cache. Before a test binary
// is run it reads it for nothing else. So where cohort's exec-test runs it, exec-tool can put a small file in its place that
// names the entry it comes from: the stand-in. The go command hashes that, and exec-test, the next to see it, puts the
// binary there.
//
//	first   exec-tool link -o b001/p.test    link ─▶ b001/p.test; b001/p.test.key names the entry to be
//	        go command                       hash, final build ID ─▶ b001/p.test
//	        exec-test b001/p.test            b001/p.test ─ hard link ─▶ entry
//	again   exec-tool link -o b001/p.test    entry ─ hard link ─▶ b001/p.test.linked; b001/p.test is the stand-in
//	        go command                       hash of the stand-in: the key of the test's result
//	        exec-test b001/p.test            b001/p.test.linked ─ rename ─▶ b001/p.test
//
// It saves copying the binary twice and hashing it once. What runs is the go command's own binary,
// its build ID too, with the trailer of the entry behind its end. Where its format does not allow a
// trailer (carriesTrailer) entry and binary are two files, and what runs is without it. Equal
// stand-ins come from equal links, so that a result cached for one is right for all. Only where two
// different links make the same binary, and one of them is taken from the cache, the test runs
// although the go command would know its result.
//
// Entry and binary are one file. Nothing can write to it while it runs; what is done to it afterwards is damage to the
// entry, found by its checksum.
const (
	standInHead = "cohort: a stand-in for the test binary in the link cache's entry "
	standInSize = len(standInHead) + 2*len(key{}) + 1
	// linkedSuffix is what is added to a binary's name while its stand-in is there, keySuffix makes the name of the file
	// with the key under which a binary is to be stored.
	linkedSuffix = ".linked"
	keySuffix    = ".key"
	// standInKey is in the key of each binary that may have a stand-in.
	standInKey = "-stand-in"
)

// isTestBinary reports whether out is named as the go command names test binaries, which it links for exec-test.
func isTestBinary(out string) bool {
	return strings.HasSuffix(strings.TrimSuffix(base(out), ".exe"), ".test")
}

// linkTo gives the binary stored under k the name of out with linkedSuffix, and writes its stand-in to out. The errors are
// those of copyTo.
func (s *store) linkTo(k key, out string) error {
	return s.with(k, func(f *os.File) error {
		if err := checkEntry(f, k, io.Discard); err != nil {
			return err
		}
		mode, err := writeStandIn(out, k)
		if err != nil {
			return err
		}
		carries, err := carriesTrailer(f)
		if err != nil {
			return err
		}
		if carries && s.linkEntry(k, f, out+linkedSuffix, mode) == nil {
			return nil
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return copyEntry(f, k, out+linkedSuffix)
	})
}

// writeStandIn writes the stand-in for the binary stored under k to out, which is created anew, and returns the mode that
// it got.
func writeStandIn(out string, k key) (fs.FileMode, error) {
	if err := os.Remove(out); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if err := os.WriteFile(out, []byte(standInHead+k.String()+"\n"), outputMode); err != nil {
		return 0, err
	}
	fi, err := os.Stat(out)
	if err != nil {
		return 0, err
	}
	return fi.Mode(), nil
}

// elfMagic is what an ELF file begins with.
const elfMagic = "\x7fELF"

// carriesTrailer reports whether the program in f still works with a trailer behind its end. ELF
// files do: their headers say where all parts are, and nothing reads beyond. ELF is the format for
// Linux, Android, the BSDs, illumos and Solaris. Of the other formats that the Go linker writes
// (HeadType in cmd/internal/objabi), wasm is a sequence of sections up to the end of the file, so
// that js/wasm and wasip1/wasm read a trailer as a broken section. In Mach-O a signature may cover
// the end. PE, XCOFF and Plan 9's format were never tried.
func carriesTrailer(f io.ReaderAt) (bool, error) {
	head := make([]byte, len(elfMagic))
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return string(head) == elfMagic, nil
}

// errNoLink is returned where an entry must be copied.
var errNoLink = errors.New("not to be linked")

// linkEntry gives the entry f of k the name out too, if it will look as what was linked just now: of the given mode, which a
// test can change, and of the present time. That it is on another file system, or another user's, is an error too.
func (s *store) linkEntry(k key, f *os.File, out string, mode fs.FileMode) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	// The name may be a symbolic link, and what was written under it since was not checked.
	named, err := os.Lstat(s.path(k))
	if err != nil {
		return err
	}
	if fi.Mode() != mode || !os.SameFile(fi, named) {
		return errNoLink
	}
	if err := os.Link(s.path(k), out); err != nil {
		return err
	}
	now := s.now()
	if err := os.Chtimes(out, now, now); err != nil {
		return errors.Join(err, os.Remove(out))
	}
	return nil
}

// Install makes a test binary ready to be started: it puts the binary where its stand-in is, or stores one that was linked
// just now. env is the environment as from os.Environ. A file that exec-tool did not have in hand stays as it is. An error
// means that there is no binary; that one could not be stored is none.
func Install(binary string, env []string) error {
	if isStandIn(binary) {
		if err := os.Rename(binary+linkedSuffix, binary); err != nil {
			return fmt.Errorf("test binary out of the link cache: %w", err)
		}
		return nil
	}
	text, err := os.ReadFile(binary + keySuffix)
	if err != nil || !isKey(string(text)) {
		return nil
	}
	k, err := hex.DecodeString(string(text))
	if err != nil {
		return err // isKey has seen that it is none
	}
	// The go command removes its folder in any case.
	_ = os.Remove(binary + keySuffix)
	if c, err := FromEnv(env); err == nil && !c.Off() {
		// A store that cannot take it (full, read-only) is as good as none.
		_ = newStore(c).adopt(key(k), binary)
	}
	return nil
}

// isStandIn reports whether file is a stand-in.
func isStandIn(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false // who starts it finds out, too
	}
	head := make([]byte, standInSize+1)
	n, _ := io.ReadFull(f, head) // as far as it goes
	// Nothing was written to f.
	_ = f.Close()
	return n == standInSize && strings.HasPrefix(string(head), standInHead)
}

// adopt makes the file itself the entry of k, or a copy of it where it cannot have two names or
// carry a trailer. The file is changed by nothing but a trailer behind its end.
func (s *store) adopt(k key, file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	size, err := s.linkIn(k, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return s.put(k, file)
	}
	return s.account(size)
}

// linkIn gives the file f the name of the entry of k too, and returns the entry's size. After an error f is as it was.
func (s *store) linkIn(k key, f *os.File) (int64, error) {
	if carries, err := carriesTrailer(f); err != nil || !carries {
		return 0, errors.Join(err, errNoLink)
	}
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if err := s.prepare(fi); err != nil {
		return 0, err
	}
	sum, n, err := copySum(io.Discard, f)
	if err != nil {
		return 0, err
	}
	_, err = f.WriteAt(trailer(n, k, sum), n)
	if err == nil {
		err = s.linkAs(k, f.Name())
	}
	if err != nil {
		return 0, errors.Join(err, f.Truncate(n))
	}
	return n + int64(trailerSize), nil
}

// linkAs makes file the entry of k, in place of one that may be there.
func (s *store) linkAs(k key, file string) error {
	tmp := within(s.Dir, fmt.Sprint(tmpPrefix, os.Getpid(), "-", k))
	if err := os.Link(file, tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, s.path(k)); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return nil
}
