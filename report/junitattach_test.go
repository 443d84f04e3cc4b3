package report

import (
	"testing"

	"gotest.tools/gotestsum/testjson"
)

func TestAttachments(t *testing.T) {
	t.Parallel()
	files := map[int][]string{0: {"a/shot 1.png", "bad]].png", "a|b", "two\nlines"}, 1: {"b"}, 2: {"a/shot 1.png"}}
	j := JUnit{Attached: func(tc testjson.TestCase) []string { return files[tc.RunID] }}
	attempts := []testjson.TestCase{{RunID: 0}, {RunID: 1}, {RunID: 2}}
	if got, want := j.attachments(attempts...), "[[ATTACHMENT|a/shot 1.png]]\n[[ATTACHMENT|b]]\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (JUnit{}).attachments(attempts...); got != "" {
		t.Errorf("nobody keeps files: %q", got)
	}
}
