package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// engine is what the machines of a run share, on a server of NATS.
type engine struct {
	*link
	names  names
	node   string
	terms  remote.Terms
	limits limits
	pack   *zstd.Encoder // for EncodeAll, which may be called concurrently
	unpack *zstd.Decoder // for DecodeAll, likewise

	leading sync.Mutex // held while the lock is taken or renewed: one after the other
	lockMu  sync.Mutex
	lock    lock // the lock that this engine took last

	mu     sync.Mutex
	lanes  map[string]bool // whose consumers are there
	others []string        // lanes that nothing waits in, but something is leased of, or was
	leases map[string]held // by the server's token
	given  int             // leases
	// unheard are requests for work whose answers may come late.
	unheard []unheard
}

var _ remote.Engine = (*engine)(nil)

// open returns the engine of a run for a node, over a connection that it closes in the end.
func open(l *link, run, node string, terms remote.Terms, most limits) (*engine, error) {
	n, err := namesOf(run)
	if err != nil {
		return nil, err
	}
	if err := remote.CheckID(node); err != nil {
		return nil, fmt.Errorf("node %q: %w", node, err)
	}
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, fmt.Errorf("compress output: %w", err)
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(8*remote.MaxChunk))
	if err != nil {
		return nil, fmt.Errorf("uncompress output: %w", err)
	}
	return &engine{
		link: l, names: n, node: node, terms: terms, limits: most, pack: pack, unpack: unpack,
		lanes: make(map[string]bool), leases: make(map[string]held),
	}, nil
}

// Terms implements remote.Engine.
func (e *engine) Terms() remote.Terms { return e.terms }

// Close implements remote.Engine.
func (e *engine) Close() error {
	e.shut()
	e.unpack.Close()
	return e.pack.Close()
}

// Announce implements remote.Engine.
func (e *engine) Announce(ctx context.Context, n remote.Node) error {
	if n.Name != e.node {
		return fmt.Errorf("announce node %q: this engine is of %q", n.Name, e.node)
	}
	data, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("announce node %s: %w", n.Name, err)
	}
	_, err = e.put(ctx, keyNode+e.node, writing{value: data, ttl: e.terms.NodeTTL})
	return err
}

// Leave implements remote.Engine.
func (e *engine) Leave(ctx context.Context) error {
	_, err := e.put(ctx, keyNode+e.node, writing{ttl: e.terms.NodeTTL})
	return err
}
