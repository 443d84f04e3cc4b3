//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package scratch

import (
	"errors"
	"io/fs"
	"os"
)

// tryLock says that there are no locks here.
func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }

// isMine reports that nothing is known to be this user's.
func isMine(fs.FileInfo) bool { return false }
