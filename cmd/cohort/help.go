package main

import (
	"fmt"
	"io"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// writeUsage writes the help text: gotestsum's flags, then cohort's own.
func writeUsage(out io.Writer, t *flagTable) error {
	_, err := fmt.Fprintf(out, `Usage:
    cohort [flags] [--] [go test flags]
    cohort [command]

Flags as gotestsum has them:
%s
Flags of cohort's own:
%s
Formats:
    dots                     print a character for each test
    dots-v2                  experimental dots format, one package per line
    pkgname                  print a line for each package
    pkgname-and-test-fails   print a line for each package and failed test output
    testname                 print a line for each test and package
    testdox                  print a sentence for each test using gotestdox
    github-actions           testname format with github actions log grouping
                             (testname becomes this one by itself when GITHUB_ACTIONS=true)
    standard-quiet           standard go test format
    standard-verbose         standard go test -v format

Format icons:
    default                  the original unicode (✓, ∅, ✖)
    hivis                    higher visibility unicode (✅, ➖, ❌)
    text                     simple text characters (PASS, SKIP, FAIL)
    codicons                 requires a font from https://www.nerdfonts.com/ (%s)
    octicons                 requires a font from https://www.nerdfonts.com/ (%s)
    emoticons                requires a font from https://www.nerdfonts.com/ (%s)

Commands:
    cohort tool slowest      find or skip the slowest tests
    cohort tool ci-matrix    place packages into buckets of equal run time
    cohort tool flaky        find flaky tests and explain them
    cohort tool history      show the least reliable and the slowest tests
    cohort tool cache        inspect or clean the link cache
    cohort help              print this help text

Environment:
    GOTESTSUM_FORMAT, GOTESTSUM_FORMAT_ICONS, GOTESTSUM_JSONFILE, GOTESTSUM_JSONFILE_TIMING_EVENTS,
    GOTESTSUM_JUNITFILE, GOTESTSUM_JUNITFILE_PROJECT_NAME, GOTESTSUM_JUNIT_HIDE_EMPTY_PKG,
    GOTESTSUM_JUNIT_HIDE_SKIPPED_TESTS, COHORT_HISTORY: defaults of the flags so named
    COHORT_LINK_CACHE        the folder (an absolute path) in which --link-cache keeps binaries, or off
    COHORT_LINK_CACHE_SIZE   the size that this folder is kept under (default 2GiB)
    TEST_DIRECTORY           package to test when none is given
    GOVERSION                Go version to write into the JUnit file, instead of asking the go command
`, "", usage.Describe(t.flags, 80),
		"\ueba4 \ueabd \uea87", "\uf49e \uf517 \uf52f", "\U000f01f5 \U000f01f6 \U000f01f8")
	return err
}
