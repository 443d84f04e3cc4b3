package node

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
)

// listReaders is how much work is read at a time: each takes as long as a message and its answer.
const listReaders = 16

// listed is what is in the queue, and what of that it is that is not known. After an error some of it is
// missing.
func listed(ctx context.Context, e remote.Engine, known map[remote.Key]bool) (keys []remote.Key, unknown []machine.Queued, err error) {
	keys, err = e.Queued(ctx)
	if err != nil {
		return nil, nil, err
	}
	var mu sync.Mutex // guards unknown and err
	var readers sync.WaitGroup
	next := make(chan remote.Key)
	for range listReaders {
		readers.Go(func() { // ends with next
			for k := range next {
				q, got := queued(ctx, e, k)
				mu.Lock()
				switch {
				case got == nil:
					unknown = append(unknown, q)
				case !errors.Is(got, remote.ErrGone): // else it was taken out since
					err = errors.Join(err, got)
				}
				mu.Unlock()
			}
		})
	}
	for _, k := range keys {
		if !known[k] {
			next <- k
		}
	}
	close(next)
	readers.Wait()
	return keys, unknown, err
}

// queued is work in the queue. What cannot be read may be about anything.
func queued(ctx context.Context, e remote.Engine, k remote.Key) (machine.Queued, error) {
	w, err := e.GetWork(ctx, k.Batch, k.Attempt)
	q := machine.Queued{Key: k, Fence: w.Fence}
	if err != nil {
		return q, err
	}
	var o Order
	if json.Unmarshal(w.Payload, &o) != nil {
		o.Claim = remote.Claim{Serial: true}
	}
	q.Claim = o.Claim
	return q, nil
}
