package history

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// Off as --history or COHORT_HISTORY turns the history off.
const Off = "off"

// Location says where a history file may be. All fields may be empty.
type Location struct {
	Flag     string // --history
	Env      string // COHORT_HISTORY, which the flag overrides
	CacheDir string // os.UserCacheDir
	Module   string // module path of the main module
	Dir      string // where cohort was started, for packages outside of a module
}

// Path returns the file to Open: "" if the history is off, or if no place for it is known. The default is keyed by
// the module path alone, so that all checkouts of a module share one memory, also when a CI job restores it
// into another directory.
func (l Location) Path() string {
	chosen := l.Flag
	if chosen == "" {
		chosen = l.Env
	}
	switch {
	case chosen == Off:
		return ""
	case chosen != "":
		return chosen
	case l.CacheDir == "":
		return ""
	}
	key := l.Module
	if key == "" {
		key = l.Dir
	}
	sum := sha256.Sum256([]byte(key))
	// The readable part is for people, the hash makes it unique.
	name := plainName(path.Base(filepath.ToSlash(key))) + "-" + hex.EncodeToString(sum[:6])
	return filepath.Join(l.CacheDir, "cohort", "history", name)
}

// plainName keeps what every file system takes.
func plainName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, s)
	return s[:min(len(s), 60)]
}

// FindModule returns the module path of the module that dir is in, "" if it is in none. Callers that have asked the
// go command already know better: it also looks at go.work and GOFLAGS.
func FindModule(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			return modfile.ModulePath(text), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}
