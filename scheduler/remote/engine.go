package remote

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Protocol is the version of the messages. Machines of one run have the same one.
const Protocol = 4

// Sizes that every engine keeps to, in bytes.
const (
	// MaxPayload bounds the payload of a [Work] and a [Result].
	MaxPayload = 1<<20 - 16<<10 // a message of 1 MiB, its headers included
	// MaxChunk bounds a chunk of output.
	MaxChunk = 256 << 10
	// MaxID is the longest name of a run, node, lane or batch.
	MaxID = 64
)

// The errors that an [Engine] tells apart, wrapped in one that names the operation. All others are
// of one call that may be tried again.
var (
	// ErrEmpty: no work came within the wait.
	ErrEmpty = errors.New("no work")
	// ErrGone: what was asked for is not there, or no more.
	ErrGone = errors.New("not there")
	// ErrRefused: the fence is of a machine that does not lead any more.
	ErrRefused = errors.New("another machine leads")
	// ErrExists: something else has this name.
	ErrExists = errors.New("already there")
	// ErrFull: a limit of the server was reached; the text says which.
	ErrFull = errors.New("full")
	// ErrDenied: the server does not allow it to these credentials.
	ErrDenied = errors.New("not allowed")
	// ErrTooOld: the server or the peer is of a version that cannot do this.
	ErrTooOld = errors.New("too old")
	// ErrTooLarge: a message is over its limit.
	ErrTooLarge = errors.New("too large")
	// ErrLost: the lease has run out; the work may be with another machine.
	ErrLost = errors.New("the lease has run out")
	// ErrUnreachable: no server answered.
	ErrUnreachable = errors.New("no answer from the queue's server")
	// ErrClosed: the engine was closed, or the program that serves it has ended.
	ErrClosed = errors.New("closed")
)

// EndsRun reports whether an error is one after which a run cannot go on, since each call will have it.
func EndsRun(err error) bool {
	return errors.Is(err, ErrDenied) || errors.Is(err, ErrTooOld) || errors.Is(err, ErrFull) || errors.Is(err, ErrClosed)
}

// Engine is what the machines of one run share: a queue of work with leases, results of which the
// first counts, output, files, and what is known of the run. An engine is of one run and one node,
// those that it was opened with.
//
// All methods may be called concurrently, and keep no argument after they have returned. They
// return soon after ctx has ended. While the server is away they wait for it until ctx ends, and
// then return [ErrUnreachable]: whether such a call had an effect is not known, so that it must be
// possible to make it again; each method says what the second one does.
type Engine interface {
	// Terms returns the times that the server keeps. They do not change.
	Terms() Terms

	// Run returns what is known of the run, ErrGone before anybody has led it.
	Run(ctx context.Context) (Run, error)
	// Lead takes the lock of the run's leader, unless another node holds it or the run is over: then
	// Run.Fence is 0 and no error. The first to lead gives the run its facts; a later one gets those,
	// and one that asks before they are there gets a run that has nothing but a leader.
	// If this node holds the lock already, it gets a new fence and the earlier one is refused from
	// then on. The lock is free [Terms.LeaderTTL] after it was last renewed.
	Lead(ctx context.Context, facts Facts) (Run, error)
	// Renew keeps the lock. ErrRefused: another node leads, or nobody. An engine returns the next
	// fence, which may be the same.
	Renew(ctx context.Context, f Fence) (Fence, error)
	// Release gives the lock away at once. It is no error if it was gone.
	Release(ctx context.Context, f Fence) error
	// SetState says how the run stands. ErrRefused as for Renew: an engine checks the fence before,
	// and need not do both in one step. A run that is done stays so: ErrExists, unless s is the state
	// that it has.
	SetState(ctx context.Context, f Fence, s State) error
	// Stop tells the agents to stop a batch, wherever it is. The last Stop of a batch counts.
	Stop(ctx context.Context, f Fence, s Stop) error

	// Publish puts work into a lane, once for each batch, attempt and round, and after the first round
	// for each fence. A second call with the same adds nothing, at least within the two minutes after
	// the first. A lane is made by its first use. ErrFull if the server takes no more, ErrTooLarge.
	Publish(ctx context.Context, lane string, w Work) error
	// Holds reports whether work of that batch and attempt is in any lane, waiting or leased.
	Holds(ctx context.Context, batch string, attempt int) (bool, error)
	// Queued returns the batches of which work is in any lane, waiting or leased, in no order.
	Queued(ctx context.Context) ([]Key, error)
	// GetWork returns the work of a batch and attempt that is in any lane, ErrGone for none.
	GetWork(ctx context.Context, batch string, attempt int) (Work, error)
	// Lanes returns how much work is in each lane.
	Lanes(ctx context.Context) ([]Lane, error)
	// Repair makes a lane's consumer anew, for one that is stuck. What was leased is delivered
	// again after its lease at the latest, and deliveries may be counted from 1 again.
	Repair(ctx context.Context, lane string) error

	// Fetch leases the oldest work of the first of the lanes that has any. It looks at them in that
	// order again and again until the wait is over, and then returns ErrEmpty. Work that arrives
	// meanwhile is seen within a second. The lease lasts [Terms.AckWait] from some moment between the
	// call and its return.
	Fetch(ctx context.Context, lanes []string, wait time.Duration) (Lease, error)
	// Extend makes a lease last AckWait from some moment between the call and its return. Nil says
	// that the server has confirmed it. ErrLost if the engine knows that the lease has run out; it
	// need not know.
	Extend(ctx context.Context, token string) error
	// Done takes the work out of the queue, by whichever lease of it. Nil says that the server has
	// confirmed it. No error if it was out.
	Done(ctx context.Context, token string) error
	// Return gives a lease back: the work is delivered again after the delay.
	Return(ctx context.Context, token string, delay time.Duration) error

	// PutResult stores the result of a batch and attempt unless there is one, and returns the one
	// that stands. It is r's if the nonces agree, also in a second call.
	PutResult(ctx context.Context, r Result) (Result, error)
	// GetResult returns the result that stands, ErrGone for none.
	GetResult(ctx context.Context, batch string, attempt int) (Result, error)
	// PutOutput stores a chunk of a delivery's output, at most MaxChunk bytes. Chunks are numbered
	// from 0. A second call with the same number changes nothing. An engine may compress them.
	PutOutput(ctx context.Context, d Delivery, number int, chunk []byte) error
	// GetOutput returns a chunk, ErrGone for one that is not there.
	GetOutput(ctx context.Context, d Delivery, number int) ([]byte, error)

	// PutBlob stores a file, an absolute path on this machine, under the hexadecimal SHA-256 of its
	// content, unless something is stored under that: then the file need not be read. An error if the sum
	// is wrong.
	PutBlob(ctx context.Context, sum, file string) error
	// GetBlob writes a stored file to a path where there is no file, or an empty one. It checks the
	// sum. ErrGone if nothing of that sum is stored. After an error the content is not defined.
	GetBlob(ctx context.Context, sum, file string) error

	// Announce says that this node is there, for [Terms.NodeTTL] from now. Leave says that it is
	// not, at once.
	Announce(ctx context.Context, n Node) error
	Leave(ctx context.Context) error

	// Watch calls f for what there is of some kinds, and then for each change, until ctx ends, which
	// is no error, or the engine is closed. It calls f from one goroutine. An event may come more
	// than once, and of several changes of one thing only the last may come. After the server was
	// away everything may come again. f must not block for long.
	Watch(ctx context.Context, kinds Kinds, f func(Event)) error

	// Close ends all calls with ErrClosed. Leases and the lock are not given back.
	Close() error
}

// Terms are the times that a server keeps.
type Terms struct {
	// AckWait is how long a lease lasts, 15 s unless tests need less.
	AckWait time.Duration
	// LeaderTTL is how long a leader leads that does not renew its lock, NodeTTL how long a node is
	// there that is not announced again.
	LeaderTTL, NodeTTL time.Duration
}

// DefaultTerms are the terms of a run outside of tests.
func DefaultTerms() Terms {
	return Terms{AckWait: 15 * time.Second, LeaderTTL: 15 * time.Second, NodeTTL: 30 * time.Second}
}

// Fence tells terms of leadership apart: a later one is larger. 0 is none.
type Fence uint64

// Facts are what all machines of a run must agree on. The first leader sets them.
type Facts struct {
	// Protocol is the version of the messages.
	Protocol int
	// Source is the hash of the source, Files the hash of each file, by path from the module's root,
	// in a blob of that sum, "" for none: they tell which files differ.
	Source, Files string `json:",omitempty"`
	// Go, OS and Arch are of the go command. Root is the module's root, "" under -trimpath.
	Go, OS, Arch, Root string
	// Arguments are those of cohort, without what belongs to one machine.
	Arguments []string
	// Seed is the run's seed, History the sum of the blob that holds the history it plans by.
	Seed    int64
	History string `json:",omitempty"`
}

// Run is what is known of a run.
type Run struct {
	Facts Facts
	// Leader is the node that leads, "" for none.
	Leader string
	// Fence is that of the node which asked with Lead, if it leads, else 0; see Event for another.
	Fence Fence
	State State
}

// Led reports whether the run has had a leader before: each gives workers their numbers.
func (r Run) Led() bool { return len(r.State.Numbers) > 0 }

// Phase is how far a run is.
type Phase string

// The phases of a run.
const (
	Running  Phase = "running"
	Canceled Phase = "canceled" // what runs is to be ended; done follows
	Done     Phase = "done"
)

// State is how a run stands.
type State struct {
	Phase Phase
	// Signal is the number of the signal that canceled the run, 0 for none. Kill: without grace.
	Signal int  `json:",omitempty"`
	Kill   bool `json:",omitempty"`
	// Code is the exit code of a run that is done, Verdict the line that goes with it.
	Code    int    `json:",omitempty"`
	Verdict string `json:",omitempty"`
	// Reports are what the leader of a run that is done has left.
	Reports Reports `json:",omitzero"`
	// Numbers are the numbers of each node's first worker: no two workers of a run have the same
	// one, and all are below Workers. Sick are the nodes that are to take no more work. Left are nodes
	// that take none any more, in whose lanes there may be some: others take that first.
	Numbers map[string]int `json:",omitempty"`
	Workers int            `json:",omitempty"`
	Sick    []string       `json:",omitempty"`
	Left    []string       `json:",omitempty"`
	// Ends is not 0 once no test is to run any more: what set-ups of workers have built is torn down then,
	// unless Keep says that it is to stay. Each leader that says so has a number of its own.
	Ends Fence `json:",omitempty"`
	Keep bool  `json:",omitempty"`
	// Survived is what each node has said of batches that have no result yet, see Node.
	Survived []Survival `json:",omitempty"`
	// Counted are deliveries of work that was taken out of the queue without a result, see Stop.Drop.
	Counted []Counted `json:",omitempty"`
}

// Counted is how many deliveries of work that is not in the queue any more may have ended their machines.
type Counted struct {
	Drop
	// Claim is what the work was about, Took are machines that have said that they had it.
	Claim Claim
	Took  []string `json:",omitempty"`
}

// Drop is work that was taken out of the queue without a result, and how many deliveries of it may have
// ended their machines.
type Drop struct {
	Key   Key
	Times int
}

// Reports are the sums of files that tell what a run has come to, "" for none.
type Reports struct {
	// JUnit is the JUnit file, Summary what was printed in the end.
	JUnit, Summary string `json:",omitempty"`
}

// Key names a batch.
type Key struct {
	Batch   string
	Attempt int
}

// Stop tells the agents to end a batch.
type Stop struct {
	Batch   string
	Attempt int
	// Quit asks the process for its goroutines first. Otherwise it gets the signal of that number,
	// and is killed without grace if Kill.
	Quit   bool `json:",omitempty"`
	Signal int  `json:",omitempty"`
	Kill   bool `json:",omitempty"`
	// Drop, if it is not 0, makes this something else: work of the batch that leaders with lower fences
	// have published is to be taken out of the queue without a result, as nobody waits for that. What is
	// begun is ended, unless Begun: then it goes on.
	Drop  Fence `json:",omitempty"`
	Begun bool  `json:",omitempty"`
	// Stands, with Drop: the batch has a result, so that its deliveries need not be counted.
	Stands bool `json:",omitempty"`
}

// Claim says what a batch is about: what must not run at the same time.
type Claim struct {
	// Package is the folder of a package, Tests are those of its tests that run; All: any may.
	Package string
	All     bool     `json:",omitempty"`
	Tests   []string `json:",omitempty"`
	// Part: only a part of the only test.
	Part bool `json:",omitempty"`
	// Locks are what its tests hold. Serial: nothing else runs meanwhile.
	Locks  []string `json:",omitempty"`
	Serial bool     `json:",omitempty"`
}

// Work is a batch in the queue.
type Work struct {
	// Batch is an identifier, see [CheckID]: the same work has the same one under every leader.
	Batch string
	// Attempt is the test's attempt, from 0. Round counts how often the work was published.
	Attempt, Round int
	// Fence is that of the leader which has published it.
	Fence Fence
	// Before is how many deliveries of other work of the same tests may have ended their machines.
	Before int `json:",omitempty"`
	// Payload is for the agent, at most MaxPayload bytes.
	Payload []byte `json:"-"`
}

// Lease is work that this node holds.
type Lease struct {
	// Token names the lease to the engine.
	Token string
	Lane  string
	// Delivery counts how often the work was delivered, from 1.
	Delivery int
	Work     Work
	// Unsure reports that another machine may hold the work by a lease that lasts: the server was started
	// anew within the last AckWait, and may have forgotten what it had confirmed before it ended; or it
	// answered so late that the lease had run out by then.
	Unsure bool `json:",omitempty"`
}

// Result is what came of a batch.
type Result struct {
	Batch   string
	Attempt int
	// Node is where it ran. Nonce tells apart the results of two executions.
	Node, Nonce string
	// Payload is for the leader, at most MaxPayload bytes.
	Payload []byte `json:"-"`
}

// Delivery names one execution of a batch.
type Delivery struct {
	Node, Batch       string
	Attempt, Delivery int
	// Nonce is that of the execution's result. A repaired lane may count deliveries from 1 again.
	Nonce string
}

// Lane is how much work is in a lane.
type Lane struct {
	Name string
	// Waiting is not leased, Leased is.
	Waiting, Leased int
}

// Node is a machine of the run.
type Node struct {
	// Name is an identifier, see [CheckID].
	Name string
	// Slots is how many processes run at a time on it.
	Slots int
	// Holds are the batches that it has leased.
	Holds []Key `json:",omitempty"`
	// Has are the sums of binaries that it has, the newest first; not necessarily all.
	Has []string `json:",omitempty"`
	// Wants are the sums of binaries that it needs and that are not stored. Builds reports that it
	// builds binaries, and needs one only if that has failed.
	Wants  []string `json:",omitempty"`
	Builds bool     `json:",omitempty"`
	// Late counts its results that came second.
	Late int `json:",omitempty"`
	// Survived are leases that it had and was well, the last ones: they ran out since the server did not
	// answer, or it does not begin with them, see Lease.Unsure.
	Survived []Survival `json:",omitempty"`
	// Drops are what it takes out of the queue once the leader has counted them.
	Drops []Drop `json:",omitempty"`
	// Runs are tests that have run for long, one for each batch at most.
	Runs []LongTest `json:",omitempty"`
	// Stands reports that set-ups have built something on it that is not torn down yet, Ended repeats
	// State.Ends when that is over.
	Stands bool  `json:",omitempty"`
	Ended  Fence `json:",omitempty"`
}

// Survival is how many leases of a batch did not end the machine that had them. They only become more.
type Survival struct {
	// Node is the machine, empty in what a machine says of itself.
	Node  string `json:",omitempty"`
	Key   Key
	Times int
}

// LongTest is a test that runs, of a batch that a node holds, and for how long it has done so.
type LongTest struct {
	Key  Key
	Test string
	For  time.Duration
}

// Kinds are kinds of events.
type Kinds uint8

// The kinds of events.
const (
	// ResultEvents: a result stands.
	ResultEvents Kinds = 1 << iota
	// NodeEvents: a node has announced itself, has left, or its time has run out.
	NodeEvents
	// RunEvents: the leader or the state has changed.
	RunEvents
	// StopEvents: a batch is to be ended.
	StopEvents
	// LinkEvents: the server is reachable, or not.
	LinkEvents
)

// Event is one of its fields, by its kind.
type Event struct {
	Kind Kinds
	// Result is a result without its payload.
	Result Result `json:",omitzero"`
	// Node is a node; only its name if it is Gone.
	Node Node `json:",omitzero"`
	Gone bool `json:",omitempty"`
	// Run is the run. Its fence is the leader's, whichever node that is.
	Run Run `json:",omitzero"`
	// Stop is a batch to be ended.
	Stop Stop `json:",omitzero"`
	// Up reports whether the server is reachable.
	Up bool `json:",omitempty"`
}

// CheckID returns an error unless s can name a run, node, lane or batch: 1 to [MaxID] letters and
// digits of ASCII, _ and -.
func CheckID(s string) error {
	switch {
	case s == "":
		return errors.New("it is empty")
	case len(s) > MaxID:
		return fmt.Errorf("it has %d characters, more than %d", len(s), MaxID)
	}
	for _, r := range s {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-') {
			return fmt.Errorf("it contains %q; letters, digits, _ and - are possible", r)
		}
	}
	return nil
}
