package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestQueueUsage: what cannot be done by several machines is a usage error that says why. It runs before
// the parallel tests: cohort sets a variable of a library once it knows its flags, which others read.
func TestQueueUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"--queue=: it is empty":                                  {"--queue=", "--queue-run=a"},
		"--queue-run=a: --queue (or COHORT_QUEUE) is missing":    {"--queue-run=a"},
		"--queue-run is missing: the name of the run":            {"--queue=nats://x"},
		`--queue-run=a.b: it contains '.'`:                       {"--queue=nats://x", "--queue-run=a.b"},
		"--queue cannot be used with --watch":                    {"--queue=nats://x", "--queue-run=a", "--watch"},
		"--queue cannot be used with --shard: the queue divides": {"--queue=nats://x", "--queue-run=a", "--shard=1/2"},
		"--queue cannot be used with --raw-command":              {"--queue=nats://x", "--queue-run=a", "--raw-command", "--", "x"},
		"--queue cannot be used with -fuzz":                      {"--queue=nats://x", "--queue-run=a", "--", "-fuzz=X", "."},
		"--queue-env=PATH: each machine has its own":             {"--queue=nats://x", "--queue-run=a", "--queue-env=A PATH"},
		"--queue-wait=0s: must be longer than 0":                 {"--queue=nats://x", "--queue-run=a", "--queue-wait=0"},
		"--queue-role=boss":                                      {"--queue=nats://x", "--queue-run=a", "--queue-role=boss"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(args, nil, &stdout, &stderr, cleanEnv()); code != exitError || !strings.Contains(stderr.String(), want) {
			t.Errorf("%q: exit code %d, %s; want %s", args, code, stderr.Bytes(), want)
		}
	}
}

// TestTestEnviron: tests on another machine have the environment that its own go command would give
// them.
func TestTestEnviron(t *testing.T) {
	t.Parallel()
	bin := filepath.Join("/go", "bin")
	list := string(filepath.ListSeparator)
	for _, tc := range [][2]string{
		{"A=1 PATH=/bin", "A=1 PATH=" + bin + list + "/bin GOROOT=/go"},
		{"PATH=" + bin + list + "/bin GOROOT=/old", "PATH=" + bin + list + "/bin GOROOT=/go"},
	} {
		if got := strings.Join(testEnviron(strings.Fields(tc[0]), "/go"), " "); got != tc[1] {
			t.Errorf("%s: %s, want %s", tc[0], got, tc[1])
		}
	}
}
