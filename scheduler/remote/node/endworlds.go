package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
)

// Equip says what processes need of their workers. It is called before Run.
func (r *Runner) Equip(w World) { r.world = &w }

// hear tells what came of set-ups on a machine, each once.
func (r *Runner) hear(node string, all []Outcome) {
	for _, o := range all {
		key := fmt.Sprint(node, " ", o.Seq)
		r.mu.Lock()
		known := r.heard[key]
		r.heard[key] = true
		r.mu.Unlock()
		if !known && r.world != nil && r.world.Tell != nil {
			r.world.Tell(o.outcome(node, r.began, r.lead.cfg.Now()))
		}
	}
}

// EndWorlds has all machines tear down what set-ups of their workers have built, unless it is to stay, tells
// what came of that, and returns the machines that went away before they had done so. It is called when no
// process is to run any more. It waits for all machines that are there, though not for a server that is gone
// once the run was called off, and ends with the leader.
func (r *Runner) EndWorlds(keep bool) (left []string, err error) {
	ended, err := r.lead.endWorlds(keep)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.lead.ctx, r.lead.cfg.Terms.AckWait)
	defer cancel()
	var errs []error
	for _, name := range ended.Nodes {
		errs = append(errs, r.hearLast(ctx, name))
		if ctx.Err() != nil {
			break // no server answers, and so it is with the others
		}
	}
	return ended.Left, errors.Join(errs...)
}

// hearLast tells what a machine has left when its world ended.
func (r *Runner) hearLast(ctx context.Context, name string) error {
	for n := 0; ; n++ {
		var result remote.Result
		err := patiently(ctx, func() (err error) {
			k := worldKey(name, n)
			result, err = r.cfg.Engine.GetResult(ctx, k.Batch, k.Attempt)
			return err
		})
		if errors.Is(err, remote.ErrGone) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what came of tear-downs on %s: %w", name, err)
		}
		report, _, err := unpackReport(result.Payload)
		if err != nil {
			return fmt.Errorf("machine %s: %w", name, err)
		}
		r.hear(name, report.World)
	}
}

// endWorlds waits until all machines have ended what set-ups have built.
func (l *Lead) endWorlds(keep bool) (machine.WorldsEnded, error) {
	l.loop.tell(func(time.Time) { l.machine.EndWorlds(keep) })
	select {
	case ended := <-l.worlds:
		return ended, nil
	case <-l.loop.ended:
		return machine.WorldsEnded{}, l.why()
	}
}
