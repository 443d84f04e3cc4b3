package machine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// LeaderConfig says what a leader is. Nothing changes it.
type LeaderConfig struct {
	// Node is the machine's name.
	Node  string
	Terms remote.Terms
	// Wait is how long the leader waits for a server before it gives the run up.
	Wait time.Duration
	// Grace is how long after a stop the agents may take to end a process.
	Grace time.Duration
}

// Batch is what a leader has to know of one.
type Batch struct {
	Key remote.Key
	// Binary is the sum of its binary, Unit how long the longest part of it is thought to take that
	// cannot be divided, 0 for not known.
	Binary string
	Unit   time.Duration
	// Claim is what it is about.
	Claim remote.Claim
}

// Leader decides what the machine does that leads. It is for one goroutine.
//
// A batch is published, is out, and its result is read and delivered. One that is in no lane and has
// no result, although the server has acknowledged it, is published again.
type Leader struct {
	cfg     LeaderConfig
	lock    lock
	batches map[remote.Key]*batch
	agenda  agenda
	ending  []*batch       // those that have a giveUp
	load    map[string]int // batches by lane
	early   map[remote.Key]bool
	nodes   map[string]*node
	names   []string // of nodes, sorted
	slots   int      // of the nodes that take work
	count   int      // of batches so far
	total   time.Duration
	losses  losses
	ships   map[string]*ship // by binary
	wanted  []string         // of ships, that are to be stored, in that order
	heir    bool             // there was another leader
	past    past

	state    remote.State // as it should be
	set      bool         // the server has it
	setting  errand
	survey   errand
	patience map[string]int // surveys in a row in which a lane was stuck
	moved    map[string]bool

	worlds   worlds
	downFrom time.Time
	aborted  string
	finished bool
	gone     bool
	todo     []Act
}

// stage is how far a batch is.
type stage uint8

const (
	publishing stage = iota
	out
	reading
	clearing // its result was read: it is taken out of the queue first
)

type batch struct {
	Batch
	entry
	stage stage
	lane  string
	round int
	work  errand // of the stage; when out, the check
	// owed reports that the queue has not got it: without a result it is published again.
	owed bool
	// fresh reports that a result was told of while it was being read.
	fresh bool
	// took are the nodes that have had it, in that order.
	took []string
	stop *remote.Stop
	// halt is telling the agents of stop, giveUp when nobody waits any more.
	halt   errand
	sent   remote.Stop
	told   bool
	giveUp time.Time
	clear  clearance
}

// NewLeader returns the leader of a run that has the lock since a time. State is that of the run.
func NewLeader(cfg LeaderConfig, asked time.Time, run remote.Run) *Leader {
	l := &Leader{
		cfg: cfg, batches: make(map[remote.Key]*batch), early: make(map[remote.Key]bool), nodes: make(map[string]*node), load: make(map[string]int),
		state: run.State, patience: make(map[string]int), moved: make(map[string]bool), ships: make(map[string]*ship),
	}
	l.heir = run.Led()
	l.past = past{open: l.heir, known: !l.heir, works: make(map[remote.Key]*pastWork)}
	l.state.Counted = slices.Clone(run.State.Counted)
	l.state.Ends, l.state.Keep = 0, false // tests run again
	l.state.Phase = remote.Running
	l.state.Numbers = maps.Clone(run.State.Numbers)
	if l.state.Numbers == nil {
		l.state.Numbers = make(map[string]int)
	}
	l.state.Survived = slices.Clone(run.State.Survived)
	l.state.Sick, l.state.Left = slices.Clone(run.State.Sick), slices.Clone(run.State.Left)
	l.lock.fence, l.lock.until = run.Fence, asked.Add(cfg.Terms.LeaderTTL)
	l.lock.renew.end(asked.Add(cfg.Terms.LeaderTTL / 3))
	l.survey.end(asked.Add(cfg.Terms.AckWait))
	return l
}

// Expect says what all batches of the run take together by past runs. Without it that is not known.
func (l *Leader) Expect(total time.Duration) { l.total = total }

// Submit takes a batch that is to run. Its key is new.
func (l *Leader) Submit(b Batch) {
	if l.batches[b.Key] != nil {
		panic(fmt.Sprintf("batch %v is submitted twice", b.Key))
	}
	l.count++
	l.known(b.Binary)
	n := &batch{Batch: b, entry: entry{number: l.count, place: -1}}
	switch {
	case l.early[b.Key]:
		n.stage = reading
		delete(l.early, b.Key)
	case l.heir: // it may be in the queue
		n.stage = out
	default:
		l.send(n)
	}
	l.batches[b.Key] = n
	delete(l.past.works, b.Key) // it is this leader's now
	l.touch(b.Key)
}

// send chooses the lane of a batch.
func (l *Leader) send(b *batch) {
	l.unload(b)
	b.lane = l.choose(b.Batch)
	l.load[b.lane]++
	l.wantFor(b)
}

// unload takes a batch out of what is counted of its lane.
func (l *Leader) unload(b *batch) {
	if b.lane != "" {
		l.load[b.lane]--
	}
}

// Published takes what came of a Publish.
func (l *Leader) Published(now time.Time, k remote.Key, err error) {
	defer l.touch(k)
	l.answered(now, err)
	b := l.at(k, publishing)
	switch {
	case b == nil:
	case errors.Is(err, remote.ErrTooLarge):
		l.deliver(b, "", err)
	case err != nil:
		b.work.end(now.Add(retryPause))
	default:
		b.stage = out
		b.work.end(now.Add(2 * l.cfg.Terms.AckWait))
	}
}

// at returns the batch of a key at a stage, nil for none.
func (l *Leader) at(k remote.Key, s stage) *batch {
	if b := l.batches[k]; b != nil && b.stage == s {
		return b
	}
	return nil
}

// Result takes a ResultEvent.
func (l *Leader) Result(k remote.Key) {
	defer l.touch(k)
	b := l.batches[k]
	switch {
	case b == nil:
		l.early[k] = true // of an earlier leader, or known already
	case b.stage == reading:
		b.fresh = true
	case b.stage == clearing: // it was read
	default:
		b.stage, b.work = reading, errand{}
	}
}

// Read takes what came of a Read: which node's result it is, of which kind, and whether the process
// passed.
func (l *Leader) Read(now time.Time, k remote.Key, nodeName string, what What, passed bool, err error) {
	defer l.touch(k)
	l.answered(now, err)
	b := l.at(k, reading)
	switch {
	case b == nil:
	case errors.Is(err, remote.ErrGone) && b.fresh:
		b.fresh = false
		b.work.end(now)
	case errors.Is(err, remote.ErrGone) && !b.owed && b.lane != "":
		b.stage = out
		b.work.end(now) // look for it in the queue
	case errors.Is(err, remote.ErrGone):
		l.again(b)
	case err != nil:
		b.work.end(now.Add(retryPause))
	default:
		if what == Ran {
			l.health(nodeName, passed)
		}
		l.moved[b.lane] = true
		l.conclude(now, b, nodeName)
	}
}

// again publishes a batch once more.
func (l *Leader) again(b *batch) {
	b.stage, b.work, b.owed = publishing, errand{}, false
	b.round++
	l.send(b)
}

// deliver ends a batch, with the result of a node or an error.
func (l *Leader) deliver(b *batch, from string, err error) {
	l.todo = append(l.todo, Deliver{b.Key, b.took, err})
	delete(l.batches, b.Key)
	l.forget(b.Key)
	l.agenda.remove(b)
	l.ending = slices.DeleteFunc(l.ending, func(other *batch) bool { return other == b })
	l.unload(b)
	for _, n := range l.nodes {
		if err == nil && n.Name != from && slices.Contains(n.Holds, b.Key) {
			n.passing++
		}
	}
	for _, loss := range l.losses.all {
		if loss.open[b.Key] && err == nil && from != loss.node {
			loss.again++
		}
		delete(loss.open, b.Key)
	}
}

func (l *Leader) say(text string) { l.todo = append(l.todo, Say{text}) }

// Checked takes whether a batch is in the queue.
func (l *Leader) Checked(now time.Time, k remote.Key, held bool, err error) {
	defer l.touch(k)
	l.answered(now, err)
	if b := l.at(k, clearing); b != nil {
		l.cleared(now, b, held, err)
		return
	}
	b := l.at(k, out)
	switch {
	case b == nil:
	case err != nil:
		b.work.end(now.Add(retryPause))
	case held:
		b.work.end(now.Add(2 * l.cfg.Terms.AckWait))
	default: // it has a result, or it was lost
		b.stage, b.work, b.owed = reading, errand{}, true
	}
}

// Halt stops a batch. It is delivered when its process has ended, or with an error if nobody has
// said so in time.
func (l *Leader) Halt(now time.Time, s remote.Stop) {
	k := remote.Key{Batch: s.Batch, Attempt: s.Attempt}
	defer l.touch(k)
	b := l.batches[k]
	if b == nil || b.stop != nil && *b.stop == s {
		return
	}
	b.stop, b.told, b.halt.next = &s, false, time.Time{}
	l.expect(b, now, s.Quit, s.Kill)
}

// expect says when the end of a batch's process is to be heard of: not at any time after a process was
// asked for its goroutines, and soon after it was to be killed.
func (l *Leader) expect(b *batch, now time.Time, quit, kill bool) {
	if b.giveUp.IsZero() && (kill || !quit) {
		l.ending = append(l.ending, b)
	}
	switch at := now.Add(l.cfg.Grace + l.cfg.Terms.AckWait); {
	case kill:
		if soon := now.Add(l.cfg.Terms.AckWait / 3); b.giveUp.IsZero() || soon.Before(b.giveUp) {
			b.giveUp = soon
		}
	case b.giveUp.IsZero() && !quit:
		b.giveUp = at
	}
}

// Stopped takes what came of a Stop.
func (l *Leader) Stopped(now time.Time, k remote.Key, err error) {
	defer l.touch(k)
	l.answered(now, err)
	if errors.Is(err, remote.ErrRefused) {
		l.abort("another machine leads the run now: it does not take this one's orders")
	}
	b, w := l.batches[k], l.past.works[k]
	switch {
	case w != nil:
		w.stopped(now, err)
	case b != nil && b.stage == clearing && !b.halt.busy:
		b.clear.told = err == nil
		b.work.end(now.Add(pastPause))
	case b == nil || b.stop == nil:
	case err != nil:
		b.halt.end(now.Add(retryPause))
	default:
		b.halt.end(now)
		b.told = b.sent == *b.stop // there may be another one since
	}
}
