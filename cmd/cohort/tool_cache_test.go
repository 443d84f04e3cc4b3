package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/linkcache"
)

func TestCacheTool(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	foreign := filepath.Join(dir, "README")
	for name, text := range map[string]string{
		// Files with the names of entries are the cache's own, whatever they hold.
		filepath.Join(dir, fmt.Sprintf("%064x", 1)): strings.Repeat("x", 100_000),
		filepath.Join(dir, fmt.Sprintf("%064x", 2)): strings.Repeat("x", 200_000),
		foreign: "not ours",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check := func(env string, wantCode int, wantOut, wantErr string, args ...string) {
		t.Helper()
		var stdout, stderr strings.Builder
		env = linkcache.EnvDir + "=" + env
		code := run(append([]string{"tool", "cache"}, args...), nil, &stdout, &stderr, []string{env, linkcache.EnvSize + "=1MiB"})
		if code != wantCode || !strings.Contains(stdout.String(), wantOut) ||
			!strings.Contains(stderr.String(), wantErr) || (wantErr == "") != (stderr.String() == "") {
			t.Errorf("%s: exit %d, stdout %q, stderr %q; want %d, %q, %q", args, code, &stdout, &stderr, wantCode, wantOut, wantErr)
		}
	}
	check(dir, 0, "folder:   "+dir+"\nentries:  2\nsize:     0.3 MiB of 1.0 MiB\nlast use: ", "", "info")
	check(dir, 0, "removed 2 entries (0.3 MiB) from "+dir, "", "clean")
	check(dir, 0, "entries:  0\nsize:     0.0 MiB of 1.0 MiB\n", "", "info")
	check(dir, 0, "removed 0 entries", "", "clean")
	if text, err := os.ReadFile(foreign); err != nil || string(text) != "not ours" {
		t.Errorf("clean must remove what is the cache's, and only that: %q, %v", text, err)
	}
	check(filepath.Join(dir, "absent"), 0, "entries:  0\n", "", "info")
	check(foreign, exitFailed, "", "cohort tool cache: read the link cache: ", "info")
	check("off", 0, "link cache: off\n", "", "clean")
	check("here", exitError, "", linkcache.EnvDir+"=here", "info")
	check(dir, exitError, "", "cohort tool cache does one of two things: info, clean", "purge")
	check(dir, exitError, "", "cohort tool cache does one of two things: info, clean", "info", "clean")
	check(dir, 0, "Usage: cohort tool cache info|clean", "", "--help")
}
