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
	headerFence   = "Cohort-Fence"
	headerBefore  = "Cohort-Before"
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
	if w.Round > 0 {
		id += fmt.Sprintf(".%d", w.Fence)
	}
	err := e.do(ctx, op, subject, func(ctx context.Context) error {
		m := nats.NewMsg(subject)
		m.Data = w.Payload
		m.Header.Set(headerBatch, w.Batch)
		m.Header.Set(headerAttempt, strconv.Itoa(w.Attempt))
		m.Header.Set(headerRound, strconv.Itoa(w.Round))
		m.Header.Set(headerFence, strconv.FormatUint(uint64(w.Fence), 10))
		m.Header.Set(headerBefore, strconv.Itoa(w.Before))
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

// Queued implements remote.Engine.
func (e *engine) Queued(ctx context.Context) (all []remote.Key, err error) {
	stream := e.names.workStream()
	err = e.do(ctx, "list batches", "$JS.API.STREAM.INFO."+stream, func(ctx context.Context) error {
		all = nil
		s, err := e.js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		info, err := s.Info(ctx, jetstream.WithSubjectFilter(e.names.subject("work", ">")))
		if err != nil {
			return err
		}
		for subject := range info.State.Subjects {
			if _, k, ok := e.names.workKey(subject); ok {
				all = append(all, k)
			}
		}
		return nil
	})
	if errors.Is(err, remote.ErrGone) {
		return nil, nil
	}
	return all, err
}

// workKey reads a subject of work. It reports false for one that Publish does not use.
func (n names) workKey(subject string) (lane string, k remote.Key, ok bool) {
	parts := strings.Split(strings.TrimPrefix(subject, n.subject("work", "")), ".")
	if len(parts) != 3 {
		return "", k, false
	}
	attempt, err := strconv.Atoi(parts[2])
	return parts[0], remote.Key{Batch: parts[1], Attempt: attempt}, err == nil && n.workSubject(parts[0], parts[1], attempt) == subject
}

// GetWork implements remote.Engine.
func (e *engine) GetWork(ctx context.Context, batch string, attempt int) (w remote.Work, err error) {
	op := "read batch " + batch
	m, err := e.last(ctx, op, e.names.workStream(), e.names.workSubject("*", batch, attempt))
	if err != nil {
		return w, err
	}
	if _, w, err = e.names.workOf(m.Subject, m.Header, m.Data); err != nil {
		return w, fmt.Errorf("%s: %w", op, err)
	}
	return w, nil
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
	lane, k, ok := n.workKey(subject)
	if !ok {
		return "", w, fmt.Errorf("subject %s is none of work", subject)
	}
	w = remote.Work{Batch: header.Get(headerBatch), Payload: payload}
	for name, to := range map[string]*int{headerAttempt: &w.Attempt, headerRound: &w.Round, headerBefore: &w.Before} {
		if *to, err = strconv.Atoi(header.Get(name)); err != nil {
			return "", w, fmt.Errorf("the message on %s: header %s: %w", subject, name, err)
		}
	}
	fence, err := strconv.ParseUint(header.Get(headerFence), 10, 64)
	if err != nil {
		return "", w, fmt.Errorf("the message on %s: header %s: %w", subject, headerFence, err)
	}
	w.Fence = remote.Fence(fence)
	if k != (remote.Key{Batch: w.Batch, Attempt: w.Attempt}) {
		return "", w, fmt.Errorf("the message on %s says that it is attempt %d of batch %q", subject, w.Attempt, w.Batch)
	}
	return lane, w, nil
}
