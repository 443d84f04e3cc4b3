package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// UserCoverDir is the folder that -args -test.gocoverdir names, "" for none: it gets the raw
// coverage data of all processes. The go command's own folder, which it names in GOCOVERDIR too,
// is gone with the go command. A relative name is below the package's folder.
func (b *Binary) UserCoverDir() string {
	dir := b.Args.CoverDir
	if dir == "" || dir == b.goCoverDir() {
		return ""
	}
	return b.abs(dir)
}

// UserProfile is the file that -args -test.coverprofile, or the go command, names; "" for none.
func (b *Binary) UserProfile() string {
	if b.Args.CoverProfile == "" {
		return ""
	}
	return b.abs(b.Args.CoverProfile)
}

func (b *Binary) abs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(b.Dir, name)
}

// goCoverDir is the go command's folder, "" if it built the binary without coverage.
func (b *Binary) goCoverDir() string {
	dir := ""
	for _, kv := range b.Env {
		if value, ok := strings.CutPrefix(kv, "GOCOVERDIR="); ok {
			dir = value
		}
	}
	return dir
}

// ownCoverDir reports whether the process has a folder of its own for raw coverage data.
func (j *Job) ownCoverDir() bool {
	return j.Files.CoverDir != "" && j.Files.CoverDir != j.Binary.Args.CoverDir
}

// childCoverDir is where programs that the tests start put their raw coverage data: with the
// process's own, unless the user's folder gets that. The data of such programs is no part of it
// under go test.
func (j *Job) childCoverDir() string {
	if j.Binary.UserCoverDir() == "" {
		return j.Files.CoverDir
	}
	return filepath.Join(j.Files.CoverDir, "children")
}

// makeCoverDir makes a process's own folder for raw coverage data: the processes of a package
// would read each other's. What the go command has put into its folder, a list of meta-data files
// under -coverpkg, is copied, unless another process has it: to read all of them takes a process longer
// than many tests do. What a folder holds that the user has named is of other processes.
func (j *Job) makeCoverDir() error {
	dir := j.Files.CoverDir
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if j.Binary.UserCoverDir() != "" {
		return os.Mkdir(j.childCoverDir(), 0o700)
	}
	from := j.Binary.Args.CoverDir
	if !j.Kind.Early() || from == "" || j.Files.Linked {
		return nil // the go command's is gone, or nobody needs what is in it
	}
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		return fmt.Errorf("copy coverage data from %s: %w", from, err)
	}
	return nil
}

// CoverList reports whether the go command tells the binary of packages that it does not link, of which
// its profile is to say that nothing of them is covered. It asks the disk.
func (b *Binary) CoverList() bool {
	dir := b.goCoverDir()
	if dir == "" || dir != b.Args.CoverDir {
		return false
	}
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}

// profiled reports whether the process has written its profile.
func (j *Job) profiled() bool {
	if j.Files.Profile == "" {
		return false
	}
	_, err := os.Stat(j.Files.Profile)
	return err == nil
}
