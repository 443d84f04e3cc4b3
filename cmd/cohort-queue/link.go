package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// The times of a connection.
const (
	dialWait  = 5 * time.Second        // for one attempt to connect
	redial    = 200 * time.Millisecond // between two of them
	pingEvery = 5 * time.Second        // two unanswered pings say that the server is away
	pingsLost = 2
)

// The first version of the server whose keys can have a time to live.
const needMajor, needMinor = 2, 11

// link is a connection to the server that comes back when the server does. Its methods may be
// called concurrently.
type link struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	closing context.Context // ends when the link is closed
	close   context.CancelCauseFunc

	mu       sync.Mutex
	attempts map[*attempt]bool           // requests that run
	streams  map[string]jetstream.Stream // handles by name
	watchers map[chan struct{}]bool      // told when the connection changes
	torn     int                         // how often messages to this client may have been lost
	back     time.Time                   // when the connection came back last, zero if it never broke
	server   string                      // the identifier of the server
	anew     time.Time                   // when another one was seen last, zero for never
}

// dial connects to the first of the addresses that answers. It tries again until ctx ends, unless
// the server says why it does not want this client.
func dial(ctx context.Context, q *queueFlags, client string) (*link, error) {
	addresses, err := readAddresses(q.url)
	if err != nil {
		return nil, fmt.Errorf("--queue %w", err)
	}
	login, err := q.login.options(needTLS(addresses, q.login.insecure))
	if err != nil {
		return nil, err
	}
	l := &link{
		attempts: make(map[*attempt]bool), streams: make(map[string]jetstream.Stream), watchers: make(map[chan struct{}]bool),
	}
	l.closing, l.close = context.WithCancelCause(context.Background())
	options := append(l.options(client, cmp.Or(q.ping, pingEvery)), login...)
	for {
		err := l.connect(ctx, addresses, options)
		if err == nil {
			return l, nil
		}
		if final(err) {
			return nil, fmt.Errorf("connect to %s: %w", q.url, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("connect to %s: %w (%w)", q.url, remote.ErrUnreachable, err)
		case <-time.After(redial):
		}
	}
}

// options are those of every connection.
func (l *link) options(client string, ping time.Duration) []nats.Option {
	return []nats.Option{
		nats.Name("cohort " + client), nats.CustomInboxPrefix(inboxOf(client)), nats.IgnoreDiscoveredServers(),
		nats.Timeout(dialWait), nats.MaxReconnects(-1), nats.ReconnectWait(redial), nats.ReconnectJitter(redial, redial),
		nats.PingInterval(ping), nats.MaxPingsOutstanding(pingsLost),
		nats.ReconnectBufSize(-1), // a request is made again by this package, which knows whether it may
		nats.DisconnectErrHandler(func(*nats.Conn, error) { l.changed() }),
		nats.ReconnectHandler(func(*nats.Conn) { l.tear(time.Now()); l.justAnew(0); l.changed() }),
		nats.ErrorHandler(l.failed),
	}
}

// inboxOf begins the subjects on which a client gets its answers: one of its own, so that
// permissions can keep others from reading them.
func inboxOf(client string) string { return "_INBOX." + client }

func (l *link) connect(ctx context.Context, addresses []address, options []nats.Option) error {
	var words []string
	for _, a := range addresses {
		words = append(words, a.String())
	}
	nc, err := nats.Connect(strings.Join(words, ","), options...)
	if err != nil {
		return connectError(err)
	}
	if err := checkVersion(nc.ConnectedServerVersion()); err != nil {
		nc.Close()
		return err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return err
	}
	if err := checkJetStream(ctx, nc, js); err != nil {
		nc.Close()
		return err
	}
	l.nc, l.js, l.server = nc, js, nc.ConnectedServerId()
	nc.SetClosedHandler(l.ended) // not before: those that were in vain are closed too
	if nc.IsClosed() {
		return nats.ErrConnectionClosed
	}
	return nil
}

// checkJetStream asks the server whether this client can store anything at all.
func checkJetStream(ctx context.Context, nc *nats.Conn, js jetstream.JetStream) error {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	_, err := js.AccountInfo(ctx)
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled):
		return fmt.Errorf("%w: the server has no JetStream: start it with -js", remote.ErrDenied)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("%w: the account of these credentials has no JetStream", remote.ErrDenied)
	case err != nil && errors.Is(nc.LastError(), nats.ErrPermissionViolation):
		return fmt.Errorf("%w: %w; see cohort-queue help permissions", remote.ErrDenied, nc.LastError())
	}
	return err
}

// connectError says what a user can do about an error of connecting.
func connectError(err error) error {
	switch {
	case errors.Is(err, nats.ErrSecureConnWanted):
		return fmt.Errorf("%w: the server has no TLS; --queue-insecure does without", remote.ErrDenied)
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked),
		errors.Is(err, nats.ErrAccountAuthExpired):
		return fmt.Errorf("%w: the server does not take these credentials (%w); see --queue-creds and --queue-token-file", remote.ErrDenied, err)
	case strings.Contains(err.Error(), "x509:"), strings.Contains(err.Error(), "tls:"):
		return fmt.Errorf("%w: %w; see --queue-ca", remote.ErrDenied, err)
	}
	return err
}

// final reports whether it makes no sense to try again.
func final(err error) bool {
	return errors.Is(err, remote.ErrDenied) || errors.Is(err, remote.ErrTooOld)
}

// checkVersion refuses a server that is too old, by what it says of itself.
func checkVersion(version string) error {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	if err1 != nil || err2 != nil {
		return fmt.Errorf("%w: the server says that its version is %q; NATS %d.%d or newer is needed", remote.ErrTooOld, version, needMajor, needMinor)
	}
	if a < needMajor || a == needMajor && b < needMinor {
		return fmt.Errorf("%w: the server is NATS %s; %d.%d or newer is needed", remote.ErrTooOld, version, needMajor, needMinor)
	}
	return nil
}

// shut closes the connection. Requests that run end with remote.ErrClosed.
func (l *link) shut() {
	l.close(remote.ErrClosed)
	l.nc.Close()
}

// ended ends what waits on a connection that does not come back.
func (l *link) ended(nc *nats.Conn) {
	why := remote.ErrClosed
	if err := nc.LastError(); err != nil {
		why = fmt.Errorf("%w (%w)", remote.ErrClosed, connectError(err))
	}
	l.close(why) // unless shut was first
	l.changed()
}

// denied takes the subject out of what the server says of a request that is not allowed.
var denied = regexp.MustCompile(`(?i)permissions violation for (?:publish|subscription) to "([^"]+)"`)

// failed is told of errors that belong to no request.
func (l *link) failed(_ *nats.Conn, _ *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrSlowConsumer) {
		l.tear(time.Time{})
		l.changed()
	}
	if m := denied.FindStringSubmatch(err.Error()); m != nil && errors.Is(err, nats.ErrPermissionViolation) {
		l.deny(m[1])
	}
}

// tear notes that messages to this client may have been lost, and since when the connection is back
// unless that is zero.
func (l *link) tear(back time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.torn++
	if !back.IsZero() {
		l.back = back
	}
}

// broken returns when the connection came back last, and whether it ever broke.
func (l *link) broken() (back time.Time, ever bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.back, !l.back.IsZero()
}

// justBack reports whether the connection has broken and is back for less than a time.
func (l *link) justBack(within time.Duration) bool {
	back, ever := l.broken()
	return ever && time.Since(back) < within
}

// justAnew reports whether within a time another server has answered than before, or the same one that was
// started anew: it has a new identifier then.
func (l *link) justAnew(within time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id := l.nc.ConnectedServerId(); id != "" && id != l.server {
		l.server, l.anew = id, time.Now()
	}
	return !l.anew.IsZero() && time.Since(l.anew) < within
}

// changed tells those who watch the connection that they should look at it.
func (l *link) changed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range l.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// watch returns a channel that gets an element when the connection may have changed.
func (l *link) watch() (changes chan struct{}, stop func()) {
	changes = make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers[changes] = true
	return changes, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers, changes)
	}
}

// errAway is the cause of a context that ended because the server went away.
var errAway = errors.New("the server went away")

// whileUp returns a context that ends when the connection breaks.
func (l *link) whileUp(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	changes, stop := l.watch()
	go func() { // ends with ctx, which the caller cancels
		for {
			select {
			case <-ctx.Done():
				return
			case <-changes:
			}
			if !l.nc.IsConnected() {
				cancel(errAway)
			}
		}
	}()
	return ctx, func() { stop(); cancel(nil) }
}

// state returns how often messages may have been lost, and whether the server is there.
func (l *link) state() (torn int, up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.torn, l.nc.IsConnected()
}

// stream returns the handle of a stream.
func (l *link) stream(ctx context.Context, name string) (jetstream.Stream, error) {
	l.mu.Lock()
	s := l.streams[name]
	l.mu.Unlock()
	if s != nil {
		return s, nil
	}
	touches(ctx, "$JS.API.STREAM.INFO."+name)
	s, err := l.js.Stream(ctx, name)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.streams[name] = s
	return s, nil
}
