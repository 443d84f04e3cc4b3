package linkcache

import (
	"path/filepath"
	"testing"
)

func TestCleanRemovesWhatIsTheCachesAlone(t *testing.T) {
	t.Parallel()
	s := testStore(t, 1<<20)
	mustPut(t, s, "a", random(1, 1000))
	mustPut(t, s, "b", random(2, 2000))
	foreign := filepath.Join(s.Dir, "README")
	write(t, foreign, "not ours")
	was, err := Clean(s.Config)
	if err != nil || was.Entries != 2 || was.Bytes != int64(3000+2*trailerSize) || was.Oldest.IsZero() || was.Newest.IsZero() {
		t.Errorf("Clean = %+v, %v", was, err)
	}
	now, err := ReadInfo(s.Config)
	if want := (Info{Dir: s.Dir, Limit: 1 << 20}); err != nil || now != want {
		t.Errorf("after Clean: %+v, %v; want %+v", now, err, want)
	}
	if read(t, foreign) != "not ours" || exists(t, filepath.Join(s.Dir, usageName)) {
		t.Error("Clean must remove what is the cache's, and only that")
	}
}
