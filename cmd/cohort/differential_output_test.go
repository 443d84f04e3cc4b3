package main_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// testContiguous checks that what one test prints stays together on the
// terminal, although other tests print at the same time in other processes.
func (d *differ) testContiguous(t *testing.T) {
	top := regexp.MustCompile(`TestNumber\d\d`)
	for _, v := range d.variants([]variant{{workers: 4, shuffle: "1"}, {workers: 4, shuffle: "off"}, {workers: 2, shuffle: "2"}}) {
		got := d.test(t, d.awkward, nil, v, "-count=1", "./ok/many")
		var order []string
		for line := range bytes.Lines(got.stdout) {
			if name := string(top.Find(line)); name != "" && (len(order) == 0 || order[len(order)-1] != name) {
				order = append(order, name)
			}
		}
		slices.Sort(order)
		if n := len(slices.Compact(slices.Clone(order))); n != 24 || len(order) != n {
			t.Errorf("%s: %d tests in %d pieces, want 24 in 24", got.command, n, len(order))
		}
	}
}

// testStreaming checks that output of a long test is shown while the test
// runs: the test waits until this reader of its output lets it go on.
func (d *differ) testStreaming(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	args := slices.Concat([]string{"--format=standard-verbose"}, d.flags(variant{workers: 2, shuffle: "1"}),
		[]string{"--", "-count=1", "-timeout=60s", "./stream"})
	cmd := exec.CommandContext(t.Context(), d.subject, args...)
	cmd.Dir, cmd.Env = d.awkward, slices.Concat(d.env, []string{"AWKWARD_GATE=" + gate})
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := openGate(t, bufio.NewReader(stdout), gate)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %v: the gate was not opened, so nothing was shown before the test timed out\n%s", cmd.Args, err, seen)
	}
	if !strings.Contains(seen, "long test passed the gate") {
		t.Errorf("%v: the end of the long test is missing:\n%s", cmd.Args, seen)
	}
}

// openGate reads everything, and opens the gate when the long test is heard.
func openGate(t *testing.T, from *bufio.Reader, gate string) string {
	t.Helper()
	var seen strings.Builder
	for {
		line, err := from.ReadString('\n')
		seen.WriteString(line)
		if strings.Contains(line, "long test waits at the gate") {
			if err := os.WriteFile(gate, nil, 0o644); err != nil {
				t.Error(err)
			}
		}
		if err == io.EOF {
			return seen.String()
		}
		if err != nil {
			t.Error(err)
			return seen.String()
		}
	}
}
