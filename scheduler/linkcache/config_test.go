package linkcache

import (
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
