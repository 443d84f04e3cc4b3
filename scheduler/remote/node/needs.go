package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// World is what the processes of a run need of their workers.
type World struct {
	// Setups are the set-ups of each worker: first those that are run once, then those of each attempt.
	Setups []world.Setup
	// Dir is where their commands run, a folder below the module's root, ID the run's name for them.
	Dir, ID string
	// Tell hears what came of each command on any machine, in any goroutine.
	Tell func(world.Outcome)
}

// Needs are what the process of an order needs of its worker, and how that is set up.
type Needs struct {
	// Setups are those of a World, Dir is its folder from the module's root, with slashes, ID its name.
	Setups  []world.Setup
	Dir, ID string
	// Env is what the environment of the commands gets beyond that of the machine.
	Env []string `json:",omitempty"`
	// Own are the numbers of the set-ups that the process needs, For is whose attempt it is.
	Own []int
	For world.Attempt
}

// needs returns what a process needs of its worker, nil for nothing.
func (w *World) needs(l leaving, spec testbin.Spec) (*Needs, error) {
	if spec.Needs == nil {
		return nil, nil
	}
	if w == nil {
		return nil, errors.New("a process needs set-ups of its worker, and none are known")
	}
	dir, err := filepath.Rel(l.root, w.Dir)
	if err != nil || !filepath.IsLocal(dir) {
		return nil, fmt.Errorf("%s is not below the module's root %s: its set-ups cannot run on other machines", w.Dir, l.root)
	}
	of := spec.Needs
	return &Needs{
		Setups: w.Setups, Dir: filepath.ToSlash(dir), ID: w.ID, Env: l.values(spec, slices.Concat(l.names, spec.Given)),
		Own: of.Setups, For: world.Attempt{Number: of.Attempt, Package: of.Package, Unit: of.Unit},
	}, nil
}

// check returns an error for needs that no leader of this version sends.
func (n *Needs) check() error {
	if n == nil {
		return nil
	}
	if n.Dir != "." && !filepath.IsLocal(filepath.FromSlash(n.Dir)) {
		return fmt.Errorf("an order has set-ups in the folder %q, which is not below the module's root", n.Dir)
	}
	for _, own := range n.Own {
		if own < 0 || own >= len(n.Setups) {
			return fmt.Errorf("an order needs set-up %d of %d", own, len(n.Setups))
		}
	}
	for i, s := range n.Setups {
		if s.Run.None() {
			return fmt.Errorf("an order has a set-up %q without a command", s.Name)
		}
		if i > 0 && n.Setups[i-1].PerAttempt && !s.PerAttempt {
			return fmt.Errorf("an order has set-up %q behind one of each attempt", s.Name)
		}
	}
	return nil
}

// lasting is how many of the set-ups are run once for a worker.
func (n *Needs) lasting() int {
	if i := slices.IndexFunc(n.Setups, func(s world.Setup) bool { return s.PerAttempt }); i >= 0 {
		return i
	}
	return len(n.Setups)
}

// key tells the worlds of two leaders apart: what was built for one is not what the other's tests need.
func (n *Needs) key() string {
	text, err := json.Marshal([]any{n.Setups, n.Dir, n.ID, n.Env})
	if err != nil {
		panic(fmt.Sprintf("texts cannot be written as JSON: %v", err))
	}
	return sumOf(text)
}

// longest is how long all that may have to be done before the process can start.
func (n *Needs) longest() time.Duration {
	sum := margin
	for _, s := range n.Setups {
		timeout := s.Timeout
		if timeout <= 0 {
			timeout = world.DefaultTimeout
		}
		sum += 2 * (timeout + worldGrace) // what stands for another attempt is torn down before
	}
	return sum
}

// worldGrace is more than what a command has to end after its time.
const worldGrace = 15 * time.Second

// Outcome is what came of a command of a set-up, as a message.
type Outcome struct {
	// Seq is its number on the machine.
	Seq             int
	Worker, Number  int
	TearDown        bool          `json:",omitempty"`
	For             world.Attempt `json:",omitzero"`
	Name, Command   string
	Problem, Output string `json:",omitempty"`
	Start, End      time.Time
}

// maxOutcomes bounds what the outputs of commands take of one message, in bytes: each may become six.
const maxOutcomes = 96 << 10

// packOutcome returns an outcome as a message. Nobody asks for what a command of one attempt has printed
// that went well.
func packOutcome(seq int, o world.Outcome) Outcome {
	out := Outcome{
		Seq: seq, Worker: o.Worker, Number: o.Number, TearDown: o.TearDown, For: o.For,
		Name: o.Name, Command: o.Command, Output: o.Output, Start: o.Start, End: o.End,
	}
	if o.Err != nil {
		out.Problem = o.Err.Error()
	} else if o.For != (world.Attempt{}) {
		out.Output = ""
	}
	return out
}

// outcome returns a message as what came of a command on a machine. Its times are by the clock of this one
// as far as that is known: it has ended by now.
func (o Outcome) outcome(machine string, begun, now time.Time) world.Outcome {
	out := world.Outcome{
		Action: world.Action{Part: world.Part{Worker: o.Worker, Number: o.Number}, TearDown: o.TearDown, For: o.For},
		Name:   o.Name, Machine: machine, Command: o.Command, Output: o.Output, Start: o.Start, End: o.End,
	}
	if out.Start.Before(begun) || out.End.After(now) {
		out.Start, out.End = now.Add(-o.End.Sub(o.Start)), now
	}
	if o.Problem != "" {
		out.Err = errors.New(o.Problem)
	}
	return out
}

// bounded leaves out of outputs what would not fit into a message, the middle of the longest first.
func bounded(all []Outcome) []Outcome {
	all = slices.Clone(all)
	for most := maxOutcomes; ; most /= 2 {
		sum := 0
		for i, o := range all {
			if len(o.Output) > most {
				all[i].Output = o.Output[:most/2] + "\n... left out ...\n" + o.Output[len(o.Output)-most/2:]
			}
			sum += len(all[i].Output)
		}
		if sum <= maxOutcomes || most == 0 {
			return all
		}
	}
}

// worldKey is where a machine leaves what came of commands that no result has told of, for the nth time.
func worldKey(machine string, n int) remote.Key {
	return remote.Key{Batch: "world-" + sumOf([]byte(machine))[:32], Attempt: n}
}
