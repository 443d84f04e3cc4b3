package ledger

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// read settles the account of a process that prints words and ends as e says.
func read(words script.Process, e Ending) (Ending, Settlement) {
	transcript := NewTranscript(nil)
	parser := testbin.NewParser(nil, transcript.Event)
	_ = words.Write(parser) // a parser takes everything
	parser.Close()
	e.Reason = fmt.Sprint("exit status ", e.Code)
	e.Count, e.Seen, e.Open, e.Contradiction = parser.Count, parser.Seen(), parser.Open(), parser.Contradiction()
	e.Last, e.Finals = transcript.Last, transcript.Finals
	return e, transcript.Settle(parser, e)
}

// plans reads a plan: names, with *N for how often, ~ for a resumed test and !
// for a missed one.
func plans(words string) []Planned {
	tests := []Planned{}
	for word := range strings.FieldsSeq(words) {
		p := Planned{Want: 1}
		word, p.Missed = strings.CutSuffix(word, "!")
		word, p.Resumed = strings.CutSuffix(word, "~")
		name, times, ok := strings.Cut(word, "*")
		if ok {
			_, _ = fmt.Sscan(times, &p.Want)
		}
		p.Name = name
		tests = append(tests, p)
	}
	return tests
}

// inGroup puts all tests of a process into its group.
func inGroup(e Ending) {
	for i := range e.Planned {
		e.Planned[i].Group = e.Group
	}
}

// show is the reverse of plans.
func show(tests []Planned) string {
	var words []string
	for _, p := range tests {
		word := p.Name
		if p.Want != 1 {
			word += fmt.Sprint("*", p.Want)
		}
		if p.Resumed {
			word += "~"
		}
		if p.Missed {
			word += "!"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func (s Settlement) String() string {
	var out []string
	add := func(name, list string) {
		if list != "" {
			out = append(out, name+": "+list)
		}
	}
	var broken []string
	for _, t := range s.Broken {
		broken = append(broken, t.Name)
	}
	add("ended", show(s.Ended))
	add("failed", strings.Join(s.Failed, " "))
	add("broken", strings.Join(broken, " "))
	add("idle", show(s.Idle))
	add("again", show(s.Again))
	add("skipped", show(s.Skipped))
	add("lost", show(s.Lost))
	add("dropped", show(s.Dropped))
	add("cut", show(s.Cut))
	add("package", s.PackageFailure)
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
		process script.Process
		ending  Ending // code, group, stopsEarly, mayIdle, stopped
		want    string
		reason  string // why the skipped are skipped
	}{
		"all pass":      {"A B", "+A pA +B pB PASS", Ending{}, "ended: A B", ""},
		"skips pass":    {"A B", "+A sA +B sB PASS", Ending{}, "ended: A B", ""},
		"nothing to do": {"", "PASS", Ending{}, "", ""},
		"one fails":     {"A B", "+A fA +B pB FAIL", Ending{Code: 1}, "ended: A B; failed: A", ""},
		"count":         {"A*3", "+A pA +A pA +A pA PASS", Ending{}, "ended: A*3", ""},
		"one of counts": {"A*3", "+A pA +A fA +A pA FAIL", Ending{Code: 1}, "ended: A*3; failed: A", ""},
		"parallel":      {"A B", "+A =A +B =B >A >B pB pA PASS", Ending{}, "ended: A B", ""},

		// Exit status and tests must agree.
		"0 after a failure":          {"A", "+A fA FAIL", Ending{}, "ended: A; failed: A; package: the process exited 0 although a test failed", ""},
		"1 without a failure":        {"A", "+A pA FAIL", Ending{Code: 1}, "ended: A; package: " + fmt.Sprintf(outside, 1), ""},
		"1 after PASS":               {"A", "+A pA PASS", Ending{Code: 1}, "ended: A; package: " + fmt.Sprintf(outside, 1), ""},
		"7 after a failure":          {"A", "+A fA FAIL", Ending{Code: 7}, "ended: A; failed: A; package: " + fmt.Sprintf(outside, 7), ""},
		"signal after the last":      {"A", "+A pA PASS", Ending{Code: -1}, "ended: A; package: " + fmt.Sprintf(outside, -1), ""},
		"signal after FAIL":          {"A", "+A fA FAIL", Ending{Code: -1}, "ended: A; failed: A; package: " + fmt.Sprintf(outside, -1), ""},
		"exit between tests":         {"A B", "+A pA", Ending{Code: 3}, "ended: A; again: B; package: " + fmt.Sprintf(outside, 3), ""},
		"a failure long before":      {"A B C", "+A fA +B pB", Ending{Code: 3}, "ended: A B; failed: A; again: C; package: " + fmt.Sprintf(outside, 3), ""},
		"0 in the middle":            {"A B", "+A", Ending{}, "ended: A; failed: A; broken: A; again: B", ""},
		"0 while all are paused":     {"A B", "+A =A +B =B", Ending{}, "again: A~! B~!; package: " + fmt.Sprintf(outside, 0), ""},
		"0 while the rest is paused": {"A B", "+A =A +B pB", Ending{}, "ended: B; again: A~; package: " + fmt.Sprintf(outside, 0), ""},

		// What contradicts itself is not believed, however good the rest looks.
		"failed after its pass":   {"A B", "+A pA +B pB fA", Ending{Code: 2}, "ended: A B; failed: A; package: " + fmt.Sprintf(forged, "A"), ""},
		"failed before its start": {"A B", "+A pA fB", Ending{Code: 2}, "ended: A B; failed: B; package: " + fmt.Sprintf(forged, "B"), ""},
		"reported by two panics":  {"A", "+A +A/x +A/y fA/x fA fA/y fA", Ending{Code: 2}, "ended: A; failed: A", ""},

		// Who was running is to blame, and nobody else.
		"panic":                {"A B C", "+A pA +B", Ending{Code: 2}, "ended: A B; failed: B; broken: B; again: C", ""},
		"reported panic":       {"A B C", "+A pA +B fB", Ending{Code: 2}, "ended: A B; failed: B; again: C", ""},
		"panic beside paused":  {"A B C D", "+A =A +B =B +C", Ending{Code: 2}, "ended: C; failed: C; broken: C; again: A~ B~ D", ""},
		"reported, paused":     {"A B C", "+A =A +B fB", Ending{Code: 2}, "ended: B; failed: B; again: A~ C", ""},
		"panic among parallel": {"A B C", "+A =A +B =B +C =C >A >B", Ending{Code: 2}, "ended: A B; failed: A B; broken: A B; again: C~", ""},
		"panic in a subtest":   {"A B", "+A +A/x +A/x/y +A/z", Ending{Code: 2}, "ended: A; failed: A; broken: A A/x A/x/y A/z; again: B", ""},
		"subtests reported":    {"A B", "+A +A/x +A/y =A/y fA/x fA", Ending{Code: 2}, "ended: A; failed: A; again: B", ""},
		"panic in a repeat":    {"A*3 B*3", "+A pA +B pB +A", Ending{Code: 2}, "ended: A*3; failed: A; broken: A; again: B*2", ""},
		"first of two names":   {"A*2 B", "+A pA +A", Ending{Code: 2}, "ended: A*2; failed: A; broken: A; again: B", ""},
		"resumed, not reached": {"A~ B", "+B", Ending{Code: 2}, "ended: B; failed: B; broken: B; again: A~", ""},
		"resumed, then ended":  {"A*2~ B", "+A pA +B", Ending{Code: 2}, "ended: B; failed: B; broken: B; again: A", ""},
		"resumed, then lost":   {"A~!", "PASS", Ending{}, "lost: A~!", ""},
		"killed":               {"A B", "+A", Ending{Code: -1}, "ended: A; failed: A; broken: A; again: B", ""},
		"missed, then a crash": {"A! B", "+B", Ending{Code: 2}, "ended: B; failed: B; broken: B; again: A!", ""},

		"one name, running first": {"A*2 B", "+A =A +A =A >A", Ending{Code: 2}, "ended: A*2; failed: A; broken: A A; again: B", ""},

		// A process that runs nothing is not started again for ever.
		"dies in init":             {"A B", "", Ending{Code: 2}, "dropped: A B; package: " + fmt.Sprintf(before, 2), ""},
		"dies in init, group":      {"A B", "", Ending{Code: 2, Group: "g"}, "dropped: A B; package: " + fmt.Sprintf(before, 2), ""},
		"TestMain exits 1":         {"A", "", Ending{Code: 1, MayIdle: true}, "dropped: A; package: " + fmt.Sprintf(before, 1), ""},
		"TestMain exits 0":         {"A B", "", Ending{MayIdle: true}, "idle: A B", ""},
		"TestMain exits 0, group":  {"A B", "", Ending{MayIdle: true, Group: "g"}, "idle: A B", ""},
		"killed before tests":      {"A", "", Ending{Code: -1}, "dropped: A; package: " + fmt.Sprintf(before, -1), ""},
		"no progress":              {"A B", "+X fX FAIL", Ending{Code: 1}, "failed: X; again: A! B!", ""},
		"no progress twice":        {"A! B!", "+X fX FAIL", Ending{Code: 1}, "failed: X; lost: A! B!", ""},
		"always dies while paused": {"A!", "+A =A", Ending{Code: 2}, "lost: A~!; package: " + fmt.Sprintf(outside, 2), ""},

		// Planned and not seen: once again, then lost.
		"not seen":            {"A B", "+A pA PASS", Ending{}, "ended: A; again: B!", ""},
		"not seen at all":     {"A", "PASS", Ending{}, "again: A!", ""},
		"not seen twice":      {"A! B!", "+B pB PASS", Ending{}, "ended: B!; lost: A!", ""},
		"seen too rarely":     {"A*3", "+A pA PASS", Ending{}, "again: A*2!", ""},
		"TestMain picks":      {"A B", "+A pA PASS", Ending{MayIdle: true}, "ended: A; again: B!", ""},
		"not seen, a failure": {"A B", "+A fA FAIL", Ending{Code: 1}, "ended: A; failed: A; again: B", ""},

		// Not planned and seen.
		"unplanned passes": {"A", "+A pA +X pX PASS", Ending{}, "ended: A", ""},
		"unplanned fails":  {"A", "+A pA +X fX FAIL", Ending{Code: 1}, "ended: A; failed: X", ""},

		// Groups: the rest is skipped.
		"group passes":            {"A B", "+A pA +B pB PASS", Ending{Group: "g", StopsEarly: true}, "ended: A B", ""},
		"group fails fast":        {"A B C", "+A pA +B fB FAIL", Ending{Code: 1, Group: "g", StopsEarly: true}, "ended: A B; failed: B; skipped: C", "B failed earlier in group g"},
		"group goes on":           {"A B", "+A fA +B pB FAIL", Ending{Code: 1, Group: "g"}, "ended: A B; failed: A", ""},
		"group panics":            {"A B C", "+A pA +B", Ending{Code: 2, Group: "g"}, "ended: A B; failed: B; broken: B; skipped: C", "B failed earlier in group g"},
		"group exits":             {"A B", "+A pA", Ending{Code: 3, Group: "g"}, "ended: A; skipped: B; package: " + fmt.Sprintf(outside, 3), "the process of group g ended early (exit status 3)"},
		"group with paused":       {"A B C", "+A =A +B fB", Ending{Code: 1, Group: "g", StopsEarly: true}, "ended: B; failed: B; skipped: A~ C", "B failed earlier in group g"},
		"group exits 0":           {"A B", "+A", Ending{Group: "g"}, "ended: A; failed: A; broken: A; skipped: B", "A failed earlier in group g"},
		"group, repeats left":     {"A*3 B*3", "+A pA +B fB", Ending{Code: 1, Group: "g", StopsEarly: true}, "failed: B; skipped: A*2 B*2", "B failed earlier in group g"},
		"group member not seen":   {"A B", "+A pA PASS", Ending{Group: "g"}, "ended: A; lost: B", ""},
		"group, 0 with a failure": {"A B", "+A fA FAIL", Ending{Group: "g"}, "ended: A; failed: A; lost: B; package: the process exited 0 although a test failed", "A failed earlier in group g"},

		// -failfast: go test says nothing of the rest.
		"failfast":             {"A B C", "+A pA +B fB FAIL", Ending{Code: 1, StopsEarly: true}, "ended: A B C; failed: B", ""},
		"failfast, no failure": {"A B", "+A pA", Ending{Code: 2, StopsEarly: true}, "ended: A; again: B; package: " + fmt.Sprintf(outside, 2), ""},

		// The run is called off.
		"called off":         {"A B C", "+A pA +B", Ending{Code: -1, Stopped: true}, "ended: A; dropped: C; cut: B", ""},
		"called off early":   {"A", "", Ending{Code: -1, Stopped: true}, "dropped: A", ""},
		"called off, group":  {"A B", "+A fA", Ending{Code: -1, Stopped: true, Group: "g"}, "ended: A; failed: A; dropped: B", ""},
		"called off, paused": {"A B", "+A =A +B pB", Ending{Code: -1, Stopped: true}, "ended: B; dropped: A", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.ending.Planned = plans(tc.plan)
			inGroup(tc.ending)
			e, s := read(tc.process, tc.ending)
			if got := s.String(); got != tc.want {
				t.Errorf("%q: got  %s\nwant %s", tc.process, got, tc.want)
			}
			for _, p := range s.Skipped {
				if p.Why != tc.reason {
					t.Errorf("reason %q, want %q", p.Why, tc.reason)
				}
			}
			checkSettlement(t, e, s)
		})
	}
}

// TestSettleUnknownPlan has a process of which it is not known what it runs.
func TestSettleUnknownPlan(t *testing.T) {
	t.Parallel()
	for words, want := range map[script.Process]string{
		"+A pA PASS": "",
		"+A fA FAIL": "failed: A",
		"+A pA +B":   "failed: B; broken: B",
	} {
		code := 0
		if want != "" {
			code = 1
		}
		if _, s := read(words, Ending{Code: code}); s.String() != want {
			t.Errorf("%q: %s, want %s", words, s, want)
		}
	}
}

// randomProcess draws a process that is to run these tests, and the way in which it ends.
func randomProcess(random *rand.Rand, tests []Planned) (script.Process, Ending) {
	var list []script.Test
	for _, t := range tests {
		list = append(list, script.Test{Name: t.Name, Want: t.Want})
	}
	words, way := script.Random(random, list)
	return words, Ending{StopsEarly: way.StopsEarly, MayIdle: way.MayIdle, Stopped: way.Stopped, Code: way.Code, Group: way.Group, Planned: tests}
}

// checkSettlement checks what holds for every settlement.
func checkSettlement(t *testing.T, e Ending, s Settlement) {
	t.Helper()
	places := make(map[string]int)
	for _, list := range [][]Planned{s.Ended, s.Idle, s.Again, s.Skipped, s.Lost, s.Dropped, s.Cut} {
		for _, p := range list {
			places[p.Name]++
		}
	}
	open := e.openRoots()
	for _, p := range e.Planned {
		if places[p.Name] != 1 {
			t.Errorf("%s is in %d lists: %v", p.Name, places[p.Name], s)
		}
	}
	if len(places) != len(e.Planned) {
		t.Errorf("%d tests in the lists, %d planned: %v", len(places), len(e.Planned), s)
	}
	bad := e.Code != 0
	for _, name := range e.Seen {
		if failed := e.Count(name).Failed > 0 || open[name] == openRunning && !e.Stopped; failed {
			bad = true
			if !slices.Contains(s.Failed, name) {
				t.Errorf("the failure of %s is lost: %v", name, s)
			}
		}
	}
	for _, name := range s.Failed {
		if e.Count(name).Failed == 0 && (open[name] != openRunning || e.Stopped) {
			t.Errorf("%s is blamed: %v", name, s)
		}
	}
	if bad && !e.Stopped && e.Overdue == "" && (s.Clean() || len(s.Failed) == 0 && s.PackageFailure == "") {
		t.Errorf("green, with exit status %d: %v", e.Code, s)
	}
	if s.Clean() {
		for _, p := range e.Planned {
			if e.Count(p.Name).Finished() < p.Want {
				t.Errorf("clean, but %s ran %d of %d times: %v", p.Name, e.Count(p.Name).Finished(), p.Want, s)
			}
		}
	}
	for _, p := range s.Again {
		i := slices.IndexFunc(e.Planned, func(q Planned) bool { return q.Name == p.Name })
		begun := e.Group != "" && slices.ContainsFunc(e.Planned, func(q Planned) bool { return e.Count(q.Name).Started > 0 })
		if want := e.Planned[i].Want - e.Count(p.Name).Finished(); p.Want != want || want < 1 || begun || e.Stopped {
			t.Errorf("%s is to run %d times more, want %d: %v", p.Name, p.Want, want, s)
		}
	}
	for i, t1 := range s.Broken {
		for _, t2 := range s.Broken[i:] {
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
		var tests []Planned
		for i := range 1 + random.IntN(5) {
			tests = append(tests, Planned{Name: fmt.Sprint("T", i), Want: 1 + random.IntN(2)*random.IntN(3), Missed: random.IntN(8) == 0})
		}
		words, e := randomProcess(random, tests)
		inGroup(e)
		e, s := read(words, e)
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
	worst := []script.Process{"+X fX FAIL", "+X pX", "+X", "+T0 =T0", "+X pX PASS", "PASS", ""}
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
			e.Group, e.Stopped = "", false
			e.Planned = left
			_, s := read(words, e)
			left = s.Again
			if rounds > 2*total {
				t.Fatalf("seed %d: %d processes, and still to run: %s (%q, exit status %d)", seed, rounds, show(left), words, e.Code)
			}
		}
	}
}

// TestOverdue: of tests that run in parallel with the one for which their process was ended, none is
// blamed. They run again, or go with their group.
func TestOverdue(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		words   script.Process
		plan    string
		ending  Ending
		want    string
		spared  string
		skipped string
	}{
		"the one that is over its limit": {"+A pA +B", "A B C", Ending{Overdue: "B"}, "failed: B again: C", "", ""},
		"another in parallel":            {"+A =A +B =B >A >B +B/x", "A B C", Ending{Overdue: "A"}, "failed: A again: B~ C", "B B/x", ""},
		"one that waits":                 {"+A =A +B =B >A", "A B", Ending{Overdue: "A"}, "failed: A again: B~", "", ""},
		"it has passed meanwhile":        {"+A =A +B =B >A >B pA", "A B", Ending{Overdue: "A"}, "failed: again: B~", "B", ""},
		"passed, and a TestMain":         {"+A pA", "A B", Ending{Overdue: "A", MayIdle: true}, "failed: again: B", "", ""},
		"it has failed meanwhile":        {"+A fA", "A B", Ending{Overdue: "A"}, "failed: A again: B", "", ""},
		"a group goes with it":           {"+A =A +B =B >A >B", "A B C", Ending{Overdue: "A", Group: "g"}, "failed: A again:", "B", "B~ C"},
		"-failfast":                      {"+A =A +B =B >A >B", "A B", Ending{Overdue: "A", StopsEarly: true}, "failed: A B again:", "", ""},
		"the run was called off":         {"+A =A +B =B >A >B", "A B", Ending{Overdue: "A", Stopped: true}, "failed: again:", "", ""},
		"nobody":                         {"+A =A +B =B >A >B", "A B", Ending{}, "failed: A B again:", "", ""},
	} {
		e := tc.ending
		e.Planned, e.Code = plans(tc.plan), 2
		if e.Group != "" {
			inGroup(e)
		}
		e, s := read(tc.words, e)
		checkSettlement(t, e, s)
		got := strings.TrimSpace("failed: " + strings.Join(append(s.Failed, "again:"), " ") + " " + show(s.Again))
		var spared []string
		for _, open := range s.Spared {
			spared = append(spared, open.Name)
		}
		if got != tc.want || strings.Join(spared, " ") != tc.spared || show(s.Skipped) != tc.skipped || (s.PackageFailure != "") != e.MayIdle {
			t.Errorf("%s: %s, spared %v, skipped %s, package %q", name, got, spared, show(s.Skipped), s.PackageFailure)
		}
	}
}
