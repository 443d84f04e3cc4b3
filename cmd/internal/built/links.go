package built

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// KeptLinks returns the environment of a link cache that stays for the next run of the tests, in the user's folder of
// caches, or only for this run where there is none. root is the directory of cohort's module. Other sources of the link
// cache have another folder: what a broken one has kept is never found again. It fails t if it cannot read them.
func KeptLinks(t testing.TB, root string) []string {
	t.Helper()
	folder := Folder(t, "links")
	if user, err := os.UserCacheDir(); err == nil {
		sum, err := sourceSum(filepath.Join(root, "scheduler", "linkcache"), filepath.Join(root, "scheduler", "gotest", "reentry"))
		if err != nil {
			t.Fatal(err)
		}
		folder = filepath.Join(user, "cohort-tests", "links-"+sum)
		if err := forget(folder, time.Now().AddDate(0, 0, -7)); err != nil {
			t.Log("remove link caches of other sources:", err) // they only take space
		}
	}
	return []string{"COHORT_LINK_CACHE=" + folder, "COHORT_LINK_CACHE_SIZE=3GiB"}
}

// forget removes the folders beside keep to which nothing was added since a time.
func forget(keep string, since time.Time) error {
	folders, err := filepath.Glob(filepath.Join(filepath.Dir(keep), "links-*"))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		info, err := os.Stat(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue // other tests were faster
		}
		if err != nil {
			return err
		}
		if folder != keep && info.ModTime().Before(since) {
			if err := os.RemoveAll(folder); err != nil {
				return err
			}
		}
	}
	return nil
}

// sourceSum returns a sum of the Go files in folders: their names and their text.
func sourceSum(folders ...string) (string, error) {
	h := sha256.New()
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			sum := sha256.Sum256(text)
			h.Write([]byte(filepath.Base(file)))
			h.Write(sum[:])
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}
