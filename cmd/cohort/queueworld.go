package main

import (
	"fmt"
	"strings"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/remote/node"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// equip has the set-ups of workers run on the machines on which these are, if this one leads several.
func (o *queueOptions) equip(config *scheduler.Config) {
	w := config.World
	if o.leads == nil || w == nil || len(w.Worker) == 0 {
		return
	}
	o.leads.runner.Equip(node.World{
		Setups: w.Worker, Dir: w.Dir, ID: config.ID,
		Tell: func(out world.Outcome) { w.Tell(out) }, // it is set later
	})
}

// endWorlds tears down on all machines what set-ups of workers have built, or leaves it there. It says what
// has gone wrong in doing so.
func (o *queueOptions) endWorlds(w *scheduler.World, keep bool, log *logger) {
	if o.leads == nil || w == nil || len(w.Worker) == 0 {
		return
	}
	left, err := o.leads.runner.EndWorlds(keep)
	if err != nil {
		log.warnf("--queue: it is not known what came of tear-downs on other machines: %v", err)
	}
	for _, name := range left {
		log.warnf("machine %s went away: what its set-ups have started may still be there", name)
	}
}

// tellSetup says what goes wrong in set-ups on this machine, for those who look at it. The leader tells of
// all machines.
func (q *queueRun) tellSetup(out world.Outcome) {
	if out.Err != nil && q.runner.Load() == nil {
		q.door.say(fmt.Sprintf("=== Queue: %s: %v", setupOf(out).Title(), out.Err))
	}
}

// tellStays says what of the set-ups of this machine's workers stays, and how to end it.
func (q *queueRun) tellStays(left []world.Remains, keep bool) {
	why := "the tear-downs were left out"
	if keep {
		why = "the environment is kept (--keep-env)"
	}
	q.door.say(fmt.Sprintf("=== Queue: on %s %s; to end it, in this order:", q.node, why))
	for _, one := range left {
		q.door.say(strings.Join(stayLines(one), "\n"))
	}
}

// stayLines say what stays, and how to end it.
func stayLines(left world.Remains) []string {
	lines := []string{"  " + report.Setup{Name: left.Name, Worker: left.Worker, For: attemptTitle(left.For)}.Title()}
	for _, v := range left.Variables {
		lines = append(lines, "    it has set "+v.String())
	}
	if left.TearDown == "" {
		lines[len(lines)-1] += ": it has no teardown"
		return lines
	}
	return append(lines, "    "+left.TearDown)
}
