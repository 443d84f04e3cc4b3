package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// drive runs a script of words against a State and returns what it answered: ask:WORKER:OWN,
// ask:WORKER:OWN@ATTEMPT, next, ok:ACTION, fail:ACTION, begin, begin:WORKER:OWN@ATTEMPT, end likewise,
// place like ask, halt, close, keep, abandon.
func drive(s *State, script string) string {
	var out []string
	for _, word := range strings.Fields(script) {
		verb, rest, _ := strings.Cut(word, ":")
		switch verb {
		case "ask":
			answer, part := s.Ask(need(rest))
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
			s.Begin(need(rest))
		case "end":
			s.End(need(rest))
		case "place":
			out = append(out, fmt.Sprint(s.Place(need(rest))))
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

// need reads WORKER:OWN,OWN@ATTEMPT.
func need(text string) (n Need) {
	text, attempt, _ := strings.Cut(text, "@")
	worker, list, _ := strings.Cut(text, ":")
	fmt.Sscan(worker, &n.Worker)
	fmt.Sscan(attempt, &n.For.Number)
	for number := range strings.SplitSeq(list, ",") {
		if i := 0; number != "" {
			fmt.Sscan(number, &i)
			n.Own = append(n.Own, i)
		}
	}
	return n
}

// show writes an action as r0 (the run's), w2.0 (of worker 2), w2.0@3 (for attempt 3), with a minus
// before it for the tear-down.
func show(a Action) string {
	text := fmt.Sprintf("w%d.%d", a.Worker, a.Number)
	if a.Worker == Everyone {
		text = fmt.Sprintf("r%d", a.Number)
	}
	if a.TearDown {
		text = "-" + text
	}
	if a.For.Number > 0 {
		text += fmt.Sprint("@", a.For.Number)
	}
	return text
}

func parse(text string) Action {
	a := Action{Part: Part{Worker: Everyone}, TearDown: strings.HasPrefix(text, "-")}
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "-"), "@")
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
		if got := drive(NewState(tc.run, 9), tc.script); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tc.want)
		}
	}
}

// TestStateAtRandom: whatever comes in whatever order, a set-up begins once and when what it needs
// is ready, a process runs when all it needs is, and each part that was begun is torn down once, when
// nothing runs that may use it and nothing stands that depends on it. What is set up for each attempt
// is begun once for each process that needs it, and no two processes use the same.
func TestStateAtRandom(t *testing.T) {
	t.Parallel()
	again := 0
	for seed := range uint64(3000) {
		m := &model{
			t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), seen: map[command]int{}, life: map[Part]int{},
			ok: map[Part]bool{}, cut: map[Part]bool{}, used: map[Part]bool{},
		}
		m.runs, m.own, m.workers = m.rng.IntN(3), m.rng.IntN(4), 1+m.rng.IntN(3)
		m.lasting = m.rng.IntN(m.own + 1)
		m.state = NewState(m.runs, m.lasting)
		m.play()
		for _, lives := range m.life {
			again += max(0, lives-1)
		}
		if t.Failed() {
			return
		}
	}
	if again < 1000 {
		t.Errorf("set-ups of an attempt were run again only %d times", again)
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
	users              []Need // of processes that run
	lasting            int
	closed, abandoned  bool
	// seen counts the commands of each part, by life for those of one attempt.
	seen map[command]int
	life map[Part]int
	ok   map[Part]bool // it has been set up well, and stands
	cut  map[Part]bool
	used map[Part]bool // a process has begun with it
}

// command is a command of a part in one of its lives.
type command struct {
	Part
	down bool
	life int
}

func (m *model) errorf(format string, args ...any) {
	m.t.Errorf("seed %d: %s", m.seed, fmt.Sprintf(format, args...))
}

func (m *model) play() {
	for range 120 {
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
	for c, n := range m.seen {
		down := command{c.Part, true, c.life}
		if n != 1 || !c.down && m.seen[down] != 1 && !m.abandoned {
			m.errorf("%+v ran %d times, %+v %d", c, n, down, m.seen[down])
		}
	}
	for _, p := range m.state.Left() {
		if !m.abandoned || m.seen[command{p, true, m.life[p]}] > 0 && !m.cut[p] {
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
	need := Need{Worker: worker, Own: own, For: Attempt{Number: m.rng.IntN(2)}}
	answer, broken := m.state.Ask(need)
	ready, fresh := true, true
	for _, p := range m.state.chain(need) {
		ready = ready && m.ok[p]
		fresh = fresh && !(m.state.perAttempt(p) && m.used[p])
	}
	switch {
	case answer == Enter && !(ready && fresh):
		m.errorf("worker %d enters without %v", worker, own)
	case answer == Enter:
		m.state.Begin(need)
		m.users = append(m.users, need)
		for _, p := range m.state.chain(need) {
			m.used[p] = true
		}
	case answer == Refused && (m.life[broken] == 0 || m.ok[broken]):
		m.errorf("refused because of %v, which has not failed", broken)
	case answer == Wait && ready && m.state.layered(need): // it may stand for another attempt
	case answer == Wait && ready:
		m.errorf("worker %d waits for nothing", worker)
	}
}

func (m *model) leave(users []Need) []Need {
	if len(users) > 0 {
		m.state.End(users[0])
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
	ok := m.rng.IntN(9) > 0
	if a.TearDown {
		m.cut[a.Part] = !ok && m.abandoned
	}
	m.ok[a.Part], m.used[a.Part] = ok && !a.TearDown, false
	m.state.Ended(a, ok)
}

// take checks and begins actions.
func (m *model) take(actions []Action) {
	for _, a := range actions {
		each := m.state.perAttempt(a.Part)
		if !a.TearDown {
			m.life[a.Part]++
		}
		m.seen[command{a.Part, a.TearDown, m.life[a.Part]}]++
		m.ok[a.Part] = false
		users := len(m.users)
		if each && !m.closed {
			users = m.usersOf(a.Part)
		}
		switch {
		case !a.TearDown && !each && m.life[a.Part] > 1:
			m.errorf("%s is set up again", show(a))
		case a.TearDown && (users > 0 || !m.closed && !each || m.abandoned):
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
	for p, life := range m.life {
		later := p.Worker == a.Worker && p.Number > a.Number && a.Worker == Everyone || p.Worker != Everyone && a.Worker == Everyone
		if later && (m.seen[command{p, true, life}] == 0 || slices.ContainsFunc(m.underway, func(u Action) bool { return u.Part == p })) {
			m.errorf("%s although %s stands", show(a), show(Action{Part: p}))
		}
	}
}

// usersOf is how many processes run that use a part of one attempt.
func (m *model) usersOf(p Part) int {
	n := 0
	for _, u := range m.users {
		if u.Worker == p.Worker && slices.Contains(u.Own, p.Number) {
			n++
		}
	}
	return n
}

// TestStateOfAttempts: what is set up for each attempt, which are those with numbers from 1 on.
func TestStateOfAttempts(t *testing.T) {
	t.Parallel()
	const up = "ask:0:1 next ok:w0.1 ask:0:1 begin:0:1 "
	for name, tc := range map[string]struct{ script, want string }{
		"anew for each": {
			up + "end:0:1 ask:0:1@1 next next ok:-w0.1 ask:0:1@1 next ok:w0.1 ask:0:1@1 begin:0:1@1 end:0:1@1 close next ok:-w0.1 over left",
			"wait [w0.1] enter wait [-w0.1] [] wait [w0.1@1] enter [-w0.1@1] true left[]",
		},
		"what lasts stays": {
			"ask:0:0,1 next ok:w0.0 ask:0:0,1 next ok:w0.1 ask:0:0,1 begin:0:0,1 end:0:0,1 ask:0:0,1@1 next ok:-w0.1 ask:0:0,1@1 next",
			"wait [w0.0] wait [w0.1] enter wait [-w0.1] wait [w0.1@1]",
		},
		"the same twice":                {up + "end:0:1 ask:0:1 next ok:-w0.1 ask:0:1 next", "wait [w0.1] enter wait [-w0.1] wait [w0.1]"},
		"not while a process lingers":   {up + "ask:0:1@1 next ask:0:1@1 end:0:1 next", "wait [w0.1] enter wait [] wait [-w0.1]"},
		"one that needs none":           {up + "end:0:1 ask:0 begin ask:0:0 next end ok:w0.0 ask:0:0", "wait [w0.1] enter enter wait [w0.0] enter"},
		"workers of their own":          {up + "ask:1:1@1 next ok:w1.1 ask:1:1@1 next", "wait [w0.1] enter wait [w1.1@1] enter []"},
		"in reverse":                    {"ask:0:1,2 next ok:w0.1 ask:0:1,2 next ok:w0.2 ask:0:1,2 begin:0:1,2 end:0:1,2 ask:0:1@1 next ok:-w0.2 ask:0:1@1 next ok:-w0.1 ask:0:1@1 next", "wait [w0.1] wait [w0.2] enter wait [-w0.2] wait [-w0.1] wait [w0.1@1]"},
		"one who needs another":         {up + "end:0:1 ask:0:2@1 next ok:-w0.1 ask:0:2@1 next", "wait [w0.1] enter wait [-w0.1] wait [w0.2@1]"},
		"nobody came":                   {"ask:0:1 next ok:w0.1 ask:0:1 ask:0:1@1 next ok:-w0.1 ask:0:1@1 next", "wait [w0.1] enter wait [-w0.1] wait [w0.1@1]"},
		"nobody came, and none began":   {"ask:0:1 ask:0:2@1 next", "wait wait [w0.2@1]"},
		"nobody came while it starts":   {"ask:0:1 next ask:0:1@1 next ok:w0.1 next ok:-w0.1 ask:0:1@1 next", "wait [w0.1] wait [] [-w0.1] wait [w0.1@1]"},
		"a failure":                     {up + "end:0:1 ask:0:1@1 next ok:-w0.1 ask:0:1@1 next fail:w0.1 ask:0:1@1 ask:1:1@1 ask:1:0 next close next ok:w1.0 next ok:-w1.0 ok:-w0.1 over", "wait [w0.1] enter wait [-w0.1] wait [w0.1@1] refused:w0.1 refused:w0.1 wait [w1.0] [] [-w0.1@1 -w1.0] true"},
		"others after a failure":        {"ask:0:1 next fail:w0.1 ask:0:1 ask:0:2@1 next ok:-w0.1 ask:0:2@1 next", "wait [w0.1] refused:w0.1 wait [-w0.1] wait [w0.2@1]"},
		"a tear-down that fails":        {up + "end:0:1 ask:0:1@1 next fail:-w0.1 ask:0:1@1 next", "wait [w0.1] enter wait [-w0.1] wait [w0.1@1]"},
		"kept":                          {up + "end:0:1 ask:0:1@1 next ok:-w0.1 ask:0:1@1 next ok:w0.1 ask:0:1@1 begin:0:1@1 end:0:1@1 keep next over left", "wait [w0.1] enter wait [-w0.1] wait [w0.1@1] enter [] true left[w0.1]"},
		"halted before it is torn down": {up + "end:0:1 ask:0:1@1 halt next close next ok:-w0.1 over", "wait [w0.1] enter wait [] [-w0.1] true"},
		"halted while it is torn down":  {up + "end:0:1 ask:0:1@1 next halt close next over ok:-w0.1 next over", "wait [w0.1] enter wait [-w0.1] [] false [] true"},
		"abandoned meanwhile":           {up + "end:0:1 ask:0:1@1 next abandon fail:-w0.1 next close over left", "wait [w0.1] enter wait [-w0.1] [] true left[w0.1]"},
		"abandoned before":              {up + "end:0:1 abandon ask:0:1@1 next close over left", "wait [w0.1] enter wait [] true left[w0.1]"},
		"places":                        {"place:0:0,1 " + up + "place:0:1@1 place:1:1@1 end:0:1 place:0:0,1@1 place:1:0,1@1 place:0:0 place:0", "4 wait [w0.1] enter 3 2 5 4 2 0"},
		"a place with what lasts":       {"ask:0:0,1 next ok:w0.0 ask:0:0,1 next ok:w0.1 place:0:0,1 ask:0:0,1 begin:0:0,1 end:0:0,1 place:0:0,1 place:1:0,1", "wait [w0.0] wait [w0.1] 0 enter 3 4"},
	} {
		if got := drive(NewState(0, 1), tc.script); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tc.want)
		}
	}
}
