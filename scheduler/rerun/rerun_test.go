package rerun

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// epoch is when the first pass of these tests was over.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// at is so many seconds later.
func at(seconds float64) time.Time {
	return epoch.Add(time.Duration(seconds * float64(time.Second)))
}

// step is a call, and the state after it.
type step struct {
	at   float64 // seconds
	do   string  // next, or "pass 0", "fail 0", "broken 0", "probed 0" of an item, or "off"
	want string  // of next: "attempt 0.1" (item, number), "probe 0" or "-"
	// state has a word per item, its phase (upper case: a process runs) and attempts, and the
	// time of the next wake-up, if there is one.
	state string
}

func (s step) String() string { return fmt.Sprintf("%vs %s", s.at, s.do) }

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
		if start, ok := q.Next(at(s.at)); ok {
			got = fmt.Sprintf("%v %d.%d", start.Kind, start.Item, start.Attempt)
			if start.Kind == ledger.Probe {
				got = fmt.Sprintf("%v %d", start.Kind, start.Item)
			}
		}
	case "pass", "fail", "broken":
		q.Ended(item, call == "pass", call == "broken", at(s.at))
	case "probed":
		q.Probed(item)
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
	for n, i := range q.items {
		word := map[Phase]string{Waiting: "w", Running: "r", Probing: "p", Over: "o"}[q.Phase(n)]
		if i.busy {
			word = strings.ToUpper(word)
		}
		if q.Passed(n) {
			word += "+"
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
		policy Policy
		items  []Item
		steps  []step
	}{
		"nothing failed": {Policy{Max: 2}, nil, []step{{0, "next", "-", "over"}}},
		"passes": {Policy{Max: 2}, []Item{{Ended: epoch}}, []step{
			{0, "next", "attempt 0.1", "R1"},
			{0, "next", "-", "R1"},
			{1, "pass 0", "", "o+1 over"},
			{1, "next", "-", "o+1 over"},
		}},
		"fails to the end": {Policy{Max: 2, Delay: time.Second}, []Item{{Ended: epoch}}, []step{
			{0, "next", "-", "w0 @1"},
			{1, "next", "attempt 0.1", "R1"},
			{4, "fail 0", "", "w1 @5"},
			{4.9, "next", "-", "w1 @5"},
			{5, "next", "attempt 0.2", "R2"},
			{6, "fail 0", "", "o2 over"},
		}},
		"passes in the end": {Policy{Max: 3}, []Item{{Ended: epoch}}, []step{
			{0, "next", "attempt 0.1", "R1"},
			{0, "fail 0", "", "w1"},
			{0, "next", "attempt 0.2", "R2"},
			{0, "pass 0", "", "o+2 over"},
		}},
		// The delay lies between the end of one attempt of an item and its next, each for itself.
		"two delays": {Policy{Max: 3, Delay: 10 * time.Second}, []Item{{Ended: at(-4)}, {Ended: epoch}}, []step{
			{0, "next", "-", "w0 w0 @6"},
			{6, "next", "attempt 0.1", "R1 w0 @10"},
			{8, "fail 0", "", "w1 w0 @10"},
			{10, "next", "attempt 1.1", "w1 R1 @18"},
			{11, "pass 1", "", "w1 o+1 @18"},
			{18, "next", "attempt 0.2", "R2 o+1"},
			{48, "fail 0", "", "w2 o+1 @58"},
			{58, "next", "attempt 0.3", "R3 o+1"},
			{58, "fail 0", "", "o3 o+1 over"},
		}},
		"longest due first": {Policy{Max: 1}, []Item{{Ended: at(3)}, {Ended: at(1)}, {Ended: at(2)}}, []step{
			{3, "next", "attempt 1.1", "w0 R1 w0"},
			{3, "next", "attempt 2.1", "w0 R1 R1"},
			{3, "next", "attempt 0.1", "R1 R1 R1"},
		}},
		"serial waits for all": {Policy{Max: 1}, []Item{{Ended: epoch}, {Ended: at(-1), Serial: true}, {Ended: at(1)}}, []step{
			{0, "next", "attempt 1.1", "w0 R1 w0 @1"},
			{0, "pass 1", "", "w0 o+1 w0 @1"},
		}},
		"serial behind others": {Policy{Max: 1}, []Item{{Ended: epoch}, {Ended: epoch, Serial: true}}, []step{
			{0, "next", "attempt 0.1", "R1 w0"},
			{0, "next", "-", "R1 w0"},
			{0, "pass 0", "", "o+1 w0"},
			{0, "next", "attempt 1.1", "o+1 R1"},
		}},
		"broken": {Policy{Max: 5}, []Item{{Ended: epoch}}, []step{
			{0, "next", "attempt 0.1", "R1"},
			{0, "broken 0", "", "o1 over"},
		}},
		"probe": {Policy{Max: 2}, []Item{{Ended: epoch, Probe: true}, {Ended: epoch, Probe: true}}, []step{
			{0, "next", "attempt 0.1", "R1 w0"},
			{0, "pass 0", "", "p+1 w0"},
			{0, "next", "probe 0", "P+1 w0"},
			{0, "next", "attempt 1.1", "P+1 R1"},
			{0, "fail 1", "", "P+1 w1"},
			{0, "next", "attempt 1.2", "P+1 R2"},
			{0, "fail 1", "", "P+1 o2"},
			{0, "probed 0", "", "o+1 o2 over"},
		}},
		"probe of a serial one": {Policy{Max: 1}, []Item{{Ended: epoch, Probe: true, Serial: true}, {Ended: epoch}}, []step{
			{0, "next", "attempt 0.1", "R1 w0"},
			{0, "pass 0", "", "p+1 w0"},
			{0, "next", "probe 0", "P+1 w0"},
		}},
		"called off in a delay": {Policy{Max: 2, Delay: time.Hour}, []Item{{Ended: epoch}}, []step{
			{0, "next", "-", "w0 @3600"},
			{1, "off", "", "o0 over"},
			{7200, "next", "-", "o0 over"},
		}},
		"called off in an attempt": {Policy{Max: 2}, []Item{{Ended: epoch, Probe: true}, {Ended: epoch}}, []step{
			{0, "next", "attempt 0.1", "R1 w0"},
			{0, "off", "", "R1 o0"},
			{0, "next", "-", "R1 o0"},
			{0, "fail 0", "", "o1 o0 over"},
		}},
		"called off, and it passes": {Policy{Max: 2}, []Item{{Ended: epoch, Probe: true}}, []step{
			{0, "next", "attempt 0.1", "R1"},
			{0, "off", "", "R1"},
			{0, "pass 0", "", "o+1 over"},
		}},
		"called off before a probe": {Policy{Max: 2}, []Item{{Ended: epoch, Probe: true}}, []step{
			{0, "next", "attempt 0.1", "R1"},
			{0, "pass 0", "", "p+1"},
			{0, "off", "", "o+1 over"},
		}},
		"called off in a probe": {Policy{Max: 2}, []Item{{Ended: epoch, Probe: true}}, []step{
			{0, "next", "attempt 0.1", "R1"},
			{0, "pass 0", "", "p+1"},
			{0, "next", "probe 0", "P+1"},
			{0, "off", "", "P+1"},
			{0, "probed 0", "", "o+1 over"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := New(tc.policy, tc.items)
			for _, s := range tc.steps {
				if s.run(t, q); t.Failed() {
					break
				}
			}
		})
	}
}

// TestQueueEnds drives queues at random: no item runs more often than it may, none starts in
// its delay or after its pass, a serial one has no company when it starts, and all come to an end.
func TestQueueEnds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 0))
		policy := Policy{Max: 1 + random.IntN(4), Delay: time.Duration(random.IntN(3)) * time.Second}
		var items []Item
		for range random.IntN(6) {
			items = append(items, Item{Serial: random.IntN(4) == 0, Probe: random.IntN(2) == 0, Ended: epoch})
		}
		q := New(policy, items)
		now := epoch
		running := make(map[int]ledger.Kind)
		ended := make(map[int]time.Time)
		passed := make(map[int]bool)
		for steps := 0; !q.Over(); steps++ {
			if steps > 1000 {
				t.Fatalf("seed %d: no end", seed)
			}
			start, ok := q.Next(now)
			switch {
			case ok:
				last, begun := ended[start.Item]
				if start.Kind == ledger.Attempt && (passed[start.Item] || start.Attempt > policy.Max || begun && now.Before(last.Add(policy.Delay))) {
					t.Fatalf("seed %d: %+v starts at %v", seed, start, now)
				}
				if items[start.Item].Serial && len(running) > 0 {
					t.Fatalf("seed %d: a serial item starts with %d others", seed, len(running))
				}
				running[start.Item] = start.Kind
			case len(running) > 0:
				for n, kind := range running { // any
					delete(running, n)
					now = now.Add(time.Duration(random.IntN(2000)) * time.Millisecond)
					if kind == ledger.Probe {
						q.Probed(n)
					} else {
						passed[n], ended[n] = random.IntN(3) == 0, now
						q.Ended(n, passed[n], false, now)
					}
					break
				}
			default:
				due, ok := q.Due(now)
				if !ok {
					t.Fatalf("seed %d: nothing runs, nothing is due, and it is not over", seed)
				}
				now = due
			}
			q.Check()
		}
		for n := range items {
			if q.Passed(n) != passed[n] || !passed[n] && q.Attempts(n) != policy.Max {
				t.Fatalf("seed %d: item %d: passed %v, %d attempts", seed, n, q.Passed(n), q.Attempts(n))
			}
		}
	}
}
