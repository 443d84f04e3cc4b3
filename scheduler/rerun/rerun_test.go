package rerun

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// epoch is when the first pass of these tests was over.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// at is so many seconds later.
func at(seconds float64) time.Time {
	return epoch.Add(time.Duration(seconds * float64(time.Second)))
}

// policy is that of all items that have none of their own, and the limits.
type policy struct {
	Max     int
	Delay   time.Duration
	Backoff float64
	Jitter  func(item, attempt int) float64
	Budget  time.Duration
}

func (p policy) queue(items []Item) *Queue {
	items = slices.Clone(items)
	for n := range items {
		if items[n].Policy == (Policy{}) {
			items[n].Policy = Policy{Max: p.Max, Delay: p.Delay, Backoff: p.Backoff}
		}
	}
	return New(Limits{Budget: p.Budget, Jitter: p.Jitter}, items)
}

// step is a call, and the state after it.
type step struct {
	at   float64 // seconds
	do   string  // next, or "pass 0", "fail 0", "final 0", "broken 0" of an item, or "off"
	want string  // of next: "0.1" (item, number), "0.1 alone" or "-"
	// state has a word per item, its phase and attempts, and the time of the next wake-up, if
	// there is one.
	state string
}

func (s step) String() string { return fmt.Sprintf("%vs %s", s.at, s.do) }

// anyItem finds everything free.
func anyItem(int) bool { return true }

// run does a step.
func (s step) run(t *testing.T, q *Queue) {
	t.Helper()
	call, item := s.do, 0
	if i := strings.IndexByte(s.do, ' '); i >= 0 {
		call = s.do[:i]
		_, _ = fmt.Sscan(s.do[i:], &item)
	}
	got := ""
	switch call {
	case "next":
		got = "-"
		if start, ok := q.Next(at(s.at), anyItem); ok {
			got = fmt.Sprintf("%d.%d", start.Item, start.Attempt)
			if start.Alone {
				got += " alone"
			}
		}
	case "pass", "fail", "final", "broken":
		q.Ended(item, map[string]Outcome{"pass": Good, "fail": Bad, "final": BadForGood, "broken": Lost}[call], at(s.at))
	case "off":
		q.CallOff()
	}
	if got != s.want {
		t.Errorf("%v: %q, want %q", s, got, s.want)
	}
	if state := show(q, at(s.at)); state != s.state {
		t.Errorf("%v: then %q, want %q", s, state, s.state)
	}
	q.Check()
}

func show(q *Queue, now time.Time) string {
	var words []string
	for n := range q.items {
		word := map[Phase]string{Waiting: "w", Running: "r", Over: "o"}[q.Phase(n)]
		if q.Passed(n) {
			word += "+"
		}
		if q.Clashed(n) {
			word += "!"
		}
		if cause := q.Cause(n); cause != NotOver && cause != Done {
			word += "(" + cause.String() + ")"
		}
		words = append(words, fmt.Sprint(word, q.Attempts(n)))
	}
	if due, ok := q.Due(now); ok {
		words = append(words, fmt.Sprint("@", due.Sub(epoch).Seconds()))
	}
	if q.Over() {
		words = append(words, "over")
	}
	return strings.Join(words, " ")
}

func TestQueue(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy policy
		items  []Item
		steps  []step
	}{
		"nothing failed": {policy{Max: 2}, nil, []step{{0, "next", "-", "over"}}},
		"passes": {policy{Max: 2}, []Item{{Ended: epoch}}, []step{
			{0, "next", "0.1", "r1"},
			{0, "next", "-", "r1"},
			{1, "pass 0", "", "o+1 over"},
			{1, "next", "-", "o+1 over"},
		}},
		"fails to the end": {policy{Max: 2, Delay: time.Second}, []Item{{Ended: epoch}}, []step{
			{0, "next", "-", "w0 @1"},
			{1, "next", "0.1", "r1"},
			{4, "fail 0", "", "w1 @5"},
			{4.9, "next", "-", "w1 @5"},
			{5, "next", "0.2 alone", "r2"},
			{6, "fail 0", "", "o2 over"},
		}},
		"passes in the end": {policy{Max: 3}, []Item{{Ended: epoch}}, []step{
			{0, "next", "0.1", "r1"},
			{0, "fail 0", "", "w1"},
			{0, "next", "0.2", "r2"},
			{0, "pass 0", "", "o+2 over"},
		}},
		// The delay lies between the end of one attempt of an item and its next, each for itself.
		"two delays": {policy{Max: 3, Delay: 10 * time.Second}, []Item{{Ended: at(-4)}, {Ended: epoch}}, []step{
			{0, "next", "-", "w0 w0 @6"},
			{6, "next", "0.1", "r1 w0 @10"},
			{8, "fail 0", "", "w1 w0 @10"},
			{10, "next", "1.1", "w1 r1 @18"},
			{11, "pass 1", "", "w1 o+1 @18"},
			{18, "next", "0.2", "r2 o+1"},
			{48, "fail 0", "", "w2 o+1 @58"},
			{58, "next", "0.3 alone", "r3 o+1"},
			{58, "fail 0", "", "o3 o+1 over"},
		}},
		"back-off": {policy{Max: 4, Delay: time.Second, Backoff: 2}, []Item{{Ended: epoch}}, []step{
			{1, "next", "0.1", "r1"},
			{2, "fail 0", "", "w1 @4"},
			{4, "next", "0.2", "r2"},
			{5, "fail 0", "", "w2 @9"},
			{9, "next", "0.3", "r3"},
			{9, "fail 0", "", "w3 @17"},
			{17, "next", "0.4 alone", "r4"},
		}},
		"back-off with jitter": {policy{Max: 2, Delay: 2 * time.Second, Backoff: 2, Jitter: func(item, attempt int) float64 {
			return []float64{1, 0.5}[attempt]
		}}, []Item{{Ended: epoch}}, []step{
			{0, "next", "-", "w0 @3"},
			{3, "next", "0.1", "r1"},
			{3, "fail 0", "", "w1 @8"},
		}},
		"longest due first": {policy{Max: 2}, []Item{{Ended: at(3)}, {Ended: at(1)}, {Ended: at(2)}}, []step{
			{3, "next", "1.1", "w0 r1 w0"},
			{3, "next", "2.1", "w0 r1 r1"},
			{3, "next", "0.1", "r1 r1 r1"},
		}},
		// The last attempt has no other process of its package.
		"alone": {policy{Max: 1}, []Item{{Package: 1, Ended: epoch}, {Package: 1, Ended: epoch}, {Package: 2, Ended: epoch}}, []step{
			{0, "next", "0.1 alone", "r1 w0 w0"},
			{0, "next", "2.1 alone", "r1 w0 r1"},
			{0, "next", "-", "r1 w0 r1"},
			{0, "fail 0", "", "o1 w0 r1"},
			{0, "next", "1.1 alone", "o1 r1 r1"},
		}},
		"no company for the one alone": {policy{Max: 2}, []Item{{Package: 1, Ended: epoch}, {Package: 1, Ended: at(9)}}, []step{
			{0, "next", "0.1", "r1 w0 @9"},
			{1, "fail 0", "", "w1 w0 @9"},
			{9, "next", "0.2 alone", "r2 w0"},
			{9, "next", "-", "r2 w0"},
			{9, "pass 0", "", "o+2 w0"},
			{9, "next", "1.1", "o+2 r1"},
		}},
		"the one alone waits": {policy{Max: 2}, []Item{{Package: 1, Ended: epoch}, {Package: 1, Ended: at(1)}}, []step{
			{0, "next", "0.1", "r1 w0 @1"},
			{1, "next", "1.1", "r1 r1"},
			{2, "fail 0", "", "w1 r1"},
			{2, "next", "-", "w1 r1"},
			{3, "fail 1", "", "w1 w1"},
			{3, "next", "0.2 alone", "r2 w1"},
			{4, "pass 0", "", "o+!2 w1"},
			{4, "next", "1.2 alone", "o+!2 r2"},
			{5, "fail 1", "", "o+!2 o2 over"},
		}},
		"serial waits for all": {policy{Max: 1}, []Item{{Package: 1, Ended: epoch}, {Package: 2, Ended: epoch, Serial: true}}, []step{
			{0, "next", "0.1 alone", "r1 w0"},
			{0, "next", "-", "r1 w0"},
			{0, "pass 0", "", "o+1 w0"},
			{0, "next", "1.1 alone", "o+1 r1"},
		}},
		"barred": {policy{Max: 2}, []Item{{Ended: epoch, Barred: true}, {Package: 1, Ended: epoch}}, []step{
			{0, "next", "1.1", "o(barred)0 r1"},
			{0, "pass 1", "", "o(barred)0 o+1 over"},
		}},
		"barred by a rerun": {policy{Max: 3}, []Item{{Ended: epoch}, {Package: 1, Ended: epoch}}, []step{
			{0, "next", "0.1", "r1 w0"},
			{0, "final 0", "", "o(barred)1 w0"},
			{0, "next", "1.1", "o(barred)1 r1"},
			{0, "final 1", "", "o(barred)1 o(barred)1 over"},
		}},
		"barred by the last rerun": {policy{Max: 1}, []Item{{Ended: epoch}}, []step{
			{0, "next", "0.1 alone", "r1"},
			{0, "final 0", "", "o1 over"},
		}},
		"policies of their own": {policy{Delay: time.Second}, []Item{
			{Ended: epoch, Barred: true, Policy: Policy{Delay: 1}}, // it would not run again anyway
			{Package: 1, Ended: epoch, Policy: Policy{Max: 1, Delay: 4 * time.Second}},
			{Package: 1, Ended: epoch, Policy: Policy{Max: 2, Delay: 2 * time.Second, Backoff: 3}},
		}, []step{
			{0, "next", "-", "o0 w0 w0 @2"},
			{2, "next", "2.1", "o0 w0 r1 @4"},
			{3, "fail 2", "", "o0 w0 w1 @4"},
			{4, "next", "1.1 alone", "o0 r1 w1 @9"},
			{5, "fail 1", "", "o0 o1 w1 @9"},
			{9, "next", "2.2 alone", "o0 o1 r2"},
			{9, "pass 2", "", "o0 o1 o+2 over"},
		}},
		"budget": {policy{Max: 9, Delay: time.Second, Budget: 5 * time.Second}, []Item{{Package: 1, Ended: epoch}, {Package: 2, Ended: epoch}}, []step{
			{1, "next", "0.1", "r1 w0"},
			{4, "fail 0", "", "w1 w0 @5"},
			{4, "next", "1.1", "w1 r1 @5"},
			{6, "next", "-", "o(spent)1 r1"},
			{7, "fail 1", "", "o(spent)1 o(spent)1 over"},
		}},
		// Nobody waits for a delay that ends after the budget.
		"budget in a delay": {policy{Max: 9, Delay: time.Hour, Budget: time.Minute}, []Item{
			{Package: 1, Ended: epoch.Add(-time.Hour)}, {Package: 2, Ended: epoch},
		}, []step{
			{1, "next", "0.1", "r1 o(spent)0"},
			{2, "fail 0", "", "o(spent)1 o(spent)0 over"},
		}},
		"budget, and it passes": {policy{Max: 9, Budget: time.Second}, []Item{{Ended: epoch}}, []step{
			{0, "next", "0.1", "r1"},
			{60, "pass 0", "", "o+1 over"},
		}},
		"broken": {policy{Max: 5}, []Item{{Ended: epoch}}, []step{
			{0, "next", "0.1", "r1"},
			{0, "broken 0", "", "o(broken)1 over"},
		}},
		"called off in a delay": {policy{Max: 2, Delay: time.Hour}, []Item{{Ended: epoch}}, []step{
			{0, "next", "-", "w0 @3600"},
			{1, "off", "", "o(called off)0 over"},
			{7200, "next", "-", "o(called off)0 over"},
		}},
		"called off in an attempt": {policy{Max: 3}, []Item{{Ended: epoch}, {Package: 1, Ended: epoch}}, []step{
			{0, "next", "0.1", "r1 w0"},
			{0, "off", "", "r1 o(called off)0"},
			{0, "next", "-", "r1 o(called off)0"},
			{0, "fail 0", "", "o(called off)1 o(called off)0 over"},
		}},
		"called off, and it passes": {policy{Max: 2}, []Item{{Ended: epoch}}, []step{
			{0, "next", "0.1", "r1"},
			{0, "off", "", "r1"},
			{0, "pass 0", "", "o+1 over"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := tc.policy.queue(tc.items)
			for _, s := range tc.steps {
				if s.run(t, q); t.Failed() {
					break
				}
			}
		})
	}
}

// TestQueueEnds drives queues at random: no item runs more often than it may, none starts in
// its delay or after its pass, a serial one has no company when it starts, the last attempt has none of
// its package, and all come to an end.
func TestQueueEnds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		d := newDrive(rand.New(rand.NewPCG(seed, 0)))
		for steps := 0; !d.q.Over(); steps++ {
			if steps > 1000 {
				t.Fatalf("seed %d: no end", seed)
			}
			if problem := d.step(); problem != "" {
				t.Fatalf("seed %d: %s", seed, problem)
			}
			d.q.Check()
		}
		for n := range d.items {
			if d.q.Passed(n) != d.passed[n] || !d.passed[n] && d.q.Attempts(n) != d.policy.Max {
				t.Fatalf("seed %d: item %d: passed %v, %d attempts", seed, n, d.q.Passed(n), d.q.Attempts(n))
			}
		}
	}
}

// drive is a queue that is driven at random.
type drive struct {
	random  *rand.Rand
	policy  policy
	items   []Item
	q       *Queue
	now     time.Time
	running map[int]bool // items, and whether they tolerate no other of their package
	ended   map[int]time.Time
	passed  map[int]bool
	locks   []int // by item, 0 for none
}

// free reports whether no item runs with the lock of item n.
func (d *drive) free(n int) bool {
	for other := range d.running {
		if d.locks[n] > 0 && d.locks[other] == d.locks[n] {
			return false
		}
	}
	return true
}

func newDrive(random *rand.Rand) *drive {
	d := &drive{
		random: random, policy: policy{Max: 1 + random.IntN(4), Delay: time.Duration(random.IntN(3)) * time.Second},
		now: epoch, running: make(map[int]bool), ended: make(map[int]time.Time), passed: make(map[int]bool),
	}
	for range random.IntN(6) {
		d.items = append(d.items, Item{Package: random.IntN(3), Serial: random.IntN(4) == 0, Ended: epoch})
		d.locks = append(d.locks, random.IntN(3))
	}
	d.q = d.policy.queue(d.items)
	return d
}

// step lets something start, or end, or time pass, and says what is wrong with it.
func (d *drive) step() string {
	start, ok := d.q.Next(d.now, d.free)
	switch {
	case ok:
		return d.started(start)
	case len(d.running) > 0:
		for n := range d.running { // any
			delete(d.running, n)
			d.now = d.now.Add(time.Duration(d.random.IntN(2000)) * time.Millisecond)
			d.passed[n], d.ended[n] = d.random.IntN(3) == 0, d.now
			d.q.Ended(n, map[bool]Outcome{true: Good, false: Bad}[d.passed[n]], d.now)
			return ""
		}
	}
	due, ok := d.q.Due(d.now)
	if !ok {
		return "nothing runs, nothing is due, and it is not over"
	}
	d.now = due
	return ""
}

func (d *drive) started(s Start) string {
	if !d.free(s.Item) {
		return fmt.Sprintf("%+v starts, and its lock is not free", s)
	}
	last, begun := d.ended[s.Item]
	if d.passed[s.Item] || s.Attempt > d.policy.Max || begun && d.now.Before(last.Add(d.policy.Delay)) {
		return fmt.Sprintf("%+v starts at %v", s, d.now)
	}
	if d.items[s.Item].Serial && len(d.running) > 0 {
		return fmt.Sprintf("serial item %d starts with %d others", s.Item, len(d.running))
	}
	if s.Alone != (s.Attempt == d.policy.Max) {
		return fmt.Sprintf("attempt %d of %d is alone: %v", s.Attempt, d.policy.Max, s.Alone)
	}
	for n, alone := range d.running {
		if d.items[n].Package == d.items[s.Item].Package && (alone || s.Alone) {
			return fmt.Sprintf("%+v starts in parallel with item %d", s, n)
		}
	}
	d.running[s.Item] = s.Alone
	return ""
}

// TestNextAsksWhatIsFree: only those that may start otherwise are asked for, and one that is not
// free does not hold up one that is.
func TestNextAsksWhatIsFree(t *testing.T) {
	t.Parallel()
	p := Policy{Max: 2, Delay: time.Second}
	q := New(Limits{}, []Item{
		{Package: 1, Ended: at(0), Policy: p}, {Package: 2, Ended: at(1), Policy: p},
		{Package: 3, Ended: at(60), Policy: p}, {Package: 4, Barred: true, Policy: p},
	})
	var asked []int
	start, ok := q.Next(at(10), func(n int) bool {
		asked = append(asked, n)
		return n != 0
	})
	if !ok || start.Item != 1 || fmt.Sprint(asked) != "[0 1]" {
		t.Errorf("item %d starts: %v; asked for %v", start.Item, ok, asked)
	}
	if start, ok := q.Next(at(10), anyItem); !ok || start.Item != 0 {
		t.Errorf("then item %d starts: %v", start.Item, ok)
	}
}
