package testbin

import (
	"strconv"
	"strings"
)

// CoverageSuffix reports whether line is the one in which a test binary prints
// its coverage, and returns what follows the figure.
func CoverageSuffix(line string) (suffix string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "coverage: ")
	if !ok {
		return "", false
	}
	if suffix, ok := strings.CutPrefix(rest, "[no statements]"); ok {
		return suffix, true
	}
	figure, suffix, ok := strings.Cut(rest, "% of statements")
	if _, err := strconv.ParseFloat(figure, 64); !ok || err != nil {
		return "", false
	}
	return suffix, true
}
