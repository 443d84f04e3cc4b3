package report

import (
	"slices"
	"strings"
	"unicode"

	"gotest.tools/gotestsum/testjson"
)

// attachments names the files that a test has left in attempts, one a line, as GitLab and Jenkins
// look for them in the output of a testcase.
func (j JUnit) attachments(attempts ...testjson.TestCase) string {
	if j.Attached == nil {
		return ""
	}
	var text strings.Builder
	var named []string
	for _, tc := range attempts {
		for _, path := range j.Attached(tc) {
			if slices.Contains(named, path) || !attachable(path) {
				continue
			}
			named = append(named, path)
			text.WriteString("[[ATTACHMENT|" + j.restore(path) + "]]\n")
		}
	}
	return text.String()
}

// attachable reports whether a path can be written in the form of an attachment: its marks have no
// escape.
func attachable(path string) bool {
	return !strings.ContainsFunc(path, unicode.IsControl) && !strings.Contains(path, "|") && !strings.Contains(path, "]]")
}

// casesOf returns the attempts that are not the passed ones.
func casesOf(all []attempt) []testjson.TestCase {
	var cases []testjson.TestCase
	for _, a := range all {
		if a.failed || a.skipped {
			cases = append(cases, a.tc)
		}
	}
	return cases
}
