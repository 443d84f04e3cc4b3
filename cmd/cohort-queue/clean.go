package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// clean removes what runs of other days have left on a server: their streams are empty by then, and
// nothing else removes those.
type clean struct{ queue queueFlags }

func newClean() (*flagTable, runner) {
	c := new(clean)
	t := newTable("clean")
	c.queue.bindServer(t)
	return t, c
}

func (c *clean) problems() []string { return c.queue.serverProblems() }

func (c *clean) run(ctx context.Context, cmd *command) error {
	reach, cancel := context.WithTimeout(ctx, c.queue.wait)
	defer cancel()
	l, err := dial(reach, &c.queue, "clean")
	if err != nil {
		return err
	}
	defer l.shut()
	var runs []string
	err = l.doWithin(ctx, time.Minute, "remove old runs", "$JS.API.STREAM.LIST", func(ctx context.Context) error {
		more, err := removeOld(ctx, l.js, time.Now())
		runs = append(runs, more...)
		return err
	})
	for _, run := range runs {
		if _, err := fmt.Fprintf(cmd.stdout, "removed run %s\n", run); err != nil {
			return fmt.Errorf("print what was removed: %w", err)
		}
	}
	if err == nil && len(runs) == 0 {
		_, err = fmt.Fprintln(cmd.stdout, "there is nothing to remove")
	}
	return err
}

// forgotten is how long nothing has to have happened in a run for it to be old. What it stored is
// gone after half of that.
const forgotten = 2 * keep

// old reports whether a run is over and forgotten, by the stream of its keys. As long as anybody
// leads it, there is a key.
func old(info *jetstream.StreamInfo, now time.Time) bool {
	return info.State.Msgs == 0 && now.Sub(info.Created) > forgotten && now.Sub(info.State.LastTime) > forgotten
}

// removeOld removes the streams of old runs, and returns their names. An error does not keep it
// from removing others.
func removeOld(ctx context.Context, js jetstream.JetStream, now time.Time) (runs []string, err error) {
	list := js.ListStreams(ctx)
	for info := range list.Info() {
		run, ok := strings.CutPrefix(info.Config.Name, names{}.keyStream())
		if ok && old(info, now) {
			runs = append(runs, run)
		}
	}
	err = list.Err()
	for _, run := range runs {
		n := names{run}
		for _, stream := range []string{n.workStream(), n.resultStream(), n.outputStream(), n.keyStream()} { // the keys last: they say that there is a run
			touches(ctx, "$JS.API.STREAM.DELETE."+stream)
			derr := js.DeleteStream(ctx, stream)
			if derr != nil && !errors.Is(derr, jetstream.ErrStreamNotFound) {
				err = errors.Join(err, fmt.Errorf("remove stream %s: %w", stream, derr))
				break
			}
		}
	}
	return runs, err
}
