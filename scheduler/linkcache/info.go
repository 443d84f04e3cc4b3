package linkcache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// An Info describes what a cache holds.
type Info struct {
	Dir     string
	Entries int       // finished entries
	Bytes   int64     // the size of all files of the cache, unfinished ones too
	Limit   int64     // the size the cache is kept under
	Oldest  time.Time // when the least recently used entry was last used; zero without entries
	Newest  time.Time // when the most recently used entry was last used; zero without entries
}

// ReadInfo looks at the cache. A folder that does not exist is an empty cache.
func ReadInfo(c Config) (Info, error) {
	info := Info{Dir: c.Dir, Limit: c.Limit}
	all, err := newStore(c).list()
	if err != nil {
		return info, fmt.Errorf("read the link cache: %w", err)
	}
	for _, e := range all {
		info.Bytes += e.size
		if e.tmp {
			continue
		}
		if info.Entries == 0 {
			info.Oldest = e.used
		}
		info.Newest = e.used
		info.Entries++
	}
	return info, nil
}

// Clean removes everything the cache holds, and nothing else that is in its folder. It returns what was there before. Links
// that run at the same time are not disturbed: they fall back to the linker.
func Clean(c Config) (Info, error) {
	info, err := ReadInfo(c)
	if err != nil {
		return info, err
	}
	all, err := newStore(c).list()
	errs := []error{err}
	for _, name := range append(names(all), usageName) {
		if err := os.Remove(within(c.Dir, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return info, fmt.Errorf("clean the link cache: %w", err)
	}
	return info, nil
}

func names(all []stored) []string {
	out := make([]string, len(all))
	for i, e := range all {
		out[i] = e.name
	}
	return out
}
