package linkcache

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// The environment variables that configure the cache. exec-tool is started by the go command, so its settings can only
// come through the environment.
const (
	// EnvDir names the folder of the cache (an absolute path), or is "off".
	EnvDir = "COHORT_LINK_CACHE"
	// EnvSize is the size that the cache is kept under: bytes, or a number with the unit KiB, MiB or GiB.
	EnvSize = "COHORT_LINK_CACHE_SIZE"
)

// DefaultLimit is the size that the cache is kept under by default, in bytes. A test binary has 4 to 20 MB, so 2 GiB
// hold some 200 of them: more than most modules have, and little beside the 14 GB that hosted CI machines leave free and
// beside the go command's own build cache, which has no limit.
const DefaultLimit = 2 << 30

// Config says where the cache is and how large it may grow. The zero value is a cache that is off.
type Config struct {
	// Dir is the folder that holds the entries, absolute. Empty: the cache is off.
	Dir string
	// Limit is the size in bytes that the entries are kept under. It must be positive when Dir is set.
	Limit int64
}

// Off reports whether nothing is stored or looked up.
func (c Config) Off() bool { return c.Dir == "" }

// FromEnv reads the configuration from an environment in the form of os.Environ. Without EnvDir the folder is
// cohort/link in the user's cache directory; when there is no such directory the cache is off. An error names the
// variable that is wrong; the Config is then off.
func FromEnv(env []string) (Config, error) {
	c := Config{Limit: DefaultLimit}
	if s := lookup(env, EnvSize); s != "" {
		n, err := parseSize(s)
		if err != nil {
			return Config{}, fmt.Errorf("%s: %w", EnvSize, err)
		}
		c.Limit = n
	}
	switch dir := lookup(env, EnvDir); {
	case dir == "off":
		return Config{}, nil
	case dir != "" && !isAbs(dir):
		return Config{}, fmt.Errorf("%s=%s: want an absolute path, or off", EnvDir, dir)
	case dir != "":
		c.Dir = dir
	default:
		user, err := os.UserCacheDir()
		if err != nil {
			// No home directory: there is no place for a cache, which is no error for a run of tests.
			return Config{}, nil
		}
		c.Dir = within(within(user, "cohort"), "link")
	}
	return c, nil
}

// parseSize reads a positive number of bytes with an optional unit.
func parseSize(s string) (int64, error) {
	num, unit := s, int64(1)
	for _, u := range []struct {
		name  string
		bytes int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}} {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			num, unit = strings.TrimSpace(rest), u.bytes
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("size %q: want a positive number of bytes, or one with KiB, MiB or GiB", s)
	}
	return n * unit, nil
}

// lookup returns the value of name in env. The last one counts, as for a process that is started with env.
func lookup(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], name+"="); ok {
			return v
		}
	}
	return ""
}
