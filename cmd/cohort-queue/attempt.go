package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// The times of a request.
const (
	// attemptWait is how long one attempt may take before the request is made again.
	attemptWait = 5 * time.Second
	// pauseLeast and pauseMost bound the pause between two attempts, which doubles.
	pauseLeast, pauseMost = 50 * time.Millisecond, time.Second
)

// attempt is one try of a request.
type attempt struct {
	link     *link
	subjects []string // what it publishes to; the link's mutex guards it
	cancel   context.CancelCauseFunc
}

// attemptKey is the key of the attempt that a context belongs to.
type attemptKey struct{}

// touches notes a further subject that the attempt of ctx publishes to.
func touches(ctx context.Context, subject string) {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return
	}
	a.link.mu.Lock()
	defer a.link.mu.Unlock()
	a.subjects = append(a.subjects, subject)
}

// errNotAllowed is the cause of an attempt that the server does not allow.
var errNotAllowed = errors.New("the server does not allow it to these credentials")

// do makes a request, again and again while the server is away, until ctx ends. subject is what it
// publishes to: a refusal of the server is recognised by it. f must be such that a second call does
// no harm. Errors name op and are those of remote where it has them.
func (l *link) do(ctx context.Context, op, subject string, f func(context.Context) error) error {
	return l.doWithin(ctx, attemptWait, op, subject, f)
}

// doWithin is do with another limit for one attempt.
func (l *link) doWithin(ctx context.Context, wait time.Duration, op, subject string, f func(context.Context) error) error {
	pause := pauseLeast
	for away := false; ; {
		err := l.attempt(ctx, wait, subject, f)
		if err == nil {
			return nil
		}
		if closed := context.Cause(l.closing); closed != nil {
			return fmt.Errorf("%s: %w", op, closed)
		}
		known := translate(err)
		switch {
		case known != nil:
			return fmt.Errorf("%s: %w", op, known)
		case ctx.Err() != nil && (away || !l.nc.IsConnected()):
			return unreachable(op, err)
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", op, context.Cause(ctx))
		case !passing(err):
			return fmt.Errorf("%s: %w", op, err)
		}
		away = true
		select {
		case <-ctx.Done():
			return unreachable(op, err)
		case <-l.closing.Done():
			return fmt.Errorf("%s: %w", op, context.Cause(l.closing))
		case <-time.After(pause):
		}
		pause = min(2*pause, pauseMost)
	}
}

// unreachable is the error of a request that no server has answered, of which the last attempt ended with
// err. What the library says of an attempt while there is no connection names no cause.
func unreachable(op string, err error) error {
	if errors.Is(err, nats.ErrReconnectBufExceeded) {
		return fmt.Errorf("%s: %w", op, remote.ErrUnreachable)
	}
	return fmt.Errorf("%s: %w (%w)", op, remote.ErrUnreachable, err)
}

// attempt calls f once, with a context that ends after the wait, with the link, and when the server
// refuses the subject.
func (l *link) attempt(ctx context.Context, wait time.Duration, subject string, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, stop := context.WithTimeout(ctx, wait)
	defer stop()
	defer context.AfterFunc(l.closing, func() { cancel(context.Cause(l.closing)) })()
	a := &attempt{link: l, subjects: []string{subject}, cancel: cancel}
	l.mu.Lock()
	l.attempts[a] = true
	l.mu.Unlock()
	err := f(context.WithValue(ctx, attemptKey{}, a))
	l.mu.Lock()
	delete(l.attempts, a)
	l.mu.Unlock()
	if err != nil && errors.Is(context.Cause(ctx), errNotAllowed) {
		return fmt.Errorf("%w: %w", remote.ErrDenied, context.Cause(ctx))
	}
	return err
}

// deny ends the attempts that publish to a subject.
func (l *link) deny(subject string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for a := range l.attempts {
		if slices.ContainsFunc(a.subjects, func(pattern string) bool { return covers(pattern, subject) }) {
			a.cancel(fmt.Errorf("%w: publish to %s", errNotAllowed, subject))
		}
	}
}

// covers reports whether a subject is the pattern, or below one that ends in >.
func covers(pattern, subject string) bool {
	begin, all := strings.CutSuffix(pattern, ">")
	return pattern == subject || all && strings.HasPrefix(subject, begin)
}

// Errors of the server that mean something to this package only.
var (
	errStale = errors.New("something else was written in the meantime") // of a key or subject
	errTaken = errors.New("the subject has its message")
)

// The numbers of the server's errors that the library has no names for.
const (
	codeNoResources jetstream.ErrorCode = 10023 // too many streams or consumers
	codeMemoryFull  jetstream.ErrorCode = 10028
	codeStorageFull jetstream.ErrorCode = 10047
	codeNotStored   jetstream.ErrorCode = 10077 // a limit of the stream, or the disk
	perSubject                          = "maximum messages per subject exceeded"
)

// translate returns the error that callers tell apart, nil if err is none of those.
func translate(err error) error {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		switch api.ErrorCode {
		case jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant:
			return errStale
		case codeNotStored:
			if api.Description == perSubject {
				return errTaken
			}
			return fmt.Errorf("%w: %s", remote.ErrFull, api.Description)
		case codeNoResources, codeMemoryFull, codeStorageFull:
			return fmt.Errorf("%w: %s", remote.ErrFull, api.Description)
		case jetstream.JSErrCodeStreamMessageExceedsMaximum:
			return fmt.Errorf("%w: %s", remote.ErrTooLarge, api.Description)
		case jetstream.JSErrCodeStreamNotFound, jetstream.JSErrCodeConsumerNotFound, jetstream.JSErrCodeMessageNotFound:
			return fmt.Errorf("%w: %s", remote.ErrGone, api.Description)
		}
		return nil
	}
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound), errors.Is(err, jetstream.ErrObjectNotFound), errors.Is(err, jetstream.ErrBucketNotFound),
		errors.Is(err, jetstream.ErrStreamNotFound), errors.Is(err, jetstream.ErrConsumerNotFound):
		return fmt.Errorf("%w (%w)", remote.ErrGone, err)
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%w: the server's max_payload is less", remote.ErrTooLarge)
	}
	for _, known := range []error{
		remote.ErrDenied, remote.ErrEmpty, remote.ErrLost, remote.ErrGone, remote.ErrTooLarge, remote.ErrExists, remote.ErrRefused, remote.ErrClosed, errStale, errTaken,
	} {
		if errors.Is(err, known) {
			return err
		}
	}
	return nil
}

// passing reports whether an error is of a server that is away or not ready, so that the same
// request may succeed later.
func passing(err error) bool {
	for _, known := range []error{
		nats.ErrTimeout, context.DeadlineExceeded, nats.ErrNoResponders, jetstream.ErrNoStreamResponse, nats.ErrConnectionReconnecting,
		nats.ErrReconnectBufExceeded, nats.ErrDisconnected, nats.ErrStaleConnection, nats.ErrBadSubscription,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	if broken, ok := errors.AsType[*net.OpError](err); ok {
		return broken.Op == "read" || broken.Op == "write" // the library says so of a large message
	}
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && api.Code == 503 || errors.Is(err, net.ErrClosed)
}
