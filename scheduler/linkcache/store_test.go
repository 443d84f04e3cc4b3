package linkcache

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func keyOf(s string) key { return sha256.Sum256([]byte(s)) }

// testStore returns an empty store whose clock stands still: at the present, since the file system gives new entries their
// times.
func testStore(t *testing.T, limit int64) *store {
	now := time.Now().Truncate(time.Second)
	return &store{Config: Config{Dir: filepath.Join(t.TempDir(), "link"), Limit: limit}, now: func() time.Time { return now }}
}

// random returns n bytes that depend on seed.
func random(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	// Read of a ChaCha8 never fails.
	_, _ = r.Read(b)
	return b
}

// mustPut stores data under the key of name.
func mustPut(t *testing.T, s *store, name string, data []byte) {
	t.Helper()
	src := filepath.Join(t.TempDir(), "out")
	write(t, src, string(data))
	if err := s.put(keyOf(name), src); err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
}

// use sets when the entry of name was last used.
func use(t *testing.T, s *store, name string, at time.Time) {
	t.Helper()
	if err := os.Chtimes(s.path(keyOf(name)), at, at); err != nil {
		t.Fatal(err)
	}
}

func exists(t *testing.T, name string) bool {
	t.Helper()
	_, err := os.Lstat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func TestStoreReturnsWhatWasStored(t *testing.T) {
	t.Parallel()
	s := testStore(t, 10<<20)
	for _, n := range []int{1, 100, copyBuffer - 1, copyBuffer, copyBuffer + 1, 3<<20 + 17} {
		name := fmt.Sprint(n)
		data := random(uint64(n), n)
		mustPut(t, s, name, data)
		out := filepath.Join(t.TempDir(), "copy")
		write(t, out, "something older and longer than one byte")
		if err := s.copyTo(keyOf(name), out); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if got := read(t, out); got != string(data) {
			t.Errorf("%d bytes: the copy differs", n)
		}
		fi, err := os.Stat(out)
		if err != nil {
			t.Fatal(err)
		}
		if fi.Mode().Perm()&0o100 == 0 && filepath.Separator == '/' {
			t.Errorf("%d bytes: mode %v: not executable", n, fi.Mode())
		}
	}
	if err := s.copyTo(keyOf("never stored"), filepath.Join(t.TempDir(), "x")); !errors.Is(err, errMiss) {
		t.Errorf("unknown key: %v, want %v", err, errMiss)
	}
}

func TestCopyIsIndependentOfTheEntry(t *testing.T) {
	t.Parallel()
	s := testStore(t, 1<<20)
	mustPut(t, s, "a", []byte("original"))
	out := filepath.Join(t.TempDir(), "copy")
	for range 2 { // the go command writes the build ID into the copy, in place
		if err := s.copyTo(keyOf("a"), out); err != nil {
			t.Fatal(err)
		}
		if got := read(t, out); got != "original" {
			t.Fatalf("copy is %q", got)
		}
		write(t, out, "rewritten")
	}
}

func TestDamagedEntryIsNeverUsed(t *testing.T) {
	t.Parallel()
	data := random(1, copyBuffer+1000)
	rnd := rand.New(rand.NewPCG(1, 2))
	type damage struct {
		name string
		do   func([]byte) []byte
	}
	damages := []damage{
		{"empty", func(b []byte) []byte { return nil }},
		{"only the trailer", func(b []byte) []byte { return b[len(data):] }},
		{"no trailer", func(b []byte) []byte { return b[:len(data)] }},
		{"one byte more", func(b []byte) []byte { return append(b, 0) }},
		{"zeroes", func(b []byte) []byte { return make([]byte, len(b)) }},
		{"a page of zeroes", func(b []byte) []byte { clear(b[4096:8192]); return b }},
		{"first byte gone", func(b []byte) []byte { return b[1:] }},
	}
	for range 40 {
		at, bit := rnd.IntN(len(data)+trailerSize), byte(1)<<rnd.IntN(8)
		damages = append(damages, damage{fmt.Sprintf("bit %#x at %d", bit, at), func(b []byte) []byte { b[at] ^= bit; return b }})
		cut := rnd.IntN(len(data) + trailerSize)
		damages = append(damages, damage{fmt.Sprintf("cut at %d", cut), func(b []byte) []byte { return b[:cut] }})
	}
	for at := range trailerSize {
		damages = append(damages, damage{fmt.Sprintf("trailer byte %d", at), func(b []byte) []byte { b[len(data)+at]++; return b }})
	}
	s := testStore(t, 1<<30)
	for _, d := range damages {
		mustPut(t, s, "a", data)
		entry := s.path(keyOf("a"))
		write(t, entry, string(d.do([]byte(read(t, entry)))))
		out := filepath.Join(t.TempDir(), "copy")
		if err := s.copyTo(keyOf("a"), out); !errors.Is(err, errDamaged) {
			t.Errorf("%s: error %v, want %v", d.name, err, errDamaged)
		}
		if exists(t, out) {
			t.Errorf("%s: output left behind", d.name)
		}
		if exists(t, entry) {
			t.Errorf("%s: the entry is still there", d.name)
		}
	}
}

func TestEntryUnderAnotherKeyIsDamaged(t *testing.T) {
	t.Parallel()
	s := testStore(t, 1<<20)
	mustPut(t, s, "a", []byte("output of a"))
	if err := os.Rename(s.path(keyOf("a")), s.path(keyOf("b"))); err != nil {
		t.Fatal(err)
	}
	if err := s.copyTo(keyOf("b"), filepath.Join(t.TempDir(), "x")); !errors.Is(err, errDamaged) {
		t.Errorf("error %v, want %v", err, errDamaged)
	}
}

func TestHitNotesItsUse(t *testing.T) {
	t.Parallel()
	s := testStore(t, 1<<20)
	mustPut(t, s, "a", []byte("x"))
	for _, tt := range []struct {
		before, after time.Duration // before now
	}{{touchEvery + time.Second, 0}, {-touchEvery - time.Hour, 0}, {touchEvery - time.Second, touchEvery - time.Second}} {
		use(t, s, "a", s.now().Add(-tt.before))
		if err := s.copyTo(keyOf("a"), filepath.Join(t.TempDir(), "x")); err != nil {
			t.Fatal(err)
		}
		fi, err := os.Stat(s.path(keyOf("a")))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.now().Sub(fi.ModTime()); got != tt.after {
			t.Errorf("used %v ago, then hit: now noted as %v ago, want %v", tt.before, got, tt.after)
		}
	}
}

func TestLeastRecentlyUsedGoesFirst(t *testing.T) {
	t.Parallel()
	const n = 1000
	s := testStore(t, 5*(n+int64(trailerSize)))
	at := func(minutes int) time.Time { return s.now().Add(time.Duration(minutes-100) * time.Minute) }
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		mustPut(t, s, name, random(1, n))
		use(t, s, name, at(i))
	}
	// a, the oldest, is used again: b is now the least recently used.
	if err := s.copyTo(keyOf("a"), filepath.Join(t.TempDir(), "x")); err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, "f", random(1, n))
	var left []string
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		if exists(t, s.path(keyOf(name))) {
			left = append(left, name)
		}
	}
	// Down to nine tenths of five entries: four.
	if got, want := strings.Join(left, ""), "adef"; got != want {
		t.Errorf("left: %s, want %s", got, want)
	}
}

func TestVictims(t *testing.T) {
	t.Parallel()
	now := time.Unix(2e9, 0)
	e := func(size int64, age time.Duration, tmp bool) stored {
		return stored{size: size, used: now.Add(-age), tmp: tmp}
	}
	tests := []struct {
		name string
		all  []stored
		want []bool
	}{
		{"nothing", nil, []bool{}},
		{"at the limit", []stored{e(50, 2, false), e(50, 1, false)}, []bool{false, false}},
		{"over it", []stored{e(30, 4, false), e(30, 3, false), e(30, 2, false), e(30, 1, false)}, []bool{true, false, false, false}},
		{"to nine tenths", []stored{e(5, 4, false), e(5, 3, false), e(5, 2, false), e(86, 1, false)}, []bool{true, true, true, false}},
		{"the newest stays", []stored{e(500, 1, false)}, []bool{false}},
		{"unfinished and young", []stored{e(500, time.Minute, true), e(10, 1, false), e(10, 0, false)}, []bool{false, true, false}},
		{"unfinished and old", []stored{e(500, 2*time.Hour, true), e(10, 1, false)}, []bool{true, false}},
	}
	for _, tt := range tests {
		if got := victims(tt.all, 100, now); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestCacheStaysUnderItsLimit(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	s := testStore(t, limit)
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range 300 {
		mustPut(t, s, fmt.Sprint(i), random(uint64(i), 1+rnd.IntN(20_000)))
		switch rnd.IntN(20) {
		case 0: // someone else's damage
			write(t, filepath.Join(s.Dir, usageName), "nonsense")
		case 1:
			if err := os.Remove(filepath.Join(s.Dir, usageName)); err != nil {
				t.Fatal(err)
			}
		}
		info, err := ReadInfo(s.Config)
		if err != nil {
			t.Fatal(err)
		}
		if info.Bytes > limit {
			t.Fatalf("after %d entries: %d bytes, limit %d", i+1, info.Bytes, limit)
		}
		if !exists(t, s.path(keyOf(fmt.Sprint(i)))) {
			t.Fatalf("entry %d, just stored, is gone", i)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		data string
		sum  int64
		ok   bool
	}{
		{"", 0, false}, {"12\n", 12, true}, {"12\n30\n", 42, true}, {"12\n3", 15, true}, {"12\nx\n", 0, false},
		{"-1\n", 0, false}, {"9223372036854775807\n", 0, false}, {"\n", 0, false},
		{strings.Repeat("1\n", usageLines), usageLines, true}, {strings.Repeat("1\n", usageLines+1), usageLines + 1, false},
	}
	for _, tt := range tests {
		if sum, ok := usage([]byte(tt.data)); sum != tt.sum || ok != tt.ok {
			t.Errorf("usage(%.20q) = %d, %v, want %d, %v", tt.data, sum, ok, tt.sum, tt.ok)
		}
	}
}

func TestOutputLargerThanTheCacheIsNotStored(t *testing.T) {
	t.Parallel()
	s := testStore(t, 1000)
	src := filepath.Join(t.TempDir(), "out")
	write(t, src, strings.Repeat("x", 1000))
	if err := s.put(keyOf("a"), src); err == nil {
		t.Error("no error")
	}
	if exists(t, s.Dir) {
		t.Error("the folder was made")
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	const names, size = 6, 50_000
	s := testStore(t, 3*size) // too small for all: entries vanish under the readers
	files := make([]string, names)
	for i := range files {
		files[i] = filepath.Join(t.TempDir(), "src")
		write(t, files[i], string(random(uint64(i), size)))
	}
	dir := t.TempDir()
	var wg sync.WaitGroup // waits for the goroutines, which end after 40 steps
	for g := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(5, uint64(g)))
			out := filepath.Join(dir, fmt.Sprint(g))
			for range 40 {
				i := rnd.IntN(names)
				k := keyOf(fmt.Sprint(i))
				err := s.copyTo(k, out)
				switch {
				case err == nil:
					data, err := os.ReadFile(out)
					if err != nil || !bytes.Equal(data, random(uint64(i), size)) {
						t.Errorf("entry %d is wrong (%v)", i, err)
					}
				case errors.Is(err, errMiss):
					if err := s.put(k, files[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("put: %v", err)
					}
				default:
					t.Errorf("copyTo: %v", err)
				}
			}
		})
	}
	wg.Wait()
	all, err := s.list()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.tmp {
			t.Errorf("unfinished file %s left", e.name)
		}
	}
}
