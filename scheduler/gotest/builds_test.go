package gotest

import (
	"fmt"
	"strings"
	"testing"
)

// TestTurns: each step has the state after it: who has a turn, who waits.
func TestTurns(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limit int
		steps string // "+c1": compile 1 comes, "+l1": a link, "-c1": it goes, "=3": the limit
		want  string // "c1|c2": c1 runs, c2 waits, in the order in which they will have their turn
	}{
		"one":                  {1, "+c1 -c1", "c1| |"},
		"in order":             {2, "+c1 +c2 +c3 +c4 -c2 -c1", "c1| c1,c2| c1,c2|c3 c1,c2|c3,c4 c1,c3|c4 c3,c4|"},
		"links first":          {1, "+c1 +c2 +l1 +c3 +l2 -c1 -l1 -l2", "c1| c1|c2 c1|l1,c2 c1|l1,c2,c3 c1|l1,l2,c2,c3 l1|l2,c2,c3 l2|c2,c3 c2|c3"},
		"gone before its turn": {1, "+c1 +c2 +l1 +c3 -l1 -c2 -c1", "c1| c1|c2 c1|l1,c2 c1|l1,c2,c3 c1|c2,c3 c1|c3 c3|"},
		"a larger limit":       {1, "+c1 +c2 +c3 +c4 =3", "c1| c1|c2 c1|c2,c3 c1|c2,c3,c4 c1,c2,c3|c4"},
		"a smaller limit":      {3, "+c1 +c2 +c3 +c4 =1 -c1 -c2 -c3", "c1| c1,c2| c1,c2,c3| c1,c2,c3|c4 c1,c2,c3|c4 c2,c3|c4 c3|c4 c4|"},
		"no limit is one":      {1, "=0 +c1 +c2", "| c1| c1|c2"},
	} {
		q := turns{limit: tc.limit}
		byName := map[string]*turn{}
		names := map[*turn]string{}
		var running []string
		var states []string
		for step := range strings.FieldsSeq(tc.steps) {
			var next []*turn
			name := step[1:]
			switch step[0] {
			case '+':
				byName[name] = &turn{link: name[0] == 'l'}
				names[byName[name]] = name
				next = q.enter(byName[name])
			case '-':
				next = q.leave(byName[name])
				for i, r := range running {
					if r == name {
						running = append(running[:i:i], running[i+1:]...)
						break
					}
				}
			case '=':
				var n int
				if _, err := fmt.Sscan(name, &n); err != nil {
					t.Fatal(err)
				}
				next = q.setLimit(n)
			}
			for _, n := range next {
				running = append(running, names[n])
			}
			var waiting []string
			for _, w := range append(q.links[:len(q.links):len(q.links)], q.others...) {
				waiting = append(waiting, names[w])
			}
			states = append(states, strings.Join(running, ",")+"|"+strings.Join(waiting, ","))
			if q.running != len(running) || q.waiting() != len(waiting) {
				t.Errorf("%s: after %s: %d run, %d wait, want %d and %d", name, step, q.running, q.waiting(), len(running), len(waiting))
			}
		}
		if got := strings.Join(states, " "); got != tc.want {
			t.Errorf("%s: %s\n%q\nwant\n%q", name, tc.steps, got, tc.want)
		}
	}
}

// TestFull: the cores are busy if every turn is taken, or somebody waits for one.
func TestFull(t *testing.T) {
	t.Parallel()
	compile := func() *turn { return &turn{yours: make(chan struct{})} }
	b := newBuilds()
	b.turns.limit = 2
	one, two, three := compile(), compile(), compile()
	for _, step := range []struct {
		name string
		do   func()
		want bool
	}{
		{"nothing", func() {}, false},
		{"one of two runs", func() { b.enter(one) }, false},
		{"both run", func() { b.enter(two) }, true},
		{"a third waits", func() { b.enter(three) }, true},
		{"the limit is three", func() { b.Limit(3) }, true},
		{"the limit is four", func() { b.Limit(4) }, false},
		{"the limit is one, three run", func() { b.Limit(1) }, true},
		{"they have ended", func() { b.leave(one); b.leave(two); b.leave(three) }, false},
	} {
		if step.do(); b.Full() != step.want {
			t.Errorf("%s: full is %v", step.name, b.Full())
		}
	}
}
