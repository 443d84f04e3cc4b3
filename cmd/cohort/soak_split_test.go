package main_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/history"
)

// giveSplits lets tests run in parts, in a third of the rounds, and gives more of them subtests. Its
// random numbers are its own, as those of giveLocks.
func (r *soakRound) giveSplits(rng *rand.Rand) {
	if rng.IntN(3) > 0 {
		return
	}
	g := soakGenerator{rng}
	r.splits = true
	for _, p := range r.pkgs {
		for _, t := range p.tests {
			if t.serial || r.groupOf(p, t) != "" || g.chance(50) {
				continue
			}
			t.split = true
			if len(t.attempts[0].Subs) > 0 || g.chance(50) {
				continue
			}
			var subs []soakSub
			for range 1 + rng.IntN(6) {
				subs = append(subs, soakSub{Name: g.pick("a", "b", "c d", "e/f", "g|h", "[i]"), Parallel: g.chance(20), End: "pass"})
			}
			for i := range t.attempts {
				t.attempts[i].Subs = g.again(subs)
			}
		}
	}
}

// keys are the direct subtests of a test that have an event of their own.
func (t *soakTest) keys() []string {
	var keys []string
	names := make(map[string]int)
	for _, s := range t.attempts[0].Subs {
		name := strings.ReplaceAll(s.Name, " ", "_")
		names[name]++
		if n := names[name]; n > 1 {
			name = fmt.Sprintf("%s#%02d", name, n-1)
		}
		if !strings.Contains(name, "/") {
			keys = append(keys, name)
		}
	}
	return keys
}

// learn writes a history in which each subtest of a test that may be split has taken a minute.
func (r *soakRound) learn(file string) error {
	h, err := history.Open(file, "soak")
	if err != nil {
		return err
	}
	run := h.NewRun(history.Run{ID: "past", Start: time.Unix(1e9, 0)})
	for _, p := range r.pkgs {
		for _, t := range p.tests {
			for _, key := range t.keys() {
				if t.split {
					run.Add(p.path(), t.name+"/"+key, history.Outcome{Result: history.Pass, Elapsed: time.Minute})
				}
			}
		}
	}
	return h.Save(context.Background(), time.Unix(1e9, 0))
}

// parts is in how many processes the first attempt runs a test.
func (r *soakRound) parts(p *soakPkg, t *soakTest) int {
	if !t.split || p.withMain || r.count > 1 || r.failFast || r.dist == "loadpackage" || r.dist == "loadfile" {
		return 1
	}
	names := make(map[string]bool) // subtests of one name stay together
	for _, key := range t.keys() {
		name, _, _ := strings.Cut(key, "#")
		names[name] = true
	}
	return max(1, min(r.workers, len(names)))
}

// spread enters that the first attempt of a test had several processes.
func (m *soakModel) spread(t *soakTest) {
	n := m.r.parts(m.p, t)
	m.want.starts[soakKey(t.name, 0)] += n - 1
	if n > 1 && outcomeOf(t, 0, false).dies {
		m.want.loose[t.name] = "fail" // which subtests a death takes along depends on the parts
	}
}
