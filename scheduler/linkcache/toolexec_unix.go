//go:build unix

package linkcache

import (
	"fmt"
	"os"
	"strings"
)

// shell is where POSIX systems have their shell.
const shell = "/bin/sh"

// filter is a shell script that starts "$0 exec-tool" for a link and the tool itself for all others. A cold build starts
// hundreds of compilers and assemblers, many of them for a few milliseconds. To each the shell adds 0.9 ms, and cohort,
// with all that it has to load and initialise, 2.7 ms (go1.26, Linux on a Xeon, dash as the shell). For the 271 tools of a
// cold build of net/http that is 0.25 s or 0.7 s of 30 s of CPU time.
//
// The go command passes -o first to a link that makes something. A question for its version (-V=full) has none. A shell
// may drop environment variables whose names are no identifiers; Go's tools know none.
const filter = `case $1:$2 in */link:-o) exec "$0" %s "$@";; esac; exec "$@"`

// toolexecArgs returns the command that the go command is to put before each tool. flags are exec-tool's.
func toolexecArgs(exe string, flags ...string) []string {
	words := append([]string{"exec-tool"}, flags...)
	if fi, err := os.Stat(shell); err != nil || !fi.Mode().IsRegular() {
		return append([]string{exe}, words...)
	}
	return []string{shell, "-c", fmt.Sprintf(filter, strings.Join(words, " ")), exe}
}
