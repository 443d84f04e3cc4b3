// Package enginetest has an engine in memory, with faults. It is for tests.
package enginetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// dedupe is for how long a second publication is known.
const dedupe = 2 * time.Minute

// Server is what the engines of one run share. Its methods may be called concurrently.
type Server struct {
	terms remote.Terms
	now   func() time.Time

	mu       sync.Mutex
	down     bool
	went     time.Time // when it went away last
	again    time.Time // when it was started anew, zero for never
	run      remote.Run
	led      bool
	lead     time.Time // when the lock is free
	fence    remote.Fence
	items    []*item
	lanes    []string // that have been used
	seen     map[string]time.Time
	tokens   int
	results  map[remote.Key]remote.Result
	outputs  map[string][]byte
	blobs    map[string][]byte
	nodes    map[string]time.Time // until when each is there
	events   []remote.Event
	changed  chan struct{} // closed at each change
	refused  int           // results that came second
	accepted map[remote.Key]int
}

// item is work in a lane.
type item struct {
	lane   string
	work   remote.Work
	times  int // deliveries
	token  string
	leased bool
	until  time.Time // of the lease
	since  time.Time // when it was leased
	after  time.Time // not delivered before
}

// NewServer returns a server with a clock.
func NewServer(terms remote.Terms, now func() time.Time) *Server {
	return &Server{
		terms: terms, now: now, seen: make(map[string]time.Time), results: make(map[remote.Key]remote.Result),
		outputs: make(map[string][]byte), blobs: make(map[string][]byte), nodes: make(map[string]time.Time),
		changed: make(chan struct{}), accepted: make(map[remote.Key]int), run: remote.Run{State: remote.State{Phase: remote.Running}},
	}
}

// SetDown ends or begins the time in which the server answers nobody. What it has acknowledged stays.
func (s *Server) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
	if down {
		s.went = s.now()
	}
	s.tell(remote.Event{Kind: remote.LinkEvents, Up: !down})
}

// Restart ends the time in which the server answers nobody, as one that was killed and was started anew: what
// was leased just before it is not, and leases run out up to a second earlier than was confirmed.
func (s *Server) Restart() {
	s.mu.Lock()
	went := s.went
	for _, i := range s.items {
		switch {
		case !i.leased:
		case went.Sub(i.since) < flushed:
			i.leased, i.times = false, i.times-1
		default:
			i.until = i.until.Truncate(time.Second)
		}
	}
	s.again = s.now()
	s.mu.Unlock()
	s.SetDown(false)
}

// flushed is how long after a delivery a server knows of it that is killed.
const flushed = 200 * time.Millisecond

// Forget loses all work that waits, as at a power failure.
func (s *Server) Forget() (lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = slices.DeleteFunc(s.items, func(i *item) bool {
		gone := !i.leased
		if gone {
			lost++
			delete(s.seen, message(i.work))
		}
		return gone
	})
	return lost
}

// Held returns how much work is in the queue.
func (s *Server) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.items)
}

// Refused returns how many results came second.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Events returns the events from a number on, and the number of the next.
func (s *Server) Events(from int) ([]remote.Event, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	return slices.Clone(s.events[from:]), len(s.events)
}

// tell adds an event and wakes who watches.
func (s *Server) tell(e remote.Event) {
	s.events = append(s.events, e)
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) tellRun() {
	r := s.run
	r.Fence = s.fence
	s.tell(remote.Event{Kind: remote.RunEvents, Run: r})
}

// tick does what time has done.
func (s *Server) tick() {
	now := s.now()
	if s.run.Leader != "" && !now.Before(s.lead) {
		s.run.Leader = ""
		s.tellRun()
	}
	for name, until := range s.nodes {
		if !now.Before(until) {
			delete(s.nodes, name)
			s.tell(remote.Event{Kind: remote.NodeEvents, Node: remote.Node{Name: name}, Gone: true})
		}
	}
	for _, i := range s.items {
		if i.leased && !now.Before(i.until) {
			i.leased = false
		}
	}
}

// enter begins a call.
func (s *Server) enter(op string) (leave func(), err error) {
	s.mu.Lock()
	if s.down {
		s.mu.Unlock()
		return nil, fmt.Errorf("%s: %w", op, remote.ErrUnreachable)
	}
	s.tick()
	return s.mu.Unlock, nil
}

func (s *Server) takeLead(node string, facts remote.Facts) remote.Run {
	if !s.led {
		s.run.Facts, s.led = facts, true
	}
	r := s.run
	if r.State.Phase == remote.Done || r.Leader != "" && r.Leader != node {
		return r
	}
	s.fence++
	s.lead = s.now().Add(s.terms.LeaderTTL)
	s.run.Leader = node
	s.tellRun()
	r = s.run
	r.Fence = s.fence
	return r
}

// leads returns an error unless the fence is the leader's.
func (s *Server) leads(f remote.Fence) error {
	if f == 0 || f != s.fence || s.run.Leader == "" {
		return remote.ErrRefused
	}
	return nil
}

func (s *Server) setState(f remote.Fence, st remote.State) error {
	if err := s.leads(f); err != nil {
		return err
	}
	if s.run.State.Phase == remote.Done {
		if reflect.DeepEqual(s.run.State, st) {
			return nil
		}
		return remote.ErrExists
	}
	s.run.State = st
	s.tellRun()
	return nil
}

func message(w remote.Work) string {
	id := w.Batch + "." + strconv.Itoa(w.Attempt) + "." + strconv.Itoa(w.Round)
	if w.Round > 0 {
		id += "." + strconv.FormatUint(uint64(w.Fence), 10)
	}
	return id
}

func (s *Server) publish(lane string, w remote.Work) error {
	if len(w.Payload) > remote.MaxPayload {
		return remote.ErrTooLarge
	}
	if !slices.Contains(s.lanes, lane) {
		s.lanes = append(s.lanes, lane)
	}
	id, now := message(w), s.now()
	if at, ok := s.seen[id]; ok && now.Sub(at) < dedupe {
		return nil
	}
	s.seen[id] = now
	w.Payload = slices.Clone(w.Payload)
	s.items = append(s.items, &item{lane: lane, work: w})
	return nil
}

func (s *Server) fetch(lanes []string) (remote.Lease, error) {
	now := s.now()
	for _, lane := range lanes {
		for _, i := range s.items {
			if i.lane != lane || i.leased || now.Before(i.after) {
				continue
			}
			s.tokens++
			i.times++
			i.leased, i.until, i.since, i.token = true, now.Add(s.terms.AckWait), now, strconv.Itoa(s.tokens)
			l := remote.Lease{Token: i.token + "/" + message(i.work), Lane: lane, Delivery: i.times, Work: i.work}
			if !s.again.IsZero() {
				l.Delivery, l.Unsure = max(i.times, 2), now.Before(s.again.Add(s.terms.AckWait))
			}
			return l, nil
		}
	}
	return remote.Lease{}, remote.ErrEmpty
}

// leased returns the item that a token is the latest lease of. A server that was started anew tells the
// leases of an item not apart.
func (s *Server) leased(token string) (*item, error) {
	for _, i := range s.items {
		same := i.token+"/"+message(i.work) == token || !s.again.IsZero() && token[strings.Index(token, "/")+1:] == message(i.work)
		if i.leased && same {
			return i, nil
		}
	}
	return nil, remote.ErrLost
}

func (s *Server) done(token string) {
	s.items = slices.DeleteFunc(s.items, func(i *item) bool {
		return token[slices.Index([]byte(token), '/')+1:] == message(i.work)
	})
}

func (s *Server) putResult(r remote.Result) (remote.Result, error) {
	if len(r.Payload) > remote.MaxPayload {
		return remote.Result{}, remote.ErrTooLarge
	}
	k := remote.Key{Batch: r.Batch, Attempt: r.Attempt}
	if old, ok := s.results[k]; ok {
		if old.Nonce != r.Nonce {
			s.refused++
		}
		return old, nil
	}
	r.Payload = slices.Clone(r.Payload)
	s.results[k] = r
	s.accepted[k]++
	told := r
	told.Payload = nil
	s.tell(remote.Event{Kind: remote.ResultEvents, Result: told})
	return r, nil
}

func (s *Server) putBlob(sum, file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if got := sha256.Sum256(b); hex.EncodeToString(got[:]) != sum {
		return errors.New("wrong sum")
	}
	s.blobs[sum] = b
	return nil
}

func (s *Server) getBlob(sum, file string) error {
	b, ok := s.blobs[sum]
	if !ok {
		return remote.ErrGone
	}
	return os.WriteFile(file, b, 0o700)
}
