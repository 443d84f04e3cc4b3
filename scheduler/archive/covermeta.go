package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// metaFiles is the file with which the go command tells test binaries, under -coverpkg, of packages
// that they do not link: WriteCoverMetaFilesFile in cmd/go/internal/work/cover.go.
const metaFiles = "metafiles.txt"

// metaCollection is what is in it: a path for each package.
type metaCollection struct{ ImportPaths, MetaFileFragments []string }

// CoverMeta is what coverage needs to know of a package that a test binary does not link.
type CoverMeta struct {
	ImportPath string
	Size       int64
	SHA256     string
}

// metaEntry is the name of an entry.
func metaEntry(number int) string { return fmt.Sprintf("cover/%d", number) }

// addMeta packs what the folder for coverage data of a binary tells of other packages. It is the same
// for all binaries.
func (p *packing) addMeta(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, metaFiles))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var all metaCollection
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	switch {
	case err != nil:
		return err
	case len(all.ImportPaths) != len(all.MetaFileFragments):
		return fmt.Errorf("%s has another form than this cohort knows", metaFiles)
	case p.meta != "" && p.meta != string(text):
		return errors.New("the go command says different things of -coverpkg to its test binaries")
	case p.meta != "":
		return nil
	}
	p.meta = string(text)
	for i, path := range all.ImportPaths {
		m := CoverMeta{ImportPath: path}
		if m.Size, m.SHA256, err = p.w.addFile(metaEntry(i), all.MetaFileFragments[i]); err != nil {
			return err
		}
		p.manifest.CoverMeta = append(p.manifest.CoverMeta, m)
	}
	return nil
}

// extractMeta writes what there is into the folder dir, and returns the text of the file that names
// it, "" for nothing.
func (a *Archive) extractMeta(dir string) (string, error) {
	var all metaCollection
	for i, m := range a.Manifest.CoverMeta {
		name := filepath.Join(dir, fmt.Sprint("meta", i))
		out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return "", err
		}
		if err := a.copyFile(out, metaEntry(i), m.Size, m.SHA256); err != nil {
			return "", err
		}
		all.ImportPaths, all.MetaFileFragments = append(all.ImportPaths, m.ImportPath), append(all.MetaFileFragments, name)
	}
	if len(all.ImportPaths) == 0 {
		return "", nil
	}
	text, err := json.Marshal(all)
	return string(text) + "\n", err
}

// makeCoverDir makes the folder for the coverage data of a binary.
func (t *goTest) makeCoverDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if t.meta == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, metaFiles), []byte(t.meta), 0o600)
}
