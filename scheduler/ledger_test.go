package scheduler

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// process is a script of what a process prints, a word per line:
//
//	+A   A starts        =A   A is paused     >A   A continues
//	pA   A passes        fA   A fails         sA   A is skipped
//	PASS, FAIL           the closing line
type process string

// framing returns the line that a word of a script stands for.
func framing(word string) string {
	formats := map[byte]string{
		'+': "=== RUN   %s", '=': "=== PAUSE %s", '>': "=== CONT  %s",
		'p': "--- PASS: %s (0.00s)", 'f': "--- FAIL: %s (0.00s)", 's': "--- SKIP: %s (0.00s)",
	}
	if format, ok := formats[word[0]]; ok {
		return fmt.Sprintf("\x16"+format+"\n", word[1:])
	}
	return "\x16" + word + "\n"
}

// read fills in what the readers of a process know of it.
func (p process) read(e ending) ending {
	f := newMerger(io.Discard, false, noSpill).newFeed(false, "", nil)
	parser := testbin.NewParser(nil, f.event)
	for word := range strings.FieldsSeq(string(p)) {
		_, _ = io.WriteString(parser, framing(word)) // a Parser takes everything
	}
	parser.Close()
	f.close()
	e.count, e.seen, e.open = parser.Count, parser.Seen(), parser.Open()
	e.last, e.finals, e.contradiction = f.last, f.finals, parser.Contradiction()
	e.reason = fmt.Sprint("exit status ", e.code)
	return e
}

// plans reads a plan: names, with *N for how often, ~ for a resumed test and !
// for a missed one.
func plans(words string) []planned {
	tests := []planned{}
	for word := range strings.FieldsSeq(words) {
		p := planned{want: 1}
		word, p.missed = strings.CutSuffix(word, "!")
		word, p.resumed = strings.CutSuffix(word, "~")
		name, times, ok := strings.Cut(word, "*")
		if ok {
			_, _ = fmt.Sscan(times, &p.want)
		}
		p.name = name
		tests = append(tests, p)
	}
	return tests
}

// inGroup puts all tests of a process into its group.
func inGroup(e ending) {
	for i := range e.planned {
		e.planned[i].group = e.group
	}
}

// show is the reverse of plans.
func show(tests []planned) string {
	var words []string
	for _, p := range tests {
		word := p.name
		if p.want != 1 {
			word += fmt.Sprint("*", p.want)
		}
		if p.resumed {
			word += "~"
		}
		if p.missed {
			word += "!"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func (s settlement) String() string {
	var out []string
	add := func(name, list string) {
		if list != "" {
			out = append(out, name+": "+list)
		}
	}
	var broken []string
	for _, t := range s.broken {
		broken = append(broken, t.Name)
	}
	add("ended", show(s.ended))
	add("failed", strings.Join(s.failed, " "))
	add("broken", strings.Join(broken, " "))
	add("idle", show(s.idle))
	add("again", show(s.again))
	add("skipped", show(s.skipped))
	add("lost", show(s.lost))
	add("dropped", show(s.dropped))
	add("package", s.packageFailure)
	return strings.Join(out, "; ")
}

func TestSettle(t *testing.T) {
	t.Parallel()
	const (
		outside = "the process failed outside its tests (exit status %d)"
		before  = "the process ended before its first test (exit status %d)"
		forged  = "%s was reported as failed while it was not running: a test prints reports of its own, and which tests have really run is not known"
	)
	for name, tc := range map[string]struct {
		plan    string
		process process
		ending  ending // code, group, stopsEarly, mayIdle, stopped
		want    string
		reason  string // why the skipped are skipped
	}{
		"all pass":      {"A B", "+A pA +B pB PASS", ending{}, "ended: A B", ""},
		"skips pass":    {"A B", "+A sA +B sB PASS", ending{}, "ended: A B", ""},
		"nothing to do": {"", "PASS", ending{}, "", ""},
		"one fails":     {"A B", "+A fA +B pB FAIL", ending{code: 1}, "ended: A B; failed: A", ""},
		"count":         {"A*3", "+A pA +A pA +A pA PASS", ending{}, "ended: A*3", ""},
		"one of counts": {"A*3", "+A pA +A fA +A pA FAIL", ending{code: 1}, "ended: A*3; failed: A", ""},
		"parallel":      {"A B", "+A =A +B =B >A >B pB pA PASS", ending{}, "ended: A B", ""},

		// Exit status and tests must agree.
		"0 after a failure":          {"A", "+A fA FAIL", ending{}, "ended: A; failed: A; package: the process exited 0 although a test failed", ""},
		"1 without a failure":        {"A", "+A pA FAIL", ending{code: 1}, "ended: A; package: " + fmt.Sprintf(outside, 1), ""},
		"1 after PASS":               {"A", "+A pA PASS", ending{code: 1}, "ended: A; package: " + fmt.Sprintf(outside, 1), ""},
		"7 after a failure":          {"A", "+A fA FAIL", ending{code: 7}, "ended: A; failed: A; package: " + fmt.Sprintf(outside, 7), ""},
		"signal after the last":      {"A", "+A pA PASS", ending{code: -1}, "ended: A; package: " + fmt.Sprintf(outside, -1), ""},
		"signal after FAIL":          {"A", "+A fA FAIL", ending{code: -1}, "ended: A; failed: A; package: " + fmt.Sprintf(outside, -1), ""},
		"exit between tests":         {"A B", "+A pA", ending{code: 3}, "ended: A; again: B; package: " + fmt.Sprintf(outside, 3), ""},
		"a failure long before":      {"A B C", "+A fA +B pB", ending{code: 3}, "ended: A B; failed: A; again: C; package: " + fmt.Sprintf(outside, 3), ""},
		"0 in the middle":            {"A B", "+A", ending{}, "ended: A; failed: A; broken: A; again: B", ""},
		"0 while all are paused":     {"A B", "+A =A +B =B", ending{}, "again: A~! B~!; package: " + fmt.Sprintf(outside, 0), ""},
		"0 while the rest is paused": {"A B", "+A =A +B pB", ending{}, "ended: B; again: A~; package: " + fmt.Sprintf(outside, 0), ""},

		// What contradicts itself is not believed, however good the rest looks.
		"failed after its pass":   {"A B", "+A pA +B pB fA", ending{code: 2}, "ended: A B; failed: A; package: " + fmt.Sprintf(forged, "A"), ""},
		"failed before its start": {"A B", "+A pA fB", ending{code: 2}, "ended: A B; failed: B; package: " + fmt.Sprintf(forged, "B"), ""},
		"reported by two panics":  {"A", "+A +A/x +A/y fA/x fA fA/y fA", ending{code: 2}, "ended: A; failed: A", ""},

		// Who was running is to blame, and nobody else.
		"panic":                {"A B C", "+A pA +B", ending{code: 2}, "ended: A B; failed: B; broken: B; again: C", ""},
		"reported panic":       {"A B C", "+A pA +B fB", ending{code: 2}, "ended: A B; failed: B; again: C", ""},
		"panic beside paused":  {"A B C D", "+A =A +B =B +C", ending{code: 2}, "ended: C; failed: C; broken: C; again: A~ B~ D", ""},
		"reported, paused":     {"A B C", "+A =A +B fB", ending{code: 2}, "ended: B; failed: B; again: A~ C", ""},
		"panic among parallel": {"A B C", "+A =A +B =B +C =C >A >B", ending{code: 2}, "ended: A B; failed: A B; broken: A B; again: C~", ""},
		"panic in a subtest":   {"A B", "+A +A/x +A/x/y +A/z", ending{code: 2}, "ended: A; failed: A; broken: A A/x A/x/y A/z; again: B", ""},
		"subtests reported":    {"A B", "+A +A/x +A/y =A/y fA/x fA", ending{code: 2}, "ended: A; failed: A; again: B", ""},
		"panic in a repeat":    {"A*3 B*3", "+A pA +B pB +A", ending{code: 2}, "ended: A*3; failed: A; broken: A; again: B*2", ""},
		"first of two names":   {"A*2 B", "+A pA +A", ending{code: 2}, "ended: A*2; failed: A; broken: A; again: B", ""},
		"resumed, not reached": {"A~ B", "+B", ending{code: 2}, "ended: B; failed: B; broken: B; again: A~", ""},
		"resumed, then ended":  {"A*2~ B", "+A pA +B", ending{code: 2}, "ended: B; failed: B; broken: B; again: A", ""},
		"resumed, then lost":   {"A~!", "PASS", ending{}, "lost: A~!", ""},
		"killed":               {"A B", "+A", ending{code: -1}, "ended: A; failed: A; broken: A; again: B", ""},
		"missed, then a crash": {"A! B", "+B", ending{code: 2}, "ended: B; failed: B; broken: B; again: A!", ""},

		"one name, running first": {"A*2 B", "+A =A +A =A >A", ending{code: 2}, "ended: A*2; failed: A; broken: A A; again: B", ""},

		// A process that runs nothing is not started again for ever.
		"dies in init":             {"A B", "", ending{code: 2}, "dropped: A B; package: " + fmt.Sprintf(before, 2), ""},
		"dies in init, group":      {"A B", "", ending{code: 2, group: "g"}, "dropped: A B; package: " + fmt.Sprintf(before, 2), ""},
		"TestMain exits 1":         {"A", "", ending{code: 1, mayIdle: true}, "dropped: A; package: " + fmt.Sprintf(before, 1), ""},
		"TestMain exits 0":         {"A B", "", ending{mayIdle: true}, "idle: A B", ""},
		"TestMain exits 0, group":  {"A B", "", ending{mayIdle: true, group: "g"}, "idle: A B", ""},
		"killed before tests":      {"A", "", ending{code: -1}, "dropped: A; package: " + fmt.Sprintf(before, -1), ""},
		"no progress":              {"A B", "+X fX FAIL", ending{code: 1}, "failed: X; again: A! B!", ""},
		"no progress twice":        {"A! B!", "+X fX FAIL", ending{code: 1}, "failed: X; lost: A! B!", ""},
		"always dies while paused": {"A!", "+A =A", ending{code: 2}, "lost: A~!; package: " + fmt.Sprintf(outside, 2), ""},

		// Planned and not seen: once again, then lost.
		"not seen":            {"A B", "+A pA PASS", ending{}, "ended: A; again: B!", ""},
		"not seen at all":     {"A", "PASS", ending{}, "again: A!", ""},
		"not seen twice":      {"A! B!", "+B pB PASS", ending{}, "ended: B!; lost: A!", ""},
		"seen too rarely":     {"A*3", "+A pA PASS", ending{}, "again: A*2!", ""},
		"TestMain picks":      {"A B", "+A pA PASS", ending{mayIdle: true}, "ended: A; again: B!", ""},
		"not seen, a failure": {"A B", "+A fA FAIL", ending{code: 1}, "ended: A; failed: A; again: B", ""},

		// Not planned and seen.
		"unplanned passes": {"A", "+A pA +X pX PASS", ending{}, "ended: A", ""},
		"unplanned fails":  {"A", "+A pA +X fX FAIL", ending{code: 1}, "ended: A; failed: X", ""},

		// Groups: the rest is skipped.
		"group passes":            {"A B", "+A pA +B pB PASS", ending{group: "g", stopsEarly: true}, "ended: A B", ""},
		"group fails fast":        {"A B C", "+A pA +B fB FAIL", ending{code: 1, group: "g", stopsEarly: true}, "ended: A B; failed: B; skipped: C", "B failed earlier in group g"},
		"group goes on":           {"A B", "+A fA +B pB FAIL", ending{code: 1, group: "g"}, "ended: A B; failed: A", ""},
		"group panics":            {"A B C", "+A pA +B", ending{code: 2, group: "g"}, "ended: A B; failed: B; broken: B; skipped: C", "B failed earlier in group g"},
		"group exits":             {"A B", "+A pA", ending{code: 3, group: "g"}, "ended: A; skipped: B; package: " + fmt.Sprintf(outside, 3), "the process of group g ended early (exit status 3)"},
		"group with paused":       {"A B C", "+A =A +B fB", ending{code: 1, group: "g", stopsEarly: true}, "ended: B; failed: B; skipped: A~ C", "B failed earlier in group g"},
		"group exits 0":           {"A B", "+A", ending{group: "g"}, "ended: A; failed: A; broken: A; skipped: B", "A failed earlier in group g"},
		"group, repeats left":     {"A*3 B*3", "+A pA +B fB", ending{code: 1, group: "g", stopsEarly: true}, "failed: B; skipped: A*2 B*2", "B failed earlier in group g"},
		"group member not seen":   {"A B", "+A pA PASS", ending{group: "g"}, "ended: A; lost: B", ""},
		"group, 0 with a failure": {"A B", "+A fA FAIL", ending{group: "g"}, "ended: A; failed: A; lost: B; package: the process exited 0 although a test failed", "A failed earlier in group g"},

		// -failfast: go test says nothing of the rest.
		"failfast":             {"A B C", "+A pA +B fB FAIL", ending{code: 1, stopsEarly: true}, "ended: A B C; failed: B", ""},
		"failfast, no failure": {"A B", "+A pA", ending{code: 2, stopsEarly: true}, "ended: A; again: B; package: " + fmt.Sprintf(outside, 2), ""},

		// The run is called off.
		"called off":         {"A B C", "+A pA +B", ending{code: -1, stopped: true}, "ended: A B; failed: B; broken: B; dropped: C", ""},
		"called off early":   {"A", "", ending{code: -1, stopped: true}, "dropped: A", ""},
		"called off, group":  {"A B", "+A fA", ending{code: -1, stopped: true, group: "g"}, "ended: A; failed: A; dropped: B", ""},
		"called off, paused": {"A B", "+A =A +B pB", ending{code: -1, stopped: true}, "ended: B; dropped: A", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := tc.process.read(tc.ending)
			e.planned = plans(tc.plan)
			inGroup(e)
			s := settle(e)
			if got := s.String(); got != tc.want {
				t.Errorf("%q: got  %s\nwant %s", tc.process, got, tc.want)
			}
			for _, p := range s.skipped {
				if p.why != tc.reason {
					t.Errorf("reason %q, want %q", p.why, tc.reason)
				}
			}
			checkSettlement(t, e, s)
		})
	}
}

// TestSettleUnknownPlan has a process of which it is not known what it runs.
func TestSettleUnknownPlan(t *testing.T) {
	t.Parallel()
	for words, want := range map[process]string{
		"+A pA PASS": "",
		"+A fA FAIL": "failed: A",
		"+A pA +B":   "failed: B; broken: B",
	} {
		code := 0
		if want != "" {
			code = 1
		}
		if got := settle(words.read(ending{code: code})).String(); got != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
	}
}

// randomProcess draws a process that is to run these tests, as often as each
// wants it, and the way in which it ends.
func randomProcess(random *rand.Rand, tests []planned) (process, ending) {
	var words, paused []string
	chance := func(n int) bool { return random.IntN(n) == 0 }
	result := func(name string) string { return string("pppppfs"[random.IntN(7)]) + name }
	e := ending{stopsEarly: chance(4), mayIdle: chance(4), stopped: chance(10), code: []int{0, 0, 1, 2, 3, -1}[random.IntN(6)]}
	if chance(3) {
		e.group = "g"
	}
	ends := func() bool { return chance(12) }
	finish := func() (process, ending) { return process(strings.Join(words, " ")), e }
	if ends() {
		return finish()
	}
	for _, t := range slices.Concat(tests, []planned{{name: "X", want: random.IntN(2)}}) {
		if chance(15) {
			continue // the process overlooks it
		}
		for range t.want {
			words = append(words, "+"+t.name)
			if chance(4) {
				words = append(words, "="+t.name)
				paused = append(paused, t.name)
				continue
			}
			if ends() {
				return finish()
			}
			if chance(3) {
				words = append(words, "+"+t.name+"/x", result(t.name+"/x"))
			}
			words = append(words, result(t.name))
			if ends() {
				return finish()
			}
		}
	}
	for _, name := range paused {
		words = append(words, ">"+name)
		if ends() {
			return finish()
		}
		words = append(words, result(name))
	}
	words = append(words, []string{"PASS", "FAIL"}[random.IntN(2)])
	return finish()
}

// checkSettlement checks what holds for every settlement.
func checkSettlement(t *testing.T, e ending, s settlement) {
	t.Helper()
	places := make(map[string]int)
	for _, list := range [][]planned{s.ended, s.idle, s.again, s.skipped, s.lost, s.dropped} {
		for _, p := range list {
			places[p.name]++
		}
	}
	open := openRoots(e.open)
	for _, p := range e.planned {
		if places[p.name] != 1 {
			t.Errorf("%s is in %d lists: %v", p.name, places[p.name], s)
		}
	}
	if len(places) != len(e.planned) {
		t.Errorf("%d tests in the lists, %d planned: %v", len(places), len(e.planned), s)
	}
	bad := e.code != 0
	for _, name := range e.seen {
		if failed := e.count(name).Failed > 0 || open[name] == openRunning; failed {
			bad = true
			if !slices.Contains(s.failed, name) {
				t.Errorf("the failure of %s is lost: %v", name, s)
			}
		}
	}
	for _, name := range s.failed {
		if e.count(name).Failed == 0 && open[name] != openRunning {
			t.Errorf("%s is blamed: %v", name, s)
		}
	}
	if bad && !e.stopped && (s.clean() || len(s.failed) == 0 && s.packageFailure == "") {
		t.Errorf("green, with exit status %d: %v", e.code, s)
	}
	if s.clean() {
		for _, p := range e.planned {
			if e.count(p.name).Finished() < p.want {
				t.Errorf("clean, but %s ran %d of %d times: %v", p.name, e.count(p.name).Finished(), p.want, s)
			}
		}
	}
	for _, p := range s.again {
		i := slices.IndexFunc(e.planned, func(q planned) bool { return q.name == p.name })
		begun := e.group != "" && slices.ContainsFunc(e.planned, func(q planned) bool { return e.count(q.name).Started > 0 })
		if want := e.planned[i].want - e.count(p.name).Finished(); p.want != want || want < 1 || begun || e.stopped {
			t.Errorf("%s is to run %d times more, want %d: %v", p.name, p.want, want, s)
		}
	}
	for i, t1 := range s.broken {
		for _, t2 := range s.broken[i:] {
			if strings.HasPrefix(t1.Name, t2.Name+"/") {
				t.Errorf("a subtest before its parent: %v", s)
			}
		}
	}
}

func TestSettleProperties(t *testing.T) {
	t.Parallel()
	kinds := make(map[string]int)
	for seed := range uint64(20_000) {
		random := rand.New(rand.NewPCG(seed, 0))
		var tests []planned
		for i := range 1 + random.IntN(5) {
			tests = append(tests, planned{name: fmt.Sprint("T", i), want: 1 + random.IntN(2)*random.IntN(3), missed: random.IntN(8) == 0})
		}
		words, e := randomProcess(random, tests)
		e = words.read(e)
		e.planned = tests
		inGroup(e)
		s := settle(e)
		checkSettlement(t, e, s)
		for _, part := range strings.Split(s.String(), "; ") {
			kind, _, _ := strings.Cut(part, ":")
			kinds[kind]++
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v, %q", seed, e, words)
		}
	}
	for _, kind := range []string{"ended", "failed", "broken", "idle", "again", "skipped", "lost", "dropped", "package"} {
		if kinds[kind] < 50 {
			t.Errorf("only %d endings have something %s", kinds[kind], kind)
		}
	}
}

// TestSettleEnds checks that what is to run again comes to an end whatever the
// processes do.
func TestSettleEnds(t *testing.T) {
	t.Parallel()
	worst := []process{"+X fX FAIL", "+X pX", "+X", "+T0 =T0", "+X pX PASS", "PASS", ""}
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		left, total := plans("T0*2 T1 T2 T3"), 5
		rounds := 0
		for ; len(left) > 0; rounds++ {
			words, e := randomProcess(random, left)
			if seed%2 == 0 {
				words = worst[random.IntN(len(worst))]
				if seed%4 == 0 {
					words = worst[int(seed/4)%len(worst)]
				}
			}
			e.group, e.stopped = "", false
			e = words.read(e)
			e.planned = left
			left = settle(e).again
			if rounds > 2*total {
				t.Fatalf("seed %d: %d processes, and still to run: %s (%q, exit status %d)", seed, rounds, show(left), words, e.code)
			}
		}
	}
}
