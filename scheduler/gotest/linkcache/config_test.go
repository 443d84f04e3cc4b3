package linkcache

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestFromEnv(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tests := []struct {
		env  []string
		want Config
		err  string
	}{
		{env: []string{EnvDir + "=" + dir}, want: Config{Dir: dir, Limit: DefaultLimit}},
		{env: []string{EnvDir + "=other", EnvDir + "=" + dir}, want: Config{Dir: dir, Limit: DefaultLimit}},
		{env: []string{EnvDir + "=off"}},
		{env: []string{EnvDir + "=off", EnvSize + "=5"}},
		{env: []string{EnvDir + "=cache"}, err: EnvDir + "=cache"},
		{env: []string{EnvDir + "=" + dir, EnvSize + "=4096"}, want: Config{Dir: dir, Limit: 4096}},
		{env: []string{EnvDir + "=" + dir, EnvSize + "=3KiB"}, want: Config{Dir: dir, Limit: 3 << 10}},
		{env: []string{EnvDir + "=" + dir, EnvSize + "=500 MiB"}, want: Config{Dir: dir, Limit: 500 << 20}},
		{env: []string{EnvDir + "=" + dir, EnvSize + "=4GiB"}, want: Config{Dir: dir, Limit: 4 << 30}},
		{env: []string{EnvDir + "=" + dir, EnvSize + "=0"}, err: EnvSize},
		{env: []string{EnvDir + "=" + dir, EnvSize + "=-1"}, err: EnvSize},
		{env: []string{EnvDir + "=" + dir, EnvSize + "=4GB"}, err: EnvSize},
		{env: []string{EnvDir + "=" + dir, EnvSize + "=9000000000GiB"}, err: EnvSize},
		{env: []string{EnvDir + "=" + dir, EnvSize + "=GiB"}, err: EnvSize},
	}
	for _, tt := range tests {
		got, err := FromEnv(tt.env)
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("FromEnv(%q): error %v, want %q", tt.env, err, tt.err)
		}
		if got != tt.want {
			t.Errorf("FromEnv(%q) = %+v, want %+v", tt.env, got, tt.want)
		}
	}
}

func TestRunTool(t *testing.T) {
	t.Parallel()
	s := testStore(t, 1<<20)
	mustPut(t, s, "a", random(1, 100_000))
	mustPut(t, s, "b", random(2, 200_000))
	foreign := filepath.Join(s.Dir, "README")
	write(t, foreign, "not ours")
	run := func(env, arg string, args ...string) (int, string, string) {
		return runCommand(t, command(t.TempDir(), []string{EnvDir + "=" + env, EnvSize + "=1MiB"}, append([]string{self(t), "tool", "cache", arg}, args...)...))
	}
	check := func(env, arg string, wantCode int, wantOut, wantErr string, args ...string) {
		t.Helper()
		code, stdout, stderr := run(env, arg, args...)
		if code != wantCode || !strings.Contains(stdout, wantOut) || !strings.Contains(stderr, wantErr) || (wantErr == "") != (stderr == "") {
			t.Errorf("%s: exit %d, stdout %q, stderr %q; want %d, %q, %q", arg, code, stdout, stderr, wantCode, wantOut, wantErr)
		}
	}
	check(s.Dir, "info", 0, "folder:   "+s.Dir+"\nentries:  2\nsize:     0.3 MiB of 1.0 MiB\nlast use: ", "")
	check(s.Dir, "clean", 0, "removed 2 entries (0.3 MiB) from "+s.Dir, "")
	check(s.Dir, "info", 0, "entries:  0\nsize:     0.0 MiB of 1.0 MiB\n", "")
	check(s.Dir, "clean", 0, "removed 0 entries", "")
	if read(t, foreign) != "not ours" || exists(t, filepath.Join(s.Dir, usageName)) {
		t.Error("clean must remove what is the cache's, and only that")
	}
	check(filepath.Join(s.Dir, "absent"), "info", 0, "entries:  0\n", "")
	check(foreign, "info", 1, "", "cohort tool cache: read the link cache: ")
	check("off", "clean", 0, "link cache: off\n", "")
	check("here", "info", usageError, "", EnvDir+"=here")
	check(s.Dir, "purge", usageError, "", `got ["purge"]`)
	check(s.Dir, "info", usageError, "", `got ["info" "clean"]`, "clean")
	check(s.Dir, "--help", 0, "Usage: cohort tool cache info|clean", "")
}
