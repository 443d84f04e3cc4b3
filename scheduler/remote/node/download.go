package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// A leader stores a binary once a machine asks for it. The machine looks again after a pause, which
// doubles, and gives up before its lease does: see the machine's limit of 10 minutes.
const (
	askLeast, askMost = 50 * time.Millisecond, time.Second
	askLimit          = 5 * time.Minute
)

// download gets a binary from the server.
func (b *Binaries) download(ctx context.Context, o Order, file string) error {
	get := func() error {
		return patiently(ctx, func() error { return b.engine.GetBlob(ctx, o.Binary, file) })
	}
	err := get()
	if errors.Is(err, remote.ErrGone) && b.asks != nil {
		err = b.ask(ctx, o.Binary, get)
	}
	if err = finish(o, file, err); err == nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got++
	}
	return err
}

// ask asks the leader for a binary, and gets it once it is there.
func (b *Binaries) ask(ctx context.Context, sum string, get func() error) error {
	b.want(sum, 1)
	defer b.want(sum, -1)
	b.asks()
	ctx, cancel := context.WithTimeoutCause(ctx, askLimit, fmt.Errorf("the leader has not made it available for %v", askLimit))
	defer cancel()
	for wait := askLeast; ; wait = min(2*wait, askMost) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
		if err := get(); !errors.Is(err, remote.ErrGone) {
			return err
		}
	}
}

// want counts who waits for a binary.
func (b *Binaries) want(sum string, more int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wanted[sum] += more; b.wanted[sum] == 0 {
		delete(b.wanted, sum)
	}
}

// Wants returns the sums of binaries that are waited for.
func (b *Binaries) Wants() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.wanted))
}
