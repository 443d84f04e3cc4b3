package reentry

import (
	"io"
	"strings"
	"testing"
)

// TestExecTestRefuses gives exec-test frames that no cohort sends.
func TestExecTestRefuses(t *testing.T) {
	t.Parallel()
	for stream, want := range map[string]string{
		"X\x00\x00\x00\x00":                "unknown frame",
		"E\x00\x00\x00\x01x":               "read exit frame",
		"O\xff\xff\xff\xff":                "frame of",
		"O\x00\x00\x00\x01aO\x00\x00":      "cohort is gone",
		"O\x00\x00\x00\x01a":               "cohort is gone",
		"O\x00\x00\x00\x09ab":              "cohort is gone",
		"H\x00\x00\x00\x02{}E\x00\x00\x01": "unknown frame",
	} {
		code, err := copyOutput(strings.NewReader(stream), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %d, %v, want %q", stream, code, err, want)
		}
	}
}
