package linkcache

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzEntry damages an entry: it gives back what was stored, or nothing and is gone.
func FuzzEntry(f *testing.F) {
	f.Add([]byte("a linked binary"), []byte{1}, 3, 0)
	f.Add([]byte("a linked binary"), []byte{}, 0, 1)
	f.Add([]byte("x"), []byte(magic), 1, 0)
	f.Add([]byte("x"), []byte{0, 0, 0, 0, 0, 0, 0, 2}, 17, 5)
	f.Fuzz(func(t *testing.T, data, damage []byte, at, cut int) {
		if len(data) == 0 {
			return // the linker makes no empty binary, and none is stored
		}
		s := testStore(t, 1<<20)
		mustPut(t, s, "a", data)
		entry, err := os.ReadFile(s.path(keyOf("a")))
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range damage {
			if place := at + i; place >= 0 && place < len(entry) {
				entry[place] ^= b
			}
		}
		entry = entry[:len(entry)-min(max(cut, 0), len(entry))]
		write(t, s.path(keyOf("a")), string(entry))

		out := filepath.Join(t.TempDir(), "out")
		switch err := s.copyTo(keyOf("a"), out); {
		case err == nil:
			if got := read(t, out); got != string(data) {
				t.Errorf("the damaged entry %q gives %q, stored was %q", entry, got, data)
			}
		case !errors.Is(err, errDamaged):
			t.Errorf("the damaged entry %q: %v", entry, err)
		case exists(t, out) || exists(t, s.path(keyOf("a"))):
			t.Errorf("the damaged entry %q is still there, or what was copied of it", entry)
		}
	})
}
