package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// The headers of work. They repeat the subject: a message that somebody has the server write to a
// subject of work (as the answer to a request, say) does not have them.
const (
	headerBatch   = "Cohort-Batch"
	headerAttempt = "Cohort-Attempt"
	headerRound   = "Cohort-Round"
)

// workSubject is where the work of a batch and attempt is published.
func (n names) workSubject(lane, batch string, attempt int) string {
	return n.subject("work", lane, batch, strconv.Itoa(attempt))
}

// Publish implements remote.Engine.
func (e *engine) Publish(ctx context.Context, lane string, w remote.Work) error {
	op := fmt.Sprintf("publish batch %s", w.Batch)
	if err := checkWork(lane, w); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := e.makeLane(ctx, lane); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	subject := e.names.workSubject(lane, w.Batch, w.Attempt)
	id := fmt.Sprintf("%s.%d.%d", w.Batch, w.Attempt, w.Round)
	err := e.do(ctx, op, subject, func(ctx context.Context) error {
		m := nats.NewMsg(subject)
		m.Data = w.Payload
		m.Header.Set(headerBatch, w.Batch)
		m.Header.Set(headerAttempt, strconv.Itoa(w.Attempt))
		m.Header.Set(headerRound, strconv.Itoa(w.Round))
		_, err := e.js.PublishMsg(ctx, m, jetstream.WithMsgID(id), jetstream.WithExpectStream(e.names.workStream()), jetstream.WithRetryAttempts(0))
		return e.noStream(ctx, e.names.workStream(), err)
	})
	return e.full(ctx, e.names.workStream(), err)
}

func checkWork(lane string, w remote.Work) error {
	if err := remote.CheckID(lane); err != nil {
		return fmt.Errorf("lane %q: %w", lane, err)
	}
	if err := remote.CheckID(w.Batch); err != nil {
		return fmt.Errorf("batch %q: %w", w.Batch, err)
	}
	return checkPayload(w.Payload)
}

func checkPayload(payload []byte) error {
	if len(payload) > remote.MaxPayload {
		return fmt.Errorf("%w: %d bytes, at most %d are possible", remote.ErrTooLarge, len(payload), remote.MaxPayload)
	}
	return nil
}

// makeLane makes the consumer of a lane, once.
func (e *engine) makeLane(ctx context.Context, lane string) error {
	e.mu.Lock()
	made := e.lanes[lane]
	e.mu.Unlock()
	if made {
		return nil
	}
	config := e.names.consumerConfig(lane, e.terms.AckWait)
	stream := e.names.workStream()
	subject := fmt.Sprintf("$JS.API.CONSUMER.CREATE.%s.%s.%s", stream, lane, config.FilterSubject)
	err := e.do(ctx, "make lane "+lane, subject, func(ctx context.Context) error {
		_, err := e.js.CreateConsumer(ctx, stream, config)
		if errors.Is(err, jetstream.ErrConsumerExists) {
			return nil // a leader before this one made it
		}
		return err
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lanes[lane] = true
	return nil
}

// Holds implements remote.Engine.
func (e *engine) Holds(ctx context.Context, batch string, attempt int) (bool, error) {
	stream := e.names.workStream()
	err := e.do(ctx, "look for batch "+batch, "$JS.API.STREAM.MSG.GET."+stream, func(ctx context.Context) error {
		s, err := e.stream(ctx, stream)
		if err == nil {
			_, err = s.GetLastMsgForSubject(ctx, e.names.workSubject("*", batch, attempt))
		}
		return err
	})
	if errors.Is(err, remote.ErrGone) {
		return false, nil
	}
	return err == nil, err
}

// Lanes implements remote.Engine. The server does not tell work whose lease has run out from work
// that is leased, so that what is leased includes it; Fetch finds it.
func (e *engine) Lanes(ctx context.Context) (all []remote.Lane, err error) {
	stream := e.names.workStream()
	err = e.do(ctx, "list lanes", "$JS.API.CONSUMER.LIST."+stream, func(ctx context.Context) error {
		all = nil
		s, err := e.stream(ctx, stream)
		if err != nil {
			return err
		}
		list := s.ListConsumers(ctx)
		for info := range list.Info() {
			all = append(all, remote.Lane{Name: info.Name, Waiting: int(info.NumPending), Leased: info.NumAckPending})
		}
		return list.Err()
	})
	if errors.Is(err, remote.ErrGone) {
		return nil, nil
	}
	e.remember(all)
	return all, err
}

// remember notes the lanes in which there may be work whose lease has run out.
func (e *engine) remember(all []remote.Lane) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.others = nil
	for _, l := range all {
		if l.Waiting == 0 && l.Leased > 0 {
			e.others = append(e.others, l.Name)
		}
	}
}

// other returns one of the lanes that remember has noted and that is not among some, each in turn;
// "" for none.
func (e *engine) other(some []string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, lane := range e.others {
		if !slices.Contains(some, lane) {
			e.others = append(slices.Delete(e.others, i, i+1), lane)
			return lane
		}
	}
	return ""
}

// Repair implements remote.Engine.
func (e *engine) Repair(ctx context.Context, lane string) error {
	stream := e.names.workStream()
	err := e.do(ctx, "repair lane "+lane, fmt.Sprintf("$JS.API.CONSUMER.DELETE.%s.%s", stream, lane), func(ctx context.Context) error {
		return e.js.DeleteConsumer(ctx, stream, lane)
	})
	if err != nil && !errors.Is(err, remote.ErrGone) {
		return err
	}
	e.mu.Lock()
	delete(e.lanes, lane)
	e.mu.Unlock()
	return e.makeLane(ctx, lane)
}

// workOf reads a message of the queue. An error says that it is not work that Publish has put
// there.
func (n names) workOf(subject string, header nats.Header, payload []byte) (lane string, w remote.Work, err error) {
	parts := strings.Split(strings.TrimPrefix(subject, n.subject("work", "")), ".")
	if len(parts) != 3 {
		return "", w, fmt.Errorf("subject %s is none of work", subject)
	}
	w = remote.Work{Batch: header.Get(headerBatch), Payload: payload}
	if w.Attempt, err = strconv.Atoi(header.Get(headerAttempt)); err == nil {
		w.Round, err = strconv.Atoi(header.Get(headerRound))
	}
	if err != nil || n.workSubject(parts[0], w.Batch, w.Attempt) != subject {
		return "", w, fmt.Errorf("the message on %s says that it is attempt %q of batch %q", subject, header.Get(headerAttempt), w.Batch)
	}
	return parts[0], w, nil
}
