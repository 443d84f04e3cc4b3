package machine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// Shares by which a leader chooses lanes.
const (
	longShare = 0.05 // of the ideal time of the run: a batch that takes more is in LaneLong
	crowded   = 1.25 // batches for each worker of a node: one more goes elsewhere
)

// A node is sick after so many failures in a row, if meanwhile at least as many batches passed
// elsewhere and of ten at most one failed there.
const sickAfter = 10

// stuckAfter is how many surveys in a row find a lane with work, and idle nodes, before its consumer
// is made anew.
const stuckAfter = 4

// awayNotice is how long a server is away before a line says so.
const awayNotice = 5 * time.Second

// LeaderConfig says what a leader is. Nothing changes it.
type LeaderConfig struct {
	// Node is the machine's name.
	Node  string
	Terms remote.Terms
	// Wait is how long the leader waits for a server before it gives the run up.
	Wait time.Duration
	// Total is what all batches of the run take together, by the history; 0 if that is not known.
	Total time.Duration
	// Grace is how long after a stop the agents may take to end a process.
	Grace time.Duration
}

// Batch is what a leader has to know of one.
type Batch struct {
	Key remote.Key
	// Binary is the sum of its binary, Estimate how long it is thought to take, 0 for not known.
	Binary   string
	Estimate time.Duration
}

// Leader decides what the machine does that leads. It is for one goroutine.
//
// A batch is published, is out, and its result is read and delivered. One that is in no lane and has
// no result, although the server has acknowledged it, is published again.
type Leader struct {
	cfg     LeaderConfig
	lock    lock
	batches map[remote.Key]*batch
	order   []*batch // by submission, those that are not over
	early   map[remote.Key]bool
	nodes   map[string]*node
	losses  []*loss
	heir    bool // there was another leader

	state    remote.State // as it should be
	set      bool         // the server has it
	setting  errand
	survey   errand
	patience map[string]int // surveys in a row in which a lane was stuck
	moved    map[string]bool

	downFrom time.Time
	aborted  string
	finished bool
	gone     bool
	todo     []Act
}

// lock is the leader's.
type lock struct {
	fence remote.Fence
	until time.Time // by this machine's clock
	renew errand
}

// stage is how far a batch is.
type stage uint8

const (
	publishing stage = iota
	out
	reading
)

type batch struct {
	Batch
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
}

// node is a machine that has announced itself.
type node struct {
	remote.Node
	here     bool
	binaries map[string]bool
	// passing counts batches that it has said it holds, and that have a result of another node: it
	// may be gone, and its time has not run out yet.
	passing int
	streak  int // failures in a row
	// passed and failed are of the other nodes since the streak began.
	passed, failed int
}

// loss is a node that went away with batches.
type loss struct {
	node  string
	held  int
	again int // that have a result of another node
	open  map[remote.Key]bool
}

// NewLeader returns the leader of a run that has the lock since a time. State is that of the run.
func NewLeader(cfg LeaderConfig, asked time.Time, run remote.Run) *Leader {
	l := &Leader{
		cfg: cfg, batches: make(map[remote.Key]*batch), early: make(map[remote.Key]bool), nodes: make(map[string]*node),
		state: run.State, patience: make(map[string]int), moved: make(map[string]bool),
	}
	l.heir = len(run.State.Numbers) > 0
	l.state.Phase = remote.Running
	l.state.Numbers = maps.Clone(run.State.Numbers)
	if l.state.Numbers == nil {
		l.state.Numbers = make(map[string]int)
	}
	l.state.Sick = slices.Clone(run.State.Sick)
	l.lock.fence, l.lock.until = run.Fence, asked.Add(cfg.Terms.LeaderTTL)
	l.lock.renew.end(asked.Add(cfg.Terms.LeaderTTL / 3))
	l.survey.end(asked.Add(cfg.Terms.AckWait))
	return l
}

// Submit takes a batch that is to run. Its key is new.
func (l *Leader) Submit(b Batch) {
	if l.batches[b.Key] != nil {
		panic(fmt.Sprintf("batch %v is submitted twice", b.Key))
	}
	n := &batch{Batch: b}
	switch {
	case l.early[b.Key]:
		n.stage = reading
		delete(l.early, b.Key)
	case l.heir: // it may be in the queue
		n.stage = out
	default:
		n.lane = l.choose(b)
	}
	l.batches[b.Key] = n
	l.order = append(l.order, n)
}

// choose returns the lane for a batch: a node that has its binary, if that is not crowded.
func (l *Leader) choose(b Batch) string {
	slots := 0
	for _, n := range l.nodes {
		if l.works(n) {
			slots += n.Slots
		}
	}
	if l.cfg.Total > 0 && slots > 0 && float64(b.Estimate) > longShare*float64(l.cfg.Total)/float64(slots) {
		return LaneLong
	}
	load := make(map[string]int)
	for _, other := range l.order {
		load[other.lane]++
	}
	best, has := (*node)(nil), false
	measure := func(n *node) float64 { return float64(load[n.Name]) / float64(n.Slots) }
	for _, name := range slices.Sorted(maps.Keys(l.nodes)) {
		n := l.nodes[name]
		if !l.works(n) {
			continue
		}
		near := n.binaries[b.Binary] && measure(n) < crowded
		if best == nil || near && !has || near == has && measure(n) < measure(best) {
			best, has = n, near
		}
	}
	if best == nil {
		return l.cfg.Node // its own agent, and whoever steals from it
	}
	best.binaries[b.Binary] = true
	return best.Name
}

// works reports whether a node takes work.
func (l *Leader) works(n *node) bool {
	return n.here && n.Slots > 0 && !slices.Contains(l.state.Sick, n.Name)
}

// Published takes what came of a Publish.
func (l *Leader) Published(now time.Time, k remote.Key, err error) {
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
	b := l.batches[k]
	switch {
	case b == nil:
		l.early[k] = true // of an earlier leader, or known already
	case b.stage == reading:
		b.fresh = true
	default:
		b.stage, b.work = reading, errand{}
	}
}

// Read takes what came of a Read: which node's result it is, of which kind, and whether the process
// passed.
func (l *Leader) Read(now time.Time, k remote.Key, nodeName string, what What, passed bool, err error) {
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
		l.deliver(b, nodeName, nil)
	}
}

// again publishes a batch once more.
func (l *Leader) again(b *batch) {
	b.stage, b.work, b.owed = publishing, errand{}, false
	b.round++
	b.lane = l.choose(b.Batch)
}

// deliver ends a batch, with the result of a node or an error.
func (l *Leader) deliver(b *batch, from string, err error) {
	l.todo = append(l.todo, Deliver{b.Key, b.took, err})
	delete(l.batches, b.Key)
	l.order = slices.DeleteFunc(l.order, func(other *batch) bool { return other == b })
	for _, n := range l.nodes {
		if err == nil && n.Name != from && slices.Contains(n.Holds, b.Key) {
			n.passing++
		}
	}
	for _, loss := range l.losses {
		if loss.open[b.Key] && err == nil && from != loss.node {
			loss.again++
		}
		delete(loss.open, b.Key)
	}
	l.tellLosses(false)
}

// tellLosses says which nodes went away, once their batches have run elsewhere, or all at the end.
func (l *Leader) tellLosses(all bool) {
	l.losses = slices.DeleteFunc(l.losses, func(x *loss) bool {
		if len(x.open) > 0 && !all {
			return false
		}
		l.say(lossText(x))
		return true
	})
}

func lossText(x *loss) string {
	switch {
	case x.held == 0:
		return fmt.Sprintf("=== Lost: node %s went away, it had no batch", x.node)
	case x.again == 0:
		return fmt.Sprintf("=== Lost: node %s went away, no batch ran again elsewhere", x.node)
	case x.again == 1:
		return fmt.Sprintf("=== Lost: node %s went away, 1 batch ran again elsewhere", x.node)
	}
	return fmt.Sprintf("=== Lost: node %s went away, %d batches ran again elsewhere", x.node, x.again)
}

func (l *Leader) say(text string) { l.todo = append(l.todo, Say{text}) }

// health takes how a process ended that ran on a node, and finds out whether the node is sick.
func (l *Leader) health(name string, passed bool) {
	for _, n := range l.nodes {
		switch {
		case n.Name == name && passed:
			n.streak, n.passed, n.failed = 0, 0, 0
		case n.Name == name:
			n.streak++
		case passed:
			n.passed++
		default:
			n.failed++
		}
	}
	n := l.nodes[name]
	if n == nil || n.streak < sickAfter || n.passed < sickAfter || n.failed*10 > n.passed || slices.Contains(l.state.Sick, name) {
		return
	}
	l.state.Sick, l.set = append(slices.Clone(l.state.Sick), name), false
	l.say(fmt.Sprintf("=== Sick: node %s takes no more work: its last %d batches failed, %d passed elsewhere", name, n.streak, n.passed))
}

// Checked takes whether a batch is in the queue.
func (l *Leader) Checked(now time.Time, k remote.Key, held bool, err error) {
	l.answered(now, err)
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

// Node takes a NodeEvent of a node that is there.
func (l *Leader) Node(n remote.Node) {
	known := l.nodes[n.Name]
	if known == nil {
		known = &node{binaries: make(map[string]bool)}
		l.nodes[n.Name] = known
	}
	known.Node, known.here, known.passing = n, true, 0
	for _, sum := range n.Has {
		known.binaries[sum] = true
	}
	for _, k := range n.Holds {
		if b := l.batches[k]; b != nil {
			l.moved[b.lane] = true
			if !slices.Contains(b.took, n.Name) {
				b.took = append(b.took, n.Name)
			}
		}
	}
	if _, ok := l.state.Numbers[n.Name]; !ok && n.Slots > 0 {
		l.state.Numbers[n.Name] = l.state.Workers
		l.state.Workers += n.Slots
		l.set = false
	}
}

// Gone takes a NodeEvent of a node that has gone.
func (l *Leader) Gone(name string) {
	n := l.nodes[name]
	if n == nil || !n.here {
		return
	}
	n.here = false
	x := &loss{node: name, again: n.passing, open: make(map[remote.Key]bool)}
	for _, k := range n.Holds {
		if l.batches[k] != nil {
			x.open[k] = true
		}
	}
	x.held = n.passing + len(x.open)
	n.Holds, n.passing = nil, 0
	l.losses = append(l.losses, x)
	l.tellLosses(false)
}

// Lanes takes what Survey has found.
func (l *Leader) Lanes(now time.Time, lanes []remote.Lane, err error) {
	l.survey.end(now.Add(l.cfg.Terms.AckWait))
	l.answered(now, err)
	if err != nil {
		return
	}
	idle := false
	for _, n := range l.nodes {
		idle = idle || l.works(n) && len(n.Holds) < n.Slots
	}
	stuck := make(map[string]int)
	for _, lane := range lanes {
		if lane.Waiting > 0 && idle && !l.moved[lane.Name] {
			stuck[lane.Name] = l.patience[lane.Name] + 1
		}
		if stuck[lane.Name] >= stuckAfter {
			stuck[lane.Name] = 0
			l.todo = append(l.todo, Repair{lane.Name})
			l.say(fmt.Sprintf("=== Queue: nobody got the %d batches of lane %s, its consumer is made anew", lane.Waiting, lane.Name))
		}
	}
	l.patience, l.moved = stuck, make(map[string]bool)
}

// Late returns how many results came second.
func (l *Leader) Late() (n int) {
	for _, node := range l.nodes {
		n += node.Late
	}
	return n
}

// Renewed takes what came of a Renew that was begun at a time.
func (l *Leader) Renewed(now, asked time.Time, f remote.Fence, err error) {
	l.answered(now, err)
	next := asked.Add(l.cfg.Terms.LeaderTTL / 3)
	switch {
	case err == nil:
		l.lock.fence, l.lock.until = f, asked.Add(l.cfg.Terms.LeaderTTL)
	case errors.Is(err, remote.ErrRefused):
		l.abort("another machine leads the run now: this one did not renew its lock in time")
	default:
		next = now.Add(retryPause)
	}
	l.lock.renew.end(next)
}

// Heard takes a RunEvent. It may be an old one.
func (l *Leader) Heard(run remote.Run) {
	if run.Leader != "" && run.Leader != l.cfg.Node && run.Fence > l.lock.fence {
		l.abort(fmt.Sprintf("node %s leads the run now: this machine did not renew its lock in time", run.Leader))
	}
}

// Link takes a LinkEvent.
func (l *Leader) Link(now time.Time, up bool) {
	if !up {
		if l.downFrom.IsZero() {
			l.downFrom = now
		}
		return
	}
	if away := now.Sub(l.downFrom); !l.downFrom.IsZero() && away > awayNotice {
		l.say(fmt.Sprintf("=== Queue: the server did not answer for %v", away.Round(time.Second)))
	}
	l.downFrom = time.Time{}
}

// answered takes the error of a call: whether the server is there, and whether it makes sense to go
// on.
func (l *Leader) answered(now time.Time, err error) {
	switch {
	case errors.Is(err, remote.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
		l.Link(now, false)
	case errors.Is(err, remote.ErrDenied), errors.Is(err, remote.ErrTooOld), errors.Is(err, remote.ErrFull), errors.Is(err, remote.ErrClosed):
		l.abort(err.Error())
	case err == nil:
		l.Link(now, true) // an engine may know by itself that there is no work, or no lease
	}
}

// Broken ends the leader: it cannot go on.
func (l *Leader) Broken(err error) { l.abort(err.Error()) }

func (l *Leader) abort(why string) { l.aborted = cmp.Or(l.aborted, why) }

// Halt stops a batch. It is delivered when its process has ended, or with an error if nobody has
// said so in time.
func (l *Leader) Halt(now time.Time, s remote.Stop) {
	b := l.batches[remote.Key{Batch: s.Batch, Attempt: s.Attempt}]
	if b == nil || b.stop != nil && *b.stop == s {
		return
	}
	b.stop, b.told, b.halt.next = &s, false, time.Time{}
	if b.giveUp.IsZero() && !s.Quit {
		b.giveUp = now.Add(l.cfg.Grace + l.cfg.Terms.AckWait)
	}
}

// Stopped takes what came of a Stop.
func (l *Leader) Stopped(now time.Time, k remote.Key, err error) {
	l.answered(now, err)
	if errors.Is(err, remote.ErrRefused) {
		l.abort("another machine leads the run now: it does not take this one's orders")
	}
	b := l.batches[k]
	switch {
	case b == nil:
	case err != nil:
		b.halt.end(now.Add(retryPause))
	default:
		b.halt.end(now)
		b.told = b.sent == *b.stop // there may be another one since
	}
}

// Cancel ends the whole run. A second call with kill ends it without grace.
func (l *Leader) Cancel(now time.Time, signal int, kill bool) {
	if l.state.Phase == remote.Done || l.state.Phase == remote.Canceled && l.state.Kill == kill {
		return
	}
	l.state.Phase, l.state.Signal, l.state.Kill, l.set = remote.Canceled, signal, kill, false
	for _, b := range l.order {
		b.giveUp = now.Add(l.cfg.Grace + l.cfg.Terms.AckWait)
	}
}

// errCanceled is of a batch that was not published before the run was canceled.
var errCanceled = errors.New("the run was canceled before any machine had it")

// Finish says how the run has ended. The leader goes once all others can know it.
func (l *Leader) Finish(code int, verdict string) {
	for _, name := range slices.Sorted(maps.Keys(l.nodes)) {
		if l.nodes[name].passing > 0 {
			l.Gone(name)
		}
	}
	l.tellLosses(true)
	if n := l.Late(); n > 0 {
		l.say(fmt.Sprintf("=== Queue: %d results came second and did not count", n))
	}
	l.state.Phase, l.state.Code, l.state.Verdict, l.set = remote.Done, code, verdict, false
}

// StateSet takes what came of a SetState that said s.
func (l *Leader) StateSet(now time.Time, s remote.State, err error) {
	l.answered(now, err)
	l.setting.end(now)
	switch {
	case errors.Is(err, remote.ErrRefused):
		l.abort("another machine leads the run now: it does not take this one's word")
	case errors.Is(err, remote.ErrExists):
		l.abort("the run is over: another machine has given its result")
	case err != nil:
		l.set = false
		l.setting.end(now.Add(retryPause))
	case s.Phase == remote.Done:
		l.finished = true
	}
}

// Due returns what is to be done now. It is called after each of the other methods, and when the
// time of Next has come.
func (l *Leader) Due(now time.Time) []Act {
	todo := l.todo
	l.todo = nil
	do := func(act Act) { todo = append(todo, act) }
	if !l.downFrom.IsZero() && !now.Before(l.downFrom.Add(l.cfg.Wait)) {
		l.abort(fmt.Sprintf("the queue's server has not answered for %v", l.cfg.Wait))
	}
	switch {
	case l.gone:
		return nil
	case l.aborted != "":
		l.gone = true
		return []Act{Abort{l.aborted}} // what was not delivered is not to be believed
	case l.finished:
		l.gone = true
		return append(todo, Finished{})
	}
	renew := l.renewal(now)
	if !now.Before(l.lock.until) {
		// Another machine may lead. Nothing happens until it is known that none does.
		l.todo = todo
		return renew
	}
	todo = append(todo, renew...)
	if !l.set && l.setting.due(now) {
		l.setting.begin()
		l.set = true
		s := l.state
		s.Numbers = maps.Clone(s.Numbers)
		do(SetState{l.lock.fence, s})
	}
	if l.survey.due(now) {
		l.survey.begin()
		do(Survey{})
	}
	for _, b := range slices.Clone(l.order) {
		l.advance(now, b, do)
	}
	todo = append(todo, l.todo...)
	l.todo = nil
	return todo
}

// renewal keeps the lock.
func (l *Leader) renewal(now time.Time) []Act {
	if !l.lock.renew.due(now) {
		return nil
	}
	l.lock.renew.begin()
	return []Act{Renew{l.lock.fence}}
}

// advance does the next of a batch.
func (l *Leader) advance(now time.Time, b *batch, do func(Act)) {
	if !b.giveUp.IsZero() && !now.Before(b.giveUp) {
		l.deliver(b, "", fmt.Errorf("no machine has said within %v that it has ended its process", l.cfg.Grace+l.cfg.Terms.AckWait))
		return
	}
	if b.stage == publishing && b.round == 0 && !b.work.busy && l.state.Phase == remote.Canceled {
		l.deliver(b, "", errCanceled)
		return
	}
	if b.stop != nil && !b.told && l.state.Phase == remote.Running && b.halt.due(now) {
		b.halt.begin()
		b.sent = *b.stop
		do(Stop{l.lock.fence, *b.stop})
	}
	if !b.work.due(now) {
		return
	}
	b.work.begin()
	switch b.stage {
	case publishing:
		do(Publish{b.Key, b.lane, b.round})
	case out:
		do(Check{b.Key})
	case reading:
		do(Read{b.Key})
	}
}

// Next returns when Due has something to do, unless something happens before. It is zero for a
// leader that has gone.
func (l *Leader) Next(now time.Time) time.Time {
	if l.gone {
		return time.Time{}
	}
	next := now.Add(l.cfg.Terms.LeaderTTL / 3)
	at := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	errands := []errand{l.lock.renew, l.setting, l.survey}
	for _, b := range l.order {
		errands = append(errands, b.work, b.halt)
		at(b.giveUp)
	}
	for _, e := range errands {
		if !e.busy {
			at(e.next)
		}
	}
	at(l.lock.until)
	if !l.downFrom.IsZero() {
		at(l.downFrom.Add(l.cfg.Wait))
	}
	return next
}
