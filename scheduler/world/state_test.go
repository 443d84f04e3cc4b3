package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// drive runs a script of words against a State and returns what it answered: ask:WORKER:OWN,
// next, ok:ACTION, fail:ACTION, begin, end, halt, close, keep, abandon.
func drive(s *State, script string) string {
	var out []string
	for _, word := range strings.Fields(script) {
		verb, rest, _ := strings.Cut(word, ":")
		switch verb {
		case "ask":
			var worker int
			var own []int
			text, list, _ := strings.Cut(rest, ":")
			fmt.Sscan(text, &worker)
			for n := range strings.SplitSeq(list, ",") {
				if i := 0; n != "" {
					fmt.Sscan(n, &i)
					own = append(own, i)
				}
			}
			answer, part := s.Ask(worker, own)
			out = append(out, map[Answer]string{Enter: "enter", Wait: "wait", Refused: "refused:" + show(Action{Part: part})}[answer])
		case "next":
			var names []string
			for _, a := range s.Next() {
				names = append(names, show(a))
			}
			out = append(out, "["+strings.Join(names, " ")+"]")
		case "ok", "fail":
			s.Ended(parse(rest), verb == "ok")
		case "begin":
			s.Begin()
		case "end":
			s.End()
		case "halt":
			s.Halt()
		case "close", "keep":
			s.Close(verb == "keep")
		case "abandon":
			s.Abandon()
		case "over":
			out = append(out, fmt.Sprint(s.Over()))
		case "left":
			var names []string
			for _, p := range s.Left() {
				names = append(names, show(Action{Part: p}))
			}
			out = append(out, "left["+strings.Join(names, " ")+"]")
		default:
			panic(word)
		}
		s.Check()
	}
	return strings.Join(out, " ")
}

// show writes an action as r0 (the run's), w2.0 (of worker 2), with a minus before it for the
// tear-down.
func show(a Action) string {
	text := fmt.Sprintf("w%d.%d", a.Worker, a.Number)
	if a.Worker == Everyone {
		text = fmt.Sprintf("r%d", a.Number)
	}
	if a.TearDown {
		text = "-" + text
	}
	return text
}

func parse(text string) Action {
	a := Action{Part: Part{Worker: Everyone}, TearDown: strings.HasPrefix(text, "-")}
	text = strings.TrimPrefix(text, "-")
	if _, err := fmt.Sscanf(text, "r%d", &a.Number); err != nil {
		fmt.Sscanf(text, "w%d.%d", &a.Worker, &a.Number)
	}
	return a
}

func TestState(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		run          int
		script, want string
	}{
		"nothing is needed":            {2, "next close next over left", "[] [] true left[]"},
		"no set-ups":                   {0, "ask:0 next begin end close over", "enter [] true"},
		"the run's come in order":      {2, "ask:0 next ask:1 next ok:r0 ask:0 next ok:r1 ask:0 ask:1", "wait [r0] wait [] wait [r1] enter enter"},
		"then the worker's":            {1, "ask:0:0 next ok:r0 ask:0:0 ask:1 next ok:w0.0 ask:0:0", "wait [r0] wait enter [w0.0] enter"},
		"each worker has its own":      {0, "ask:0:0 ask:1:0 next ok:w1.0 ask:0:0 ask:1:0", "wait wait [w0.0 w1.0] wait enter"},
		"several of a worker in order": {0, "ask:0:1,0 next ok:w0.0 ask:0:1,0 next", "wait [w0.0] wait [w0.1]"},
		"one that was skipped":         {0, "ask:0:1 next ok:w0.1 ask:0:0,1 next", "wait [w0.1] wait [w0.0]"},
		"a failure of the run's":       {2, "ask:0 next fail:r0 ask:0 ask:1:0 next", "wait [r0] refused:r0 refused:r0 []"},
		"a failure of a worker's":      {1, "ask:0:0 next ok:r0 ask:0:0 ask:1:0 next fail:w1.0 ask:0:0 ask:2:0 ask:2:1 ask:2 next", "wait [r0] wait wait [w0.0 w1.0] refused:w1.0 refused:w1.0 wait enter [w2.1]"},
		"torn down in reverse": {
			2, "ask:0 next ok:r0 ask:0 next ok:r1 ask:0:0,1 next ok:w0.0 ask:0:0,1 next ok:w0.1 begin close next end next ok:-w0.1 next ok:-w0.0 next ok:-r1 next over ok:-r0 next over",
			"wait [r0] wait [r1] wait [w0.0] wait [w0.1] [] [-w0.1] [-w0.0] [-r1] [-r0] false [] true",
		},
		"workers do not wait for each other": {
			1, "ask:0:0 next ok:r0 ask:0:0 ask:1:0 next ok:w0.0 ok:w1.0 close next ok:-w1.0 next fail:-w0.0 next ok:-r0 over",
			"wait [r0] wait wait [w0.0 w1.0] [-w0.0 -w1.0] [] [-r0] true",
		},
		"what failed is torn down too":   {1, "ask:0 next fail:r0 close next ok:-r0 over", "wait [r0] [-r0] true"},
		"not while it starts":            {1, "ask:0 next close next over fail:r0 next ok:-r0 over", "wait [r0] [] false [-r0] true"},
		"what was wanted and halted":     {1, "ask:0 halt next close over", "wait [] true"},
		"kept":                           {1, "ask:0 next ok:r0 ask:0:0 next ok:w0.0 keep next over left", "wait [r0] wait [w0.0] [] true left[w0.0 r0]"},
		"abandoned":                      {1, "ask:0 next ok:r0 ask:0:0 next ok:w0.0 close next abandon over ok:-w0.0 next over left", "wait [r0] wait [w0.0] [-w0.0] false [] true left[r0]"},
		"cut short":                      {1, "ask:0 next ok:r0 ask:0:0 next ok:w0.0 close next abandon fail:-w0.0 next over left", "wait [r0] wait [w0.0] [-w0.0] [] true left[w0.0 r0]"},
		"abandoned before the end":       {1, "ask:0 next abandon close next over ok:r0 next over left", "wait [r0] [] false [] true left[r0]"},
		"never twice":                    {1, "ask:0 next ok:r0 close next next ok:-r0 next next", "wait [r0] [-r0] [] [] []"},
		"left of workers in their order": {1, "ask:1:0 next ok:r0 ask:1:0 ask:0:0 next ok:w0.0 ok:w1.0 keep left", "wait [r0] wait wait [w1.0 w0.0] left[w0.0 w1.0 r0]"},
	} {
		if got := drive(NewState(tc.run), tc.script); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tc.want)
		}
	}
}

// TestStateAtRandom: whatever comes in whatever order, a set-up begins once and when what it needs
// is ready, a process runs when all it needs is, and each part that was begun is torn down once, when
// nothing runs that may use it and nothing stands that depends on it.
func TestStateAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		m := &model{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), seen: map[Action]int{}, ok: map[Part]bool{}, cut: map[Part]bool{}}
		m.runs, m.own, m.workers = m.rng.IntN(3), m.rng.IntN(3), 1+m.rng.IntN(3)
		m.state = NewState(m.runs)
		m.play()
		if t.Failed() {
			return
		}
	}
}

// model plays a run and knows what must hold.
type model struct {
	t                  *testing.T
	seed               uint64
	rng                *rand.Rand
	state              *State
	runs, own, workers int
	underway           []Action
	users              []Part // worker and number of process
	seen               map[Action]int
	ok                 map[Part]bool
	closed, abandoned  bool
	cut                map[Part]bool
}

func (m *model) errorf(format string, args ...any) {
	m.t.Errorf("seed %d: %s", m.seed, fmt.Sprintf(format, args...))
}

func (m *model) play() {
	for range 60 {
		m.step()
		m.state.Check()
		m.take(m.state.Next())
	}
	if !m.closed {
		m.state.Close(false)
		m.closed = true
	}
	for range 200 { // everything ends
		m.users = m.leave(m.users)
		m.finish()
		m.state.Check()
		m.take(m.state.Next())
	}
	if !m.state.Over() {
		m.errorf("not over")
	}
	for a, n := range m.seen {
		down := Action{a.Part, true}
		if n != 1 || !a.TearDown && m.seen[down] != 1 && !m.abandoned {
			m.errorf("%s ran %d times, %s %d", show(a), n, show(down), m.seen[down])
		}
	}
	for _, p := range m.state.Left() {
		if !m.abandoned || m.seen[Action{p, true}] > 0 && !m.cut[p] {
			m.errorf("%s is left", show(Action{Part: p}))
		}
	}
}

// step does something that may happen in a run.
func (m *model) step() {
	switch n := m.rng.IntN(12); {
	case n < 5 && !m.closed:
		m.ask()
	case n < 7:
		m.users = m.leave(m.users)
	case n < 10:
		m.finish()
	case n == 10 && m.rng.IntN(6) == 0:
		m.state.Close(false)
		m.closed = true
	case n == 11 && m.rng.IntN(10) == 0:
		m.state.Abandon()
		m.abandoned = true
	}
}

func (m *model) ask() {
	worker := m.rng.IntN(m.workers)
	var own []int
	for n := range m.own {
		if m.rng.IntN(2) == 0 {
			own = append(own, n)
		}
	}
	answer, broken := m.state.Ask(worker, own)
	ready := true
	for _, p := range m.state.chain(worker, own) {
		ready = ready && m.ok[p]
	}
	switch {
	case answer == Enter && !ready:
		m.errorf("worker %d enters without %v", worker, own)
	case answer == Enter:
		m.state.Begin()
		m.users = append(m.users, Part{Worker: worker})
	case answer == Refused && (m.seen[Action{Part: broken}] == 0 || m.ok[broken]):
		m.errorf("refused because of %v, which has not failed", broken)
	case answer == Wait && ready:
		m.errorf("worker %d waits for nothing", worker)
	}
}

func (m *model) leave(users []Part) []Part {
	if len(users) > 0 {
		m.state.End()
		users = users[1:]
	}
	return users
}

// finish ends a command.
func (m *model) finish() {
	if len(m.underway) == 0 {
		return
	}
	i := m.rng.IntN(len(m.underway))
	a := m.underway[i]
	m.underway = slices.Delete(m.underway, i, i+1)
	ok := m.rng.IntN(5) > 0
	if a.TearDown {
		m.cut[a.Part] = !ok && m.abandoned
	} else {
		m.ok[a.Part] = ok
	}
	m.state.Ended(a, ok)
}

// take checks and begins actions.
func (m *model) take(actions []Action) {
	for _, a := range actions {
		m.seen[a]++
		switch {
		case a.TearDown && (len(m.users) > 0 || !m.closed || m.abandoned):
			m.errorf("%s while %d processes run, closed %v, abandoned %v", show(a), len(m.users), m.closed, m.abandoned)
		case a.TearDown:
			m.noDependents(a)
		default:
			for n := range m.runs {
				if p := (Part{Everyone, n}); (a.Worker != Everyone || n < a.Number) && !m.ok[p] {
					m.errorf("%s before %s", show(a), show(Action{Part: p}))
				}
			}
		}
	}
	m.underway = append(m.underway, actions...)
}

// noDependents checks that nothing stands, or is being torn down, that may depend on the part.
func (m *model) noDependents(a Action) {
	for other := range m.seen {
		later := other.Worker == a.Worker && other.Number > a.Number && a.Worker == Everyone || other.Worker != Everyone && a.Worker == Everyone
		if later && (m.seen[Action{other.Part, true}] == 0 || slices.Contains(m.underway, Action{other.Part, true})) {
			m.errorf("%s although %s stands", show(a), show(Action{Part: other.Part}))
		}
	}
}
