package linkcache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
		if err := os.Remove(filepath.Join(c.Dir, name)); !errors.Is(err, fs.ErrNotExist) {
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

const toolUsage = `Usage: cohort tool cache info|clean

Looks at, or empties, the link cache: the test binaries that need not be linked
again as long as nothing they are made of changes.

    info    print where it is, what it holds and its limit
    clean   remove all that it holds

Environment:
    COHORT_LINK_CACHE        its folder (an absolute path), or off
    COHORT_LINK_CACHE_SIZE   the size it is kept under (default 2GiB)
`

// RunTool is the command "cohort tool cache ARGS...". env is the environment as from os.Environ. It returns the exit code:
// 3 for a command line or a setting that is wrong, 1 when the cache cannot be read or emptied.
func RunTool(args, env []string, stdout, stderr io.Writer) int {
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help" || args[0] == "help") {
		return show(stdout, stderr, toolUsage)
	}
	if len(args) != 1 || args[0] != "info" && args[0] != "clean" {
		return report(stderr, usageError, "cohort tool cache: want one of info, clean; got %q\n\n%s", args, toolUsage)
	}
	c, err := FromEnv(env)
	if err != nil {
		return report(stderr, usageError, "cohort tool cache: %v", err)
	}
	if c.Off() {
		return show(stdout, stderr, "link cache: off\n")
	}
	read, format := ReadInfo, describe
	if args[0] == "clean" {
		read, format = Clean, cleaned
	}
	info, err := read(c)
	if err != nil {
		return report(stderr, 1, "cohort tool cache: %v", err)
	}
	return show(stdout, stderr, format(info))
}

// show prints text; output that cannot be written is an error like any other.
func show(stdout, stderr io.Writer, text string) int {
	if _, err := io.WriteString(stdout, text); err != nil {
		return report(stderr, 1, "cohort tool cache: %v", err)
	}
	return 0
}

func describe(i Info) string {
	s := fmt.Sprintf("folder:   %s\nentries:  %d\nsize:     %s of %s\n", i.Dir, i.Entries, mib(i.Bytes), mib(i.Limit))
	if i.Entries > 0 {
		s += fmt.Sprintf("last use: %s to %s\n", i.Oldest.Format(time.DateTime), i.Newest.Format(time.DateTime))
	}
	return s
}

func cleaned(i Info) string {
	return fmt.Sprintf("removed %d entries (%s) from %s\n", i.Entries, mib(i.Bytes), i.Dir)
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
