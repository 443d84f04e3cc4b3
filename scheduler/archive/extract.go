package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// The names of what is in the folder of an archive that has been extracted.
const (
	sourceDir   = "src"
	historyName = "history"
)

// Extracted is an archive of which the files have been extracted. The binaries are still in the
// archive: each is taken out when it runs.
type Extracted struct {
	*Manifest
	// Dir is the folder with all of it, absolute.
	Dir string
}

// Extract writes the files of the source, and the history, into the folder dir, which exists and is
// empty. It writes nothing outside of dir, whatever the archive holds. It ends early with ctx, whose
// cause is then in the error's chain.
func (a *Archive) Extract(ctx context.Context, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	err = a.extract(ctx, root)
	if err = errors.Join(err, root.Close()); err != nil {
		return fmt.Errorf("extract %s: %w", a.name, err)
	}
	return nil
}

func (a *Archive) extract(ctx context.Context, root *os.Root) error {
	if err := root.Mkdir(sourceDir, 0o700); err != nil {
		return err
	}
	text, err := a.Manifest.encode()
	if err != nil {
		return err
	}
	if err := root.WriteFile(extractedManifest, text, 0o600); err != nil {
		return err
	}
	if a.Manifest.History {
		if err := a.extractHistory(root); err != nil {
			return err
		}
	}
	source, err := root.OpenRoot(sourceDir)
	if err != nil {
		return err
	}
	return errors.Join(a.extractFiles(ctx, source), source.Close())
}

// extractHistory writes the history. Nothing says what it has to be: it only ever helps.
func (a *Archive) extractHistory(root *os.Root) error {
	out, err := root.OpenFile(historyName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	size := int64(0)
	if f, ok := a.entries[historyEntry]; ok {
		size = int64(f.UncompressedSize64)
	}
	_, err = a.copy(out, historyEntry, size)
	return errors.Join(err, out.Close())
}

// extractFiles writes the source. Links come last, so that nothing is written through one; the
// permissions and times of folders after that, as writing into them needs one and changes the other.
func (a *Archive) extractFiles(ctx context.Context, root *os.Root) error {
	for _, f := range a.Manifest.Files {
		var err error
		name := filepath.FromSlash(f.Path)
		switch {
		case f.Folder:
			err = root.Mkdir(name, 0o700)
		case f.Link == "":
			err = a.extractFile(ctx, root, name, f)
		}
		if err != nil {
			return err
		}
	}
	for _, f := range a.Manifest.Files {
		if f.Link == "" {
			continue
		}
		if err := root.Symlink(f.Link, filepath.FromSlash(f.Path)); err != nil {
			return err
		}
	}
	for _, f := range slices.Backward(a.Manifest.Files) { // the inner ones first
		if !f.Folder {
			continue
		}
		if err := settle(root, filepath.FromSlash(f.Path), f); err != nil {
			return err
		}
	}
	return nil
}

func (a *Archive) extractFile(ctx context.Context, root *os.Root, name string, f File) error {
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := a.copyFile(&stoppable{File: out, ctx: ctx}, sourceEntries+f.Path, f.Size, f.SHA256); err != nil {
		return err
	}
	return settle(root, name, f)
}

// stoppable is a file that can no longer be written to when its context has ended: one file may take
// minutes.
type stoppable struct {
	*os.File
	ctx context.Context
}

func (s *stoppable) Write(b []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, &os.PathError{Op: "write", Path: s.Name(), Err: context.Cause(s.ctx)}
	}
	return s.File.Write(b)
}

// settle gives a file or folder its permissions and time.
func settle(root *os.Root, name string, f File) error {
	if err := root.Chmod(name, f.Perm); err != nil {
		return err
	}
	return root.Chtimes(name, f.Time, f.Time)
}

// Check reports that the tests of an archive cannot run on a system.
func (m *Manifest) Check(goos, goarch string) error {
	if m.OS != goos || m.Arch != goarch {
		return fmt.Errorf("its tests are built for %s/%s, and this is %s/%s", m.OS, m.Arch, goos, goarch)
	}
	return nil
}

// WorkFolder is the folder in which the go command was started.
func (e *Extracted) WorkFolder() string { return e.path(e.WorkDir) }

// SourceFolder is the folder that paths of the source are relative to.
func (e *Extracted) SourceFolder() string { return filepath.Join(e.Dir, sourceDir) }

// HistoryFile is the history, "" if there is none.
func (e *Extracted) HistoryFile() string {
	if !e.History {
		return ""
	}
	return filepath.Join(e.Dir, historyName)
}

// path is where a path of the manifest is.
func (e *Extracted) path(name string) string {
	return filepath.Join(e.SourceFolder(), filepath.FromSlash(name))
}
