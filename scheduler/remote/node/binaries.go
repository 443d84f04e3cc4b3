package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// Binaries gets test binaries from the engine, each once. It may be used concurrently.
type Binaries struct {
	engine remote.Engine
	dir    string

	mu   sync.Mutex // guards what follows
	have map[string]*fetched
	used []string // sums, the last used first
}

// fetched is one that is there or is being got.
type fetched struct {
	mu   sync.Mutex // held while it is got
	file string     // "" until it is there
}

// NewBinaries returns binaries that are kept in a folder, which exists and is the agent's own.
func NewBinaries(e remote.Engine, dir string) *Binaries {
	return &Binaries{engine: e, dir: dir, have: make(map[string]*fetched)}
}

// Binary returns a file called name with the content of that sum. One that did not arrive is got
// again by the next call.
func (b *Binaries) Binary(ctx context.Context, sum, name string) (string, error) {
	b.mu.Lock()
	one := b.have[sum+name]
	if one == nil {
		one = new(fetched)
		b.have[sum+name] = one
	}
	b.mu.Unlock()
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.file == "" {
		file := filepath.Join(b.dir, sum, name)
		if err := b.get(ctx, sum, file); err != nil {
			return "", fmt.Errorf("get test binary %s: %w", name, err)
		}
		one.file = file
	}
	b.use(sum)
	return one.file, nil
}

func (b *Binaries) get(ctx context.Context, sum, file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	err := patiently(ctx, func() error { return b.engine.GetBlob(ctx, sum, file) })
	if err == nil {
		err = checkSum(file, sum)
	}
	if err == nil {
		err = os.Chmod(file, 0o700)
	}
	if err != nil {
		if rmErr := os.Remove(file); !errors.Is(rmErr, os.ErrNotExist) {
			err = errors.Join(err, rmErr)
		}
	}
	return err
}

func checkSum(file, sum string) error {
	got, err := remote.FileSum(file)
	if err == nil && got != sum {
		err = fmt.Errorf("%w: %s, not %s", errWrongFile, got, sum)
	}
	return err
}

var errWrongFile = errors.New("what has arrived has another SHA-256")

// maxTold is of how many binaries a node says that it has them.
const maxTold = 64

func (b *Binaries) use(sum string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used = slices.Insert(slices.DeleteFunc(b.used, func(s string) bool { return s == sum }), 0, sum)
}

// Has returns the sums of binaries that are there, the last used first.
func (b *Binaries) Has() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.used[:min(len(b.used), maxTold)])
}
