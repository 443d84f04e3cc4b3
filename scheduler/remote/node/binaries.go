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

// Builder builds the test binary of a package into a file that is not there. Dir is the package's
// folder, from the module's root, with slashes. It may be called concurrently.
type Builder func(ctx context.Context, dir, file string) error

// Building says how a machine builds test binaries itself. One that is not, byte for byte, what the
// leader has is not used.
type Building struct {
	Build Builder
	// First reports that it is done before anything is downloaded; otherwise if that fails.
	First bool
	// Other is told of the first binary that could not be built, or is another than the leader's: the folder
	// of its package, and why. It must not block. Nil is for nobody.
	Other func(dir string, why error)
}

// maxBuilds is how many binaries are built at a time: the go command keeps the cores busy with one.
const maxBuilds = 2

// maxOthers is how many binaries may not be what the leader has before no more is built, if none was the
// same: something in what builds them differs.
const maxOthers = 3

// Binaries gets test binaries, each once. It may be used concurrently.
type Binaries struct {
	engine   remote.Engine
	dir      string
	building Building
	local    func(sum string) string // see Local
	turns    chan struct{}           // of builds
	asks     func()                  // tells the leader of what is wanted; nil: nobody is asked

	mu     sync.Mutex // guards what follows
	have   map[string]*fetched
	used   []string       // sums, the last used first
	same   int            // binaries that were built
	others int            // that could not be built the same
	got    int            // that were downloaded
	wanted map[string]int // sums that are waited for, and by how many
}

// fetched is one that is there or is being got.
type fetched struct {
	turn chan struct{} // has room for the one who gets it
	file string        // "" until it is there; for whoever has the turn
}

// NewBinaries returns binaries that are downloaded, and kept in a folder, which exists and is the agent's
// own.
func NewBinaries(e remote.Engine, dir string) *Binaries {
	return &Binaries{engine: e, dir: dir, turns: make(chan struct{}, maxBuilds), have: make(map[string]*fetched), wanted: make(map[string]int)}
}

// Build has binaries built too. It is called before anything else.
func (b *Binaries) Build(how Building) { b.building = how }

// Local says where a binary is on this machine, because it is the leader's; "" for nowhere. It is called
// before anything else.
func (b *Binaries) Local(file func(sum string) string) { b.local = file }

// copyLocal copies a binary that is on this machine.
func (b *Binaries) copyLocal(_ context.Context, o Order, file string) error {
	from := ""
	if b.local != nil {
		from = b.local(o.Binary)
	}
	if from == "" {
		return errNotLocal
	}
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(file, text, 0o700)
	}
	return finish(o, file, err) // it may be gone with its package
}

// Counts returns how many binaries were built here and how many were downloaded.
func (b *Binaries) Counts() (built, downloaded int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.same, b.got
}

// Binary returns a file with the binary of an order, which has the name that the order says. One that
// did not arrive is got again by the next call.
func (b *Binaries) Binary(ctx context.Context, o Order) (string, error) {
	b.mu.Lock()
	key := o.Binary + o.Name
	one := b.have[key]
	if one == nil {
		one = &fetched{turn: make(chan struct{}, 1)}
		b.have[key] = one
	}
	b.mu.Unlock()
	select {
	case one.turn <- struct{}{}:
	case <-ctx.Done():
		return "", fmt.Errorf("get test binary %s: %w", o.Name, context.Cause(ctx))
	}
	defer func() { <-one.turn }()
	if one.file == "" {
		file := filepath.Join(b.dir, o.Binary, o.Name)
		if err := b.get(ctx, o, file); err != nil {
			return "", fmt.Errorf("get test binary %s: %w", o.Name, err)
		}
		one.file = file
	}
	b.use(o.Binary)
	return one.file, nil
}

// get builds or downloads a binary.
func (b *Binaries) get(ctx context.Context, o Order, file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	steps := []func(context.Context, Order, string) error{b.copyLocal, b.download, b.build}
	if b.building.First {
		slices.Reverse(steps[1:])
	}
	var errs []error
	for _, step := range steps {
		err := step(ctx, o, file)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errNotLocal) && !errors.Is(err, errNoBuild) {
			errs = append(errs, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// errNotLocal is of binaries of another machine.
var errNotLocal = errors.New("it is of another machine")

// errNoBuild is of binaries that are not to be built, or not any more.
var errNoBuild = errors.New("it is not built here")

// build builds a binary when it is its turn.
func (b *Binaries) build(ctx context.Context, o Order, file string) error {
	if !b.builds() {
		return errNoBuild
	}
	select {
	case b.turns <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-b.turns }()
	err := finish(o, file, b.building.Build(ctx, o.Dir, file))
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.same++
	case ctx.Err() == nil:
		if b.others++; b.others == 1 && b.building.Other != nil {
			b.building.Other(o.Dir, err)
		}
	}
	if err != nil {
		return fmt.Errorf("build it: %w", err)
	}
	return nil
}

// builds reports whether binaries are built at all.
func (b *Binaries) builds() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.building.Build != nil && (b.same > 0 || b.others < maxOthers)
}

// buildsFirst reports whether what can be built is not downloaded.
func (b *Binaries) buildsFirst() bool { return b.building.First && b.builds() }

// finish checks that a file is the one that an order wants, unless it was not made. After an error there
// is none.
func finish(o Order, file string, err error) error {
	if err == nil {
		err = checkSum(file, o.Binary)
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

var errWrongFile = errors.New("it has another SHA-256 than the leader's")

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
