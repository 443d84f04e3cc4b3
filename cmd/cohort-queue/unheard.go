package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// unheard is a request for work that nobody waits for any more, although its answer may come: a server
// that has much to do is slow. It has counted the delivery then, and unless somebody has the lease, it
// has to run out, and the work seems to have ended a machine.
type unheard struct {
	lane    string
	asked   time.Time
	answers chan *nats.Msg
	sub     *nats.Subscription // nothing comes any more once it is not valid
}

// leave keeps a request for the next look at its lane.
func (e *engine) leave(u unheard) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.unheard = append(e.unheard, u)
}

// heard returns an answer that has come for one of the requests that were left for a lane, and forgets
// those for which none comes.
func (e *engine) heard(lane string) (u unheard, m *nats.Msg) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.unheard = slices.DeleteFunc(e.unheard, func(next unheard) bool {
		over := !next.sub.IsValid() // before the look: what comes does so before that
		if next.lane != lane || m != nil {
			return over && len(next.answers) == 0
		}
		select {
		case m = <-next.answers:
			u = next
			return true
		default:
			return over
		}
	})
	return u, m
}

// late leases work that has come for a request that was left, or returns remote.ErrEmpty. The lease
// begins anew. If it has run out, another machine may have the work, and this one has only survived it.
func (e *engine) late(ctx context.Context, lane string) (remote.Lease, error) {
	for {
		u, m := e.heard(lane)
		if m == nil {
			return remote.Lease{}, remote.ErrEmpty
		}
		if m.Header.Get("Status") != "" {
			continue // there was no work
		}
		l, err := e.leased(m, u.asked)
		if errors.Is(err, errNoWork) {
			err = e.reject(m)
		}
		if err != nil {
			continue // it is held already, or comes again
		}
		subject, number, err := split(l.Token)
		if err == nil {
			err = e.Extend(ctx, l.Token)
		}
		switch {
		case errors.Is(err, remote.ErrLost):
			l.Unsure = true
		case err != nil:
			e.forget(subject, number)
			u.answers <- m // it has room: this was its only one
			e.leave(u)
			return remote.Lease{}, err
		}
		return l, nil
	}
}

// reject takes a message that is no work out of the way.
func (e *engine) reject(m *nats.Msg) error {
	if err := e.nc.Publish(m.Reply, []byte("+TERM it is no work of cohort")); err != nil {
		return err
	}
	return errNoWork
}
