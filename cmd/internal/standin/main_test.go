package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	stream := filepath.Join(t.TempDir(), "stream")
	for suffix, text := range map[string]string{".jsonl": "events", ".stderr": "words", ".exit": "7\n", ".rerun.jsonl": "again"} {
		if err := os.WriteFile(stream+suffix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"/bin/replay", stream}, 7, "events", "words"},
		{[]string{"replay.exe", stream, "-test.run=X", "./p"}, 0, "again", ""},
		{[]string{"replay", "none"}, 0, "", ""},
		{[]string{"noise", "1", "2"}, 0, "out 0 oo end\n", "err 0 ee end\n"},
		{[]string{"noise", "many", "2"}, 99, "", ""},
		{[]string{"stay", "no/pipe"}, 99, "", ""},
		{[]string{"other"}, 99, "", "standin: it cannot be other, but replay, stay, vars or noise\n"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(tt.args, &stdout, &stderr); code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
			t.Errorf("%q: %d, %q, %q, want %+v", tt.args, code, &stdout, &stderr, tt)
		}
	}
}
