package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// results tells of results, each once, in the order in which they were stored. The library makes
// its consumer anew after the server was away, and goes on where it was.
type results struct {
	c      chan remote.Result
	ended  chan struct{}
	cancel func()
}

// watchResults begins to watch all results of the run, those first that are there.
func (e *engine) watchResults(ctx context.Context) (*results, error) {
	stream := e.names.resultStream()
	r := &results{c: make(chan remote.Result), ended: make(chan struct{})}
	err := e.do(ctx, "watch results", "$JS.API.CONSUMER.CREATE."+stream+".>", func(ctx context.Context) error {
		touches(ctx, "$JS.API.CONSUMER.CREATE."+stream)
		consumer, err := e.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
			FilterSubjects: []string{e.names.subject("result", ">")}, HeadersOnly: true,
		})
		if err != nil {
			return err
		}
		running, err := consumer.Consume(func(m jetstream.Msg) {
			if result, ok := e.resultOf(m.Subject(), m.Headers()); ok {
				select {
				case r.c <- result:
				case <-r.ended:
				}
			}
		})
		if err != nil {
			return err
		}
		r.cancel = running.Stop
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// channel is where results come from; nil blocks for ever.
func (r *results) channel() <-chan remote.Result {
	if r == nil {
		return nil
	}
	return r.c
}

func (r *results) stop() {
	if r == nil {
		return
	}
	close(r.ended)
	r.cancel()
}

// resultOf reads the headers of a result. It reports false for a message that is none.
func (e *engine) resultOf(subject string, header nats.Header) (remote.Result, bool) {
	batch, number, ok := strings.Cut(strings.TrimPrefix(subject, e.names.subject("result", "")), ".")
	attempt, err := strconv.Atoi(number)
	if !ok || err != nil || e.names.resultSubject(batch, attempt) != subject || remote.CheckID(batch) != nil {
		return remote.Result{}, false
	}
	return remote.Result{Batch: batch, Attempt: attempt, Node: header.Get(headerNode), Nonce: header.Get(headerNonce)}, true
}
