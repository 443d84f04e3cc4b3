package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
	"github.com/rogpeppe/go-internal/robustio"
)

// History is the memory of one module. Its methods may be called concurrently.
type History struct {
	path   string // "" is off: nothing is read or written
	module string
	// refuse is why Save must leave the file alone, or nil.
	refuse error

	mu        sync.Mutex
	state     *state // as last read or saved; never changed, only replaced
	recorders []*Recorder
}

// Open reads the history of module (its module path; "" if there is none) from path. The path "" means off: the
// History works, starts empty, and Save does nothing. A missing file is an empty history.
//
// Open always returns a usable History. The error is a warning for the user, at most one: the file could not be
// read, is damaged, is not cohort's, or was written by a newer cohort. Damaged files are replaced by Save, the
// last two kinds are left alone: then nothing is saved, and the warning says so.
func Open(path, module string) (h *History, warning error) {
	h = &History{path: path, module: module, state: &state{module: module, next: 1}}
	if path == "" {
		return h, nil
	}
	st, err := readFile(path)
	switch {
	case err == nil:
		h.state = st
		return h, nil
	case errors.Is(err, fs.ErrNotExist):
		return h, nil
	case errors.Is(err, errNewer), errors.Is(err, errForeign):
		h.refuse = err
		return h, fmt.Errorf("history %s: %w: it is left as it is, and nothing is remembered of this run", path, err)
	}
	return h, fmt.Errorf("history %s: %w: starting afresh", path, err)
}

// maxFileSize is far above what maxTests tests need, and keeps a mistaken --history from filling the memory.
const maxFileSize = 1 << 28

// readFile reads one history file.
func readFile(path string) (*state, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, bare(err)
	}
	// Opening a named pipe would block, and a device may have no end.
	if !info.Mode().IsRegular() || info.Size() > maxFileSize {
		return nil, errForeign
	}
	text, err := robustio.ReadFile(path) // another cohort may be replacing it, which Windows minds
	if err != nil {
		return nil, bare(err)
	}
	return decode(string(text))
}

// bare removes the path from an error of package os, for messages that begin with it.
func bare(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return fmt.Errorf("%s: %w", pathErr.Op, pathErr.Err)
	}
	return err
}

// Saves reports whether Save remembers what is recorded: the history is not off, and its file is ours.
func (h *History) Saves() bool { return h.path != "" && h.refuse == nil }

// Snapshot returns what is known, for runs of that variant. A variant is any short text that names a way of
// running that changes durations ("race", "cover,short"); "" is a plain run. The snapshot never changes.
func (h *History) Snapshot(variant string) *Snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	return &Snapshot{state: h.state, variant: variant}
}

// Knows reports whether the history holds a run of that ID.
func (h *History) Knows(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state != nil && slices.ContainsFunc(h.state.runs, func(r runInfo) bool { return r.id == id })
}

// Save merges everything recorded since the last successful Save into the file and replaces it. It does nothing
// if nothing was recorded, or if the history is off or must leave its file alone.
//
// An error means that this run is not remembered; it is a warning, and calling Save again is allowed. Another
// cohort that saves is waited for, as long as ctx allows. now is the time that ages are measured from.
func (h *History) Save(ctx context.Context, now time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.path == "" || h.refuse != nil {
		return nil
	}
	pending := h.pending()
	if len(pending) == 0 {
		return nil
	}
	st, err := update(ctx, h.path, func(st *state) {
		st.module = h.module
		for _, p := range pending {
			st.apply(p)
		}
		st.expire(now)
	})
	if err != nil {
		for _, p := range pending {
			p.recorder.giveBack(p)
		}
		return fmt.Errorf("save history %s: %w", h.path, err)
	}
	h.state = st
	return nil
}

// pending takes what the recorders hold.
func (h *History) pending() []*delta {
	var all []*delta
	for _, r := range h.recorders {
		if d := r.take(); d != nil {
			all = append(all, d)
		}
	}
	return all
}

// update changes the file under its lock. A file that cannot be made sense of counts as empty, except one that is
// not ours.
func update(ctx context.Context, path string, change func(*state)) (*state, error) {
	path, err := target(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	unlock, err := lock(ctx, path+".lock")
	if err != nil {
		return nil, err
	}
	defer unlock()
	st, err := readFile(path)
	if errors.Is(err, errNewer) || errors.Is(err, errForeign) {
		return nil, err
	}
	if err != nil {
		st = &state{next: 1}
	}
	change(st)
	return st, replace(path, st.encode())
}

// target follows symbolic links, so that replacing the file does not replace the link.
func target(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	return real, err
}

// lock takes the lock file at path, or gives up when ctx is done. The file stays: removing it would let two
// processes lock different files of one name. The operating system releases the lock of a process that dies.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	return await(ctx, path, lockedfile.MutexAt(path).Lock)
}

// await calls take, which makes the file at path and may block, but returns when ctx is done. It does not begin
// when ctx is done already: the caller may be about to remove the folder.
func await(ctx context.Context, path string, take func() (unlock func(), err error)) (unlock func(), err error) {
	gaveUp := func() error { return fmt.Errorf("wait for %s: %w", path, context.Cause(ctx)) }
	if ctx.Err() != nil {
		return nil, gaveUp()
	}
	type result struct {
		unlock func()
		err    error
	}
	got := make(chan result)
	// The goroutine ends when the lock is granted or refused. If nobody waits by then it undoes what it got:
	// the lock has no way to be given up on.
	go func() {
		unlock, err := take()
		select {
		case got <- result{unlock, err}:
		case <-ctx.Done():
			if err == nil {
				unlock()
			}
		}
	}()
	select {
	case r := <-got:
		return r.unlock, r.err
	case <-ctx.Done():
		return nil, gaveUp()
	}
}

// replace writes the file under another name and renames it, so that a reader or a kill sees the old file or the
// new one. The name is the same each time: the lock is held, and what a killed cohort left is overwritten. There
// is no fsync: it costs more than the history is worth, and after a power failure the checksum tells.
func replace(path string, data []byte) error {
	temp := path + ".tmp"
	if err := os.WriteFile(temp, data, 0o666); err != nil {
		// Best effort: the write failed, and the next save overwrites what remains.
		_ = os.Remove(temp)
		return err
	}
	return robustio.Rename(temp, path) // another cohort may be reading it
}
