package linkcache

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// tmpPrefix begins the names of files that are being written.
	tmpPrefix = "tmp-"
	// tmpAge is how old such a file is when its writer must be dead.
	tmpAge = time.Hour
	// usageName is the file that adds up what was stored, so that not every link needs to look at all entries: one line
	// for each entry since the last look, a number of bytes. The first line is what that look found. Lines are short and
	// appended, which needs no lock. Two processes that look at once may lose a line between them: the sum is then a
	// little too small until the next look, and usageLines bounds for how long.
	usageName = "usage"
	// usageLines is the number of entries stored after which all are looked at in any case.
	usageLines = 500
)

// A stored is one file of the cache's folder that is the cache's own.
type stored struct {
	name string
	size int64
	used time.Time // when it was last used; for an unfinished file, when it was last written
	tmp  bool      // unfinished
}

// list returns the cache's own files, least recently used first. Files it does not know are not its own. A folder that is
// not there is empty.
func (s *store) list() ([]stored, error) {
	dir, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []stored
	for _, e := range dir {
		tmp := strings.HasPrefix(e.Name(), tmpPrefix)
		if !tmp && !isKey(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		fi, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process was faster
		}
		if err != nil {
			return nil, err
		}
		all = append(all, stored{name: e.Name(), size: fi.Size(), used: fi.ModTime(), tmp: tmp})
	}
	slices.SortFunc(all, func(a, b stored) int {
		return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.name, b.name))
	})
	return all, nil
}

// isKey reports whether a file's name is that of an entry.
func isKey(name string) bool {
	b, err := hex.DecodeString(name)
	return err == nil && len(b) == len(key{}) && strings.ToLower(name) == name
}

// account notes that n bytes were stored, and trims the cache when it may have outgrown its limit.
func (s *store) account(n int64) error {
	name := within(s.Dir, usageName)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return s.trim()
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d\n", n)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if used, ok := usage(data); ok && used <= s.Limit {
		return nil
	}
	return s.trim()
}

// usage adds up the usage file. It reports false when the file cannot be believed or is due to be renewed.
func usage(data []byte) (sum int64, ok bool) {
	lines := 0
	for line := range bytes.Lines(data) {
		n, err := strconv.ParseInt(string(bytes.TrimSuffix(line, []byte("\n"))), 10, 64)
		if err != nil || n < 0 || n > 1<<50 { // 1 PiB: not a size, and no sum of usageLines of them overflows
			return 0, false
		}
		sum += n
		lines++
	}
	return sum, lines > 0 && lines <= usageLines
}

// trim removes what dead processes left unfinished and, when the rest is over the limit, the least recently used entries
// down to nine tenths of it, so that the next one does not trim again. Then it starts the usage file anew.
func (s *store) trim() error {
	all, err := s.list()
	if err != nil {
		return err
	}
	remove := victims(all, s.Limit, s.now())
	var total int64
	var errs []error
	for i, e := range all {
		if remove[i] {
			err := os.Remove(within(s.Dir, e.name))
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				continue
			}
			errs = append(errs, err)
		}
		total += e.size
	}
	return errors.Join(append(errs, s.writeUsage(total))...)
}

// victims says which of the files, sorted by their last use, must go at the time now.
func victims(all []stored, limit int64, now time.Time) []bool {
	remove := make([]bool, len(all))
	var total int64
	for i, e := range all {
		remove[i] = e.tmp && now.Sub(e.used) > tmpAge
		if !remove[i] {
			total += e.size
		}
	}
	if total <= limit {
		return remove
	}
	for i, e := range all {
		if total <= limit/10*9 || i == len(all)-1 {
			break // never the last: it was stored just now
		}
		if !remove[i] && !e.tmp {
			remove[i] = true
			total -= e.size
		}
	}
	return remove
}

// writeUsage replaces the usage file.
func (s *store) writeUsage(total int64) error {
	tmp, err := os.CreateTemp(s.Dir, tmpPrefix+"*")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(tmp, "%d\n", total)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), within(s.Dir, usageName))
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}
