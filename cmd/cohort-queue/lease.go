package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// The times of a look for work.
const (
	// oneLook is how long Fetch waits for the work of one lane before it looks at the others: work
	// in any lane is seen within a second.
	oneLook = 700 * time.Millisecond
	// noLane is how long it waits at first where there is no such lane: one comes with its first
	// work, and nothing tells of that. Each time it waits twice as long, up to oneLook.
	noLane = 50 * time.Millisecond
	// lastWord is how long an answer may take after its request is over before Fetch goes on without it,
	// once to say that it is over and once more.
	lastWord = time.Second
)

// pull is a request for one message of a consumer.
type pull struct {
	Batch   int           `json:"batch"`
	Expires time.Duration `json:"expires,omitempty"`
	NoWait  bool          `json:"no_wait,omitempty"`
}

// Fetch implements remote.Engine. It looks at all lanes, then waits at one of them for a while, and
// so on. If there is nothing in them it looks at others too: the work of a machine that has died is
// in its lane, where nothing seems to wait.
func (e *engine) Fetch(ctx context.Context, lanes []string, wait time.Duration) (remote.Lease, error) {
	end := time.Now().Add(wait)
	absent := noLane
	for round := 0; ; round++ {
		for _, lane := range lanes {
			l, err := e.look(ctx, lane, 0, 0)
			if !errors.Is(err, remote.ErrEmpty) {
				return l, err
			}
		}
		if lane := e.other(lanes); lane != "" {
			l, err := e.look(ctx, lane, 0, 0)
			if !errors.Is(err, remote.ErrEmpty) {
				return l, err
			}
		}
		left := time.Until(end)
		if left <= 0 || len(lanes) == 0 {
			return remote.Lease{}, fmt.Errorf("fetch: %w", remote.ErrEmpty)
		}
		l, err := e.look(ctx, lanes[round%len(lanes)], max(min(left, oneLook), time.Millisecond), absent)
		absent = min(2*absent, oneLook)
		if !errors.Is(err, remote.ErrEmpty) {
			return l, err
		}
		if err := ctx.Err(); err != nil {
			return remote.Lease{}, fmt.Errorf("fetch: %w", context.Cause(ctx))
		}
	}
}

// next returns the subject and the text of a request for the oldest work of a lane.
func (e *engine) next(lane string, wait time.Duration) (subject string, body []byte, err error) {
	body, err = json.Marshal(pull{Batch: 1, Expires: wait, NoWait: wait == 0})
	return fmt.Sprintf("$JS.API.CONSUMER.MSG.NEXT.%s.%s", e.names.workStream(), lane), body, err
}

// look leases the oldest work of a lane, or returns remote.ErrEmpty after the wait. A lane that is
// not there is empty, and absent is the longest wait for it.
func (e *engine) look(ctx context.Context, lane string, wait, absent time.Duration) (remote.Lease, error) {
	subject, body, err := e.next(lane, wait)
	if err != nil {
		return remote.Lease{}, fmt.Errorf("fetch: %w", err)
	}
	var got remote.Lease
	err = e.do(ctx, "fetch from lane "+lane, subject, func(ctx context.Context) error {
		if got, err = e.late(ctx, lane); !errors.Is(err, remote.ErrEmpty) {
			return err
		}
		asked := time.Now()
		m, err := e.ask(ctx, lane, subject, body)
		if err == nil {
			err = e.refusal(ctx, m, wait-time.Since(asked), absent)
		}
		if err != nil {
			return err
		}
		got, err = e.leased(m, asked)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errNoWork):
			err = e.reject(m)
		}
		if errors.Is(err, errNoWork) || errors.Is(err, errHeld) {
			return nats.ErrTimeout // look again: the lease that is held covers it
		}
		return err
	})
	return got, err
}

// ask makes a request whose answer must not be lost: it is waited for a little longer than ctx, and then
// left for the next look. The answer has an inbox of its own, as its subject is that of the work.
func (e *engine) ask(ctx context.Context, lane, subject string, body []byte) (*nats.Msg, error) {
	asked := time.Now()
	answers := make(chan *nats.Msg, 1)
	inbox := e.nc.NewInbox()
	sub, err := e.nc.ChanSubscribe(inbox, answers)
	if err != nil {
		return nil, err
	}
	left := false
	defer func() {
		if !left {
			_ = sub.Unsubscribe() // it fails only if the connection is gone
		}
	}()
	if err := e.nc.PublishRequest(subject, inbox, body); err != nil {
		return nil, err
	}
	select {
	case m := <-answers:
		return m, nil
	case <-ctx.Done():
	}
	if cause := context.Cause(ctx); errors.Is(cause, errNotAllowed) || errors.Is(cause, remote.ErrClosed) {
		return nil, cause
	}
	// What was sent before the server knows that nobody waits any more has come then. What it sends at
	// that moment it takes back: a delivery was counted, and nobody waits for a lease to run out.
	drained := sub.Drain()
	if drained == nil && e.nc.FlushTimeout(lastWord) == nil {
		select {
		case m := <-answers:
			return m, nil
		default:
			return nil, ctx.Err()
		}
	}
	select {
	case m := <-answers:
		return m, nil
	case <-time.After(lastWord):
		if left = drained == nil; left {
			e.leave(unheard{lane, asked, answers, sub})
		}
		return nil, ctx.Err()
	}
}

// refusal is the error of an answer that is no work. If it came long before the request was over,
// it waits for the rest, so that nobody asks in a loop, or for so long as absent says if there is no
// such lane.
func (e *engine) refusal(ctx context.Context, m *nats.Msg, left, absent time.Duration) error {
	switch m.Header.Get("Status") {
	case "":
		return nil
	case "404", "408": // there was no work
		return remote.ErrEmpty
	case "503": // there is no such lane
		left = min(left, absent)
	}
	if left > 0 { // 409: too many wait
		select {
		case <-ctx.Done():
		case <-time.After(left):
		}
	}
	return remote.ErrEmpty
}

// held is a lease that this engine has given out last for a token of the server. A server that was
// killed may have forgotten that it has delivered a message: then it does so again with the same
// token, so that a number tells the leases apart.
type held struct {
	number int
	until  time.Time // it has run out then, as far as this machine knows
}

// errHeld says that work was delivered that this machine holds already.
var errHeld = errors.New("this machine holds it already")

// leased makes a lease of a message that was asked for at that time. errNoWork and errHeld say why
// it is none.
func (e *engine) leased(m *nats.Msg, asked time.Time) (remote.Lease, error) {
	meta, err := tokenOf(m.Reply)
	if err != nil {
		return remote.Lease{}, err
	}
	lane, w, err := e.names.workOf(m.Subject, m.Header, m.Data)
	if err != nil {
		return remote.Lease{}, fmt.Errorf("%w: %w", errNoWork, err)
	}
	delivery := int(meta.NumDelivered)
	if _, torn := e.broken(); torn {
		delivery = max(delivery, 2) // the server may have been killed, and count from 1 again
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if h, ok := e.leases[m.Reply]; ok && asked.Before(h.until) {
		return remote.Lease{}, errHeld
	}
	e.prune(asked)
	e.given++
	e.leases[m.Reply] = held{e.given, asked.Add(e.terms.AckWait)}
	token := fmt.Sprintf("%s#%d", m.Reply, e.given)
	return remote.Lease{Token: token, Lane: lane, Delivery: delivery, Work: w, Unsure: e.justAnew(e.terms.AckWait)}, nil
}

// errNoWork says that a message of the queue is no work.
var errNoWork = errors.New("it is no work of cohort")

// manyLeases is how many leases are remembered before those that have run out are forgotten.
const manyLeases = 4096

// prune forgets leases that have run out, if there are many. The mutex is held.
func (e *engine) prune(now time.Time) {
	if len(e.leases) < manyLeases {
		return
	}
	for subject, h := range e.leases {
		if !now.Before(h.until) {
			delete(e.leases, subject)
		}
	}
}

// split returns the server's token of a lease, and its number.
func split(token string) (subject string, number int, err error) {
	subject, after, _ := strings.Cut(token, "#")
	if number, err = strconv.Atoi(after); err == nil {
		_, err = tokenOf(subject)
	}
	if err != nil {
		err = fmt.Errorf("%q is no lease: %w", token, err)
	}
	return subject, number, err
}

// extended notes that a lease lasts from that time on.
func (e *engine) extended(subject string, number int, from time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.leases[subject].number <= number {
		e.leases[subject] = held{number, from.Add(e.terms.AckWait)}
	}
}

// forget drops a lease that is over.
func (e *engine) forget(subject string, number int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.leases[subject].number == number {
		delete(e.leases, subject)
	}
}

// runOut reports whether a lease has run out at a time, as far as this machine knows, or was
// followed by another one.
func (e *engine) runOut(subject string, number int, at time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	h, known := e.leases[subject]
	return known && (h.number != number || !at.Before(h.until))
}

// answer tells the server something about a lease and waits for its confirmation. It returns when
// the request that was confirmed was made.
func (e *engine) answer(ctx context.Context, op, subject, what string) (asked time.Time, err error) {
	err = e.do(ctx, op, subject, func(ctx context.Context) error {
		asked = time.Now()
		_, err := e.nc.RequestWithContext(ctx, subject, []byte(what))
		if errors.Is(err, nats.ErrNoResponders) && e.nc.IsConnected() && e.laneGone(ctx, subject) {
			return fmt.Errorf("%w: its lane is not there", remote.ErrLost)
		}
		return err
	})
	return asked, err
}

// laneGone reports whether the consumer that gave out a lease is not there any more.
func (e *engine) laneGone(ctx context.Context, token string) bool {
	meta, err := tokenOf(token)
	if err != nil {
		return false
	}
	touches(ctx, fmt.Sprintf("$JS.API.CONSUMER.INFO.%s.%s", meta.Stream, meta.Consumer))
	_, err = e.js.Consumer(ctx, meta.Stream, meta.Consumer)
	return errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound)
}

// tokenOf reads what the server has put into the token of a lease.
func tokenOf(token string) (*nats.MsgMetadata, error) {
	return (&nats.Msg{Reply: token, Sub: new(nats.Subscription)}).Metadata()
}

// Extend implements remote.Engine.
func (e *engine) Extend(ctx context.Context, token string) error {
	const op = "extend a lease"
	subject, number, err := split(token)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if e.runOut(subject, number, time.Now()) {
		return fmt.Errorf("%s: %w", op, remote.ErrLost)
	}
	asked, err := e.answer(ctx, op, subject, "+WPI")
	if err != nil {
		return err
	}
	// While the server was away, or slow: it confirms a lease of another machine just the same.
	if e.runOut(subject, number, time.Now()) {
		return fmt.Errorf("%s: %w", op, remote.ErrLost)
	}
	e.extended(subject, number, asked)
	return nil
}

// Done implements remote.Engine.
func (e *engine) Done(ctx context.Context, token string) error {
	const op = "end a lease"
	subject, number, err := split(token)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	meta, err := tokenOf(subject)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	err = e.do(ctx, op, subject, func(ctx context.Context) error {
		short, cancel := context.WithTimeout(ctx, attemptWait/2)
		defer cancel()
		_, err := e.nc.RequestWithContext(short, subject, []byte("+ACK"))
		if err == nil || !e.nc.IsConnected() {
			return err
		}
		// A lane that was repaired does not know the lease. What counts is whether the work is
		// there.
		return e.inQueue(ctx, meta.Sequence.Stream, err)
	})
	if err == nil {
		e.forget(subject, number)
	}
	return err
}

// inQueue returns nil if the message of a sequence is out of the queue, remote.ErrLost if it is in
// it, and another error if that is not known.
func (e *engine) inQueue(ctx context.Context, sequence uint64, why error) error {
	touches(ctx, "$JS.API.STREAM.MSG.GET."+e.names.workStream())
	s, err := e.stream(ctx, e.names.workStream())
	if err == nil {
		_, err = s.GetMsg(ctx, sequence)
	}
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil
	case err != nil:
		return err
	case ctx.Err() != nil:
		return why
	}
	return fmt.Errorf("%w: its lane does not know it (%w)", remote.ErrLost, why)
}

// Return implements remote.Engine.
func (e *engine) Return(ctx context.Context, token string, delay time.Duration) error {
	const op = "return a lease"
	subject, number, err := split(token)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if e.runOut(subject, number, time.Now()) {
		return nil // it comes again by itself, or has
	}
	what := "-NAK"
	if delay > 0 {
		what = fmt.Sprintf(`-NAK {"delay": %d}`, delay.Nanoseconds())
	}
	_, err = e.answer(ctx, op, subject, what)
	if err == nil {
		e.forget(subject, number)
	}
	return err
}
