package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// The times of what a run stores.
const (
	keep      = 24 * time.Hour  // everything: a run is over by then
	twiceWait = 2 * time.Minute // work with a message id that was seen within this is not added again
)

// limits bound what a run may store, in bytes; 0: the server's limits alone.
type limits struct{ work, results, output int64 }

// bounded is a limit as the server reads it.
func bounded(n int64) int64 {
	if n <= 0 {
		return -1
	}
	return n
}

// configs are the streams of a run. None may be purged and no message deleted, so that a result
// that stands keeps standing; and none takes messages that replace others by a header (roll-ups),
// with which whoever may write one key could remove all.
func (n names) configs(l limits) []jetstream.StreamConfig {
	return []jetstream.StreamConfig{{
		Name: n.workStream(), Description: "batches that wait for a machine or are leased",
		Subjects: []string{n.subject("work", ">")}, Retention: jetstream.WorkQueuePolicy,
		Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew, MaxBytes: bounded(l.work), MaxAge: keep,
		Duplicates: twiceWait, DenyDelete: true, DenyPurge: true,
	}, {
		Name: n.resultStream(), Description: "results; the first of a batch and attempt counts",
		Subjects: []string{n.subject("result", ">")}, Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew,
		MaxMsgsPerSubject: 1, DiscardNewPerSubject: true, MaxBytes: bounded(l.results), MaxAge: keep,
		DenyDelete: true, DenyPurge: true,
	}, {
		Name: n.outputStream(), Description: "output of batches, in chunks",
		Subjects: []string{n.subject("out", ">")}, Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew,
		MaxMsgsPerSubject: 1, DiscardNewPerSubject: true, MaxBytes: bounded(l.output), MaxAge: keep,
		DenyDelete: true, DenyPurge: true,
	}}
}

// keyConfig is the stream of the run's keys: a key-value bucket as the tools of NATS know it, but
// for roll-ups. What is told to listeners is every change.
func (n names) keyConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: n.keyStream(), Description: "who leads, which machines are there, how the run stands",
		Subjects: []string{n.key(">")}, Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew,
		MaxMsgsPerSubject: 1, MaxAge: keep, AllowMsgTTL: true, DenyDelete: true, DenyPurge: true,
		RePublish: &jetstream.RePublish{Source: n.key(">"), Destination: n.live(">")},
	}
}

// consumerConfig is that of a lane. Messages are delivered as often as it takes: whoever receives
// one too often says so in a result.
func (n names) consumerConfig(lane string, ackWait time.Duration) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: lane, FilterSubject: n.subject("work", lane, ">"), AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		MaxDeliver: -1, MaxAckPending: -1, MaxWaiting: maxWaiting,
	}
}

// maxWaiting is how many machines may wait for the work of one lane; the server's default is 512.
const maxWaiting = 1 << 14

// makeStream makes a stream unless it is there. One that is there with other settings stays as it
// is: another version of this program made it for the same run.
func (l *link) makeStream(ctx context.Context, config jetstream.StreamConfig) error {
	subject := "$JS.API.STREAM.CREATE." + config.Name
	return l.do(ctx, "make stream "+config.Name, subject, func(ctx context.Context) error {
		_, err := l.js.CreateStream(ctx, config)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return nil
		}
		return err
	})
}

// makeBinaries makes the object store that all runs share.
func (l *link) makeBinaries(ctx context.Context) error {
	subject := "$JS.API.STREAM.CREATE." + binaryStream
	return l.do(ctx, "make object store "+binaryBucket, subject, func(ctx context.Context) error {
		_, err := l.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{
			Bucket: binaryBucket, Description: "files of runs, by the SHA-256 of their content", TTL: keep, Storage: jetstream.FileStorage,
		})
		if errors.Is(err, jetstream.ErrBucketExists) || errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return nil
		}
		return err
	})
}

// full adds the limit that was reached to an error that says that one was.
func (l *link) full(ctx context.Context, stream string, err error) error {
	if !errors.Is(err, remote.ErrFull) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, attemptWait)
	defer cancel()
	s, infoErr := l.js.Stream(ctx, stream)
	if infoErr != nil {
		return fmt.Errorf("%w (stream %s)", err, stream) // the first error says more
	}
	info := s.CachedInfo()
	if most := info.Config.MaxBytes; most > 0 {
		return fmt.Errorf("%w (stream %s holds %d of at most %d bytes)", err, stream, info.State.Bytes, most)
	}
	account, infoErr := l.js.AccountInfo(ctx)
	if infoErr == nil && account.Limits.MaxStore > 0 {
		return fmt.Errorf("%w (stream %s; the account may store %d bytes)", err, stream, account.Limits.MaxStore)
	}
	return fmt.Errorf("%w (stream %s holds %d bytes; the limit is the server's: max_file_store, or the disk)", err, stream, info.State.Bytes)
}
