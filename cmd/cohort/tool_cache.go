package main

import (
	"fmt"
	"io"
	"time"

	"github.com/gotestcohort/cohort/scheduler/linkcache"
)

const cacheUsage = `Usage: cohort tool cache info|clean

Print or empty the link cache. It keeps test binaries, so that an unchanged
package is not linked again.

    info    print where it is, what it holds and its limit
    clean   remove all that it holds

Environment:
    COHORT_LINK_CACHE        its folder (an absolute path), or off
    COHORT_LINK_CACHE_SIZE   the size it is kept under (default 2GiB)
`

// cache is the command "cohort tool cache ARGS...". It returns the exit code: exitError for a command line or a setting that
// is wrong, exitFailed when the cache cannot be read or emptied.
func (c *command) cache(args []string) int {
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help" || args[0] == "help") {
		return c.cacheText(cacheUsage)
	}
	if len(args) != 1 || args[0] != "info" && args[0] != "clean" {
		return c.cacheError(exitError, fmt.Errorf("want one of info, clean; got %q\n\n%s", args, cacheUsage))
	}
	config, err := linkcache.FromEnv(c.env.list)
	if err != nil {
		return c.cacheError(exitError, err)
	}
	if config.Off() {
		return c.cacheText("link cache: off\n")
	}
	read, format := linkcache.ReadInfo, cacheInfo
	if args[0] == "clean" {
		read, format = linkcache.Clean, cacheCleaned
	}
	info, err := read(config)
	if err != nil {
		return c.cacheError(exitFailed, err)
	}
	return c.cacheText(format(info))
}

// cacheText prints text; output that cannot be written is an error like any other.
func (c *command) cacheText(text string) int {
	if _, err := io.WriteString(c.stdout, text); err != nil {
		return c.cacheError(exitFailed, err)
	}
	return 0
}

// cacheError prints err and returns code.
func (c *command) cacheError(code int, err error) int {
	// There is nowhere to report that stderr is gone.
	_, _ = fmt.Fprintf(c.stderr, "cohort tool cache: %v\n", err)
	return code
}

func cacheInfo(i linkcache.Info) string {
	s := fmt.Sprintf("folder:   %s\nentries:  %d\nsize:     %s of %s\n", i.Dir, i.Entries, mib(i.Bytes), mib(i.Limit))
	if i.Entries > 0 {
		s += fmt.Sprintf("last use: %s to %s\n", i.Oldest.Format(time.DateTime), i.Newest.Format(time.DateTime))
	}
	return s
}

func cacheCleaned(i linkcache.Info) string {
	return fmt.Sprintf("removed %d entries (%s) from %s\n", i.Entries, mib(i.Bytes), i.Dir)
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
