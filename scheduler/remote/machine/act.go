package machine

import (
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// Act is something to be done, one of the types of this file. Acts that the engine does have the
// name of its method.
type Act interface{ act() }

// Acts of an agent.
type (
	// Fetch asks for work; Agent.Fetched.
	Fetch struct {
		Lanes []string
		Wait  time.Duration
	}
	// Look asks whether a batch has a result; Agent.Looked.
	Look struct {
		Token string
		Key   remote.Key
	}
	// Start gets the batch's binary and runs it; Agent.Ended. Worker is the worker's number, Workers
	// is above all numbers.
	Start struct {
		Lease           remote.Lease
		Worker, Workers int
	}
	// End ends a process in order: what it printed so far counts.
	End struct {
		Token string
		How   remote.Stop
	}
	// Kill ends a process at once, and what is being got for it: nobody wants to know what came of
	// it. Agent.Ended is still called.
	Kill struct{ Token string }
	// Extend makes a lease longer, until Limit at most; Agent.Extended.
	Extend struct {
		Token string
		Limit time.Time
	}
	// Put stores the result of a batch; Agent.Put. It is that of the process if What is Ran.
	Put struct {
		Token string
		Lease remote.Lease
		What  What
		Why   string
	}
	// Ack takes the batch out of the queue; Agent.Acked.
	Ack struct{ Token string }
	// GiveBack returns the lease. Nothing is to be told.
	GiveBack struct {
		Token string
		Delay time.Duration
	}
	// HaltWorld ends set-ups that run, and lets no other one start.
	HaltWorld struct{}
	// EndWorld tears down what set-ups have built, or leaves it if Keep; Agent.WorldEnded. No process uses
	// it any more.
	EndWorld struct{ Keep bool }
	// AbandonWorld ends tear-downs that run, and lets no other one start. Nothing is to be told.
	AbandonWorld struct{}
	// Announce says that the node is there; Agent.Announced.
	Announce struct{ Node remote.Node }
	// Lead tries to take the lock; Agent.Led.
	Lead struct{}
	// Leave ends the agent with an exit code, and a line that says why.
	Leave struct {
		Code int
		Why  string
	}
)

// Acts of a leader.
type (
	// Publish puts a batch into a lane; Leader.Published.
	Publish struct {
		Key   remote.Key
		Lane  string
		Round int
		// Fence and Before are those of the remote.Work. It is not to be published after Limit.
		Fence  remote.Fence
		Before int
		Limit  time.Time
	}
	// Read gets a result; Leader.Read.
	Read struct{ Key remote.Key }
	// Deliver gives the result that was read last to who waits for the batch. If it is Lost, the
	// machines in Took had it. Nil for Err: there is a result.
	Deliver struct {
		Key  remote.Key
		Took []string
		Err  error
	}
	// Check asks whether a batch is in the queue; Leader.Checked.
	Check struct{ Key remote.Key }
	// List asks what is in the queue, and what of that it is that is not in Known, which nobody changes;
	// Leader.Listed.
	List struct{ Known map[remote.Key]bool }
	// Ship stores a binary, so that other machines can get it; Leader.Shipped.
	Ship struct{ Binary string }
	// Repair makes a lane's consumer anew. Nothing is to be told.
	Repair struct{ Lane string }
	// Renew keeps the lock; Leader.Renewed.
	Renew struct{ Fence remote.Fence }
	// SetState says how the run stands; Leader.StateSet.
	SetState struct {
		Fence remote.Fence
		State remote.State
	}
	// Stop tells the agents to end a batch; Leader.Stopped.
	Stop struct {
		Fence remote.Fence
		Stop  remote.Stop
	}
	// WorldsEnded tells that all that set-ups have built on the machines is torn down, or was to stay. Nodes
	// are all machines that the run has had, Left those that went away before.
	WorldsEnded struct{ Nodes, Left []string }
	// Crew tells how many processes can run at a time on the machines that are there.
	Crew struct{ Slots int }
	// Abort ends the run: its result would not be one. The exit code is 3.
	Abort struct{ Why string }
	// Finished: the state says that the run is done, and its leader may go.
	Finished struct{}
)

// Acts of both.
type (
	// Survey asks for the lanes; Lanes.
	Survey struct{}
	// Say shows a line.
	Say struct{ Text string }
)

func (Fetch) act()        {}
func (Look) act()         {}
func (Start) act()        {}
func (End) act()          {}
func (Kill) act()         {}
func (Extend) act()       {}
func (Put) act()          {}
func (Ack) act()          {}
func (GiveBack) act()     {}
func (HaltWorld) act()    {}
func (EndWorld) act()     {}
func (AbandonWorld) act() {}
func (WorldsEnded) act()  {}
func (Announce) act()     {}
func (Lead) act()         {}
func (Leave) act()        {}
func (Publish) act()      {}
func (Read) act()         {}
func (Deliver) act()      {}
func (Check) act()        {}
func (List) act()         {}
func (Repair) act()       {}
func (Renew) act()        {}
func (SetState) act()     {}
func (Stop) act()         {}
func (Crew) act()         {}
func (Abort) act()        {}
func (Finished) act()     {}
func (Survey) act()       {}
func (Say) act()          {}
func (Ship) act()         {}

// What says of which kind a result is.
type What string

// The kinds of results.
const (
	Ran     What = "ran"     // the process ran, however it ended
	Lost    What = "lost"    // it was delivered too often: it may end its machines
	Failed  What = "failed"  // it could not be run, as Why says
	Refused What = "refused" // it was not started, since a set-up of its worker has failed
	Stopped What = "stopped" // it was not started, since the leader has stopped it
)

// Ended is what came of a process.
type Ended struct {
	// Unready is why it was not started: its binary did not arrive, or is another.
	Unready error
}
