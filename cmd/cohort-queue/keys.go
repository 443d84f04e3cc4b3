package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// entry is what a key holds.
type entry struct {
	value    []byte // nil: nothing, or it was taken away
	revision uint64 // 0: it was never written, or has expired
}

// The header of a bucket that says that a key was taken away.
const (
	operation = "KV-Operation"
	deleted   = "DEL"
)

// entryOf reads a message of the bucket.
func entryOf(header nats.Header, data []byte, sequence uint64) entry {
	if header.Get(operation) != "" {
		return entry{revision: sequence}
	}
	return entry{value: append([]byte{}, data...), revision: sequence}
}

// get reads a key. A bucket that is not there is remote.ErrGone, a key that is not is an empty
// entry.
func (e *engine) get(ctx context.Context, key string) (got entry, err error) {
	stream := e.names.keyStream()
	err = e.do(ctx, "read key "+key, "$JS.API.STREAM.MSG.GET."+stream, func(ctx context.Context) error {
		s, err := e.stream(ctx, stream)
		if err != nil {
			return err
		}
		m, err := s.GetLastMsgForSubject(ctx, e.names.key(key))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			got = entry{}
			return nil
		case err != nil:
			return err
		}
		got = entryOf(m.Header, m.Data, m.Sequence)
		return nil
	})
	return got, err
}

// writing is how a key is written.
type writing struct {
	value  []byte // nil: the key is taken away
	ttl    time.Duration
	expect *uint64 // its revision must be this, else errStale
}

// put writes a key and returns its new revision.
func (e *engine) put(ctx context.Context, key string, w writing) (revision uint64, err error) {
	options := []jetstream.PublishOpt{jetstream.WithExpectStream(e.names.keyStream()), jetstream.WithRetryAttempts(0)}
	if w.ttl > 0 {
		options = append(options, jetstream.WithMsgTTL(seconds(w.ttl)))
	}
	if w.expect != nil {
		options = append(options, jetstream.WithExpectLastSequencePerSubject(*w.expect))
	}
	subject := e.names.key(key)
	err = e.do(ctx, "write key "+key, subject, func(ctx context.Context) error {
		m := nats.NewMsg(subject)
		m.Data = w.value
		if w.value == nil {
			m.Header.Set(operation, deleted)
		}
		ack, err := e.js.PublishMsg(ctx, m, options...)
		if err != nil {
			return e.noStream(ctx, e.names.keyStream(), err)
		}
		revision = ack.Sequence
		return nil
	})
	return revision, e.full(ctx, e.names.keyStream(), err)
}

// noStream tells apart why nobody has answered a publication: the server is away, or the stream is
// not there.
func (l *link) noStream(ctx context.Context, stream string, err error) error {
	if !errors.Is(err, jetstream.ErrNoStreamResponse) && !errors.Is(err, nats.ErrNoResponders) || !l.nc.IsConnected() {
		return err
	}
	touches(ctx, "$JS.API.STREAM.INFO."+stream)
	if _, infoErr := l.js.Stream(ctx, stream); errors.Is(infoErr, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("%w: the server has no stream %s", remote.ErrGone, stream)
	}
	return err
}

// list reads all keys that begin with one of the prefixes. A bucket that is not there is
// remote.ErrGone.
func (e *engine) list(ctx context.Context, prefixes []string) (map[string]entry, error) {
	stream := e.names.keyStream()
	var subjects map[string]uint64
	err := e.do(ctx, "list keys", "$JS.API.STREAM.INFO."+stream, func(ctx context.Context) error {
		s, err := e.js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		info, err := s.Info(ctx, jetstream.WithSubjectFilter(e.names.key(">")))
		if err == nil {
			subjects = info.State.Subjects
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make(map[string]entry)
	for subject := range subjects {
		key := strings.TrimPrefix(subject, e.names.key(""))
		if !hasPrefix(key, prefixes) {
			continue
		}
		if all[key], err = e.get(ctx, key); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func hasPrefix(key string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// seconds rounds a time to live up to what the server counts in.
func seconds(d time.Duration) time.Duration {
	return max(time.Second, (d+time.Second-1)/time.Second*time.Second)
}
