package remote

import (
	"context"
	"encoding/json"
	"time"
)

// The methods of an engine, as calls.

func (c *client) Terms() Terms { return c.terms }

func (c *client) Run(ctx context.Context) (r Run, err error) {
	_, err = c.do(ctx, "run", nil, nil, &r, nil)
	return r, err
}

func (c *client) Lead(ctx context.Context, facts Facts) (r Run, err error) {
	_, err = c.do(ctx, "lead", facts, nil, &r, nil)
	return r, err
}

func (c *client) Renew(ctx context.Context, f Fence) (next Fence, err error) {
	_, err = c.do(ctx, "renew", callFence{Fence: f}, nil, &next, nil)
	return next, err
}

func (c *client) Release(ctx context.Context, f Fence) error {
	return c.act(ctx, "release", callFence{Fence: f})
}

func (c *client) SetState(ctx context.Context, f Fence, s State) error {
	return c.act(ctx, "state", callFence{Fence: f, State: s})
}

func (c *client) Stop(ctx context.Context, f Fence, s Stop) error {
	return c.act(ctx, "stop", callFence{Fence: f, Stop: s})
}

// act makes a call whose answer is nothing but an error.
func (c *client) act(ctx context.Context, method string, args any) error {
	_, err := c.do(ctx, method, args, nil, nil, nil)
	return err
}

func (c *client) Publish(ctx context.Context, lane string, w Work) error {
	_, err := c.do(ctx, "publish", callWork{Lane: lane, Work: w}, w.Payload, nil, nil)
	return err
}

func (c *client) Holds(ctx context.Context, batch string, attempt int) (held bool, err error) {
	_, err = c.do(ctx, "holds", callWork{Batch: batch, Attempt: attempt}, nil, &held, nil)
	return held, err
}

func (c *client) Queued(ctx context.Context) (all []Key, err error) {
	_, err = c.do(ctx, "queued", nil, nil, &all, nil)
	return all, err
}

func (c *client) GetWork(ctx context.Context, batch string, attempt int) (w Work, err error) {
	w.Payload, err = c.do(ctx, "get-work", callWork{Batch: batch, Attempt: attempt}, nil, &w, nil)
	return w, err
}

func (c *client) Lanes(ctx context.Context) (all []Lane, err error) {
	_, err = c.do(ctx, "lanes", nil, nil, &all, nil)
	return all, err
}

func (c *client) Repair(ctx context.Context, lane string) error {
	return c.act(ctx, "repair", callWork{Lane: lane})
}

func (c *client) Fetch(ctx context.Context, lanes []string, wait time.Duration) (l Lease, err error) {
	l.Work.Payload, err = c.do(ctx, "fetch", callFetch{lanes, wait}, nil, &l, nil)
	return l, err
}

func (c *client) Extend(ctx context.Context, token string) error {
	return c.act(ctx, "extend", callLease{Token: token})
}

func (c *client) Done(ctx context.Context, token string) error {
	return c.act(ctx, "done", callLease{Token: token})
}

func (c *client) Return(ctx context.Context, token string, delay time.Duration) error {
	return c.act(ctx, "return", callLease{token, delay})
}

func (c *client) PutResult(ctx context.Context, r Result) (stands Result, err error) {
	stands.Payload, err = c.do(ctx, "put-result", r, r.Payload, &stands, nil)
	return stands, err
}

func (c *client) GetResult(ctx context.Context, batch string, attempt int) (r Result, err error) {
	r.Payload, err = c.do(ctx, "get-result", callWork{Batch: batch, Attempt: attempt}, nil, &r, nil)
	return r, err
}

func (c *client) PutOutput(ctx context.Context, d Delivery, number int, chunk []byte) error {
	_, err := c.do(ctx, "put-output", callOutput{d, number}, chunk, nil, nil)
	return err
}

func (c *client) GetOutput(ctx context.Context, d Delivery, number int) ([]byte, error) {
	return c.do(ctx, "get-output", callOutput{d, number}, nil, nil, nil)
}

func (c *client) PutBlob(ctx context.Context, sum, file string) error {
	return c.act(ctx, "put-blob", callBlob{sum, file})
}

func (c *client) GetBlob(ctx context.Context, sum, file string) error {
	return c.act(ctx, "get-blob", callBlob{sum, file})
}

func (c *client) Announce(ctx context.Context, n Node) error { return c.act(ctx, "announce", n) }

func (c *client) Leave(ctx context.Context) error { return c.act(ctx, "leave", nil) }

func (c *client) Watch(ctx context.Context, kinds Kinds, f func(Event)) error {
	_, err := c.do(ctx, "watch", kinds, nil, nil, func(fr frame) error {
		var e Event
		if err := json.Unmarshal(fr.header.Value, &e); err != nil {
			return err
		}
		f(e)
		return nil
	})
	return err
}
