package ledger

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/internal/script"
)

// bookkeeper does to an account what a run does to it, a step at a time.
type bookkeeper struct {
	*Account
	planner []*Task         // taken, and not started
	running map[int][]*Task // of the first pass, by the number of the process
	process Ending          // what all processes have in common: StopsEarly and MayIdle
}

func newBookkeeper(s Spec, process Ending) *bookkeeper {
	return &bookkeeper{Account: NewAccount(s), running: make(map[int][]*Task), process: process}
}

// unitsOf reads units: "A", "g:A,B" for a declared group, "f.go:A,B" for the tests of a file, each
// with *2 after a name for two tests of that name and ! at the end for a serial unit; "A.3" for a
// test in three parts.
func unitsOf(words string) (units []*Unit, names map[string]int) {
	names = make(map[string]int)
	for word := range strings.FieldsSeq(words) {
		u := &Unit{Order: len(units)}
		word, u.Def.Serial = strings.CutSuffix(word, "!")
		if name, parts, ok := strings.Cut(word, "."); ok && !strings.Contains(word, ":") {
			n, _ := strconv.Atoi(parts)
			word, u.Parts = name, make([]grouping.Part, n)
		}
		group, members, ok := strings.Cut(word, ":")
		if !ok {
			group, members = "", word
		}
		u.Def.Group, u.Def.Declared = group, ok && !strings.HasSuffix(group, ".go")
		for member := range strings.SplitSeq(members, ",") {
			name, twice := strings.CutSuffix(member, "*2")
			times := 1
			if twice {
				times = 2
			}
			for range times {
				u.Def.Tests = append(u.Def.Tests, grouping.Test{Name: name})
				names[name]++
			}
		}
		units = append(units, u)
	}
	return units, names
}

// text shows a task: its tests, "all" before those of the package as it is, the -test.count that
// they need behind.
func text(t *Task) string {
	s := show(t.Tests)
	if t.Part() != nil {
		s += fmt.Sprint(".", t.Tests[0].Part)
	}
	if t.All {
		s = strings.TrimSpace("all " + s)
	}
	if !t.Known {
		s += " ?"
	}
	if t.Count > 0 {
		s += fmt.Sprint(" x", t.Count)
	}
	return s
}

// state shows where the account is: its state, the tasks that are ready, that rest, that the
// planner has, and the processes; then what it asks for, and its verdict.
func (b *bookkeeper) state() string {
	s := fmt.Sprintf("%v %d %d %d %d", b.State(), len(b.ready), len(b.rest), len(b.waiting), b.Account.running)
	if b.NeedsBaseline() {
		s += " baseline"
	}
	if b.Settled() {
		s += " settled"
	}
	if !b.Passed() {
		s += " failed"
	}
	return s
}

// do does a step, which is one of
//
//	take A; B               the account hands over these tasks
//	start 1 A + B           process 1 starts with these of the tasks
//	end 1 2 +A pA +B        process 1 prints that and exits with status 2
//	error 1 REASON          process 1 could not be run
//	baseline                the process without tests starts
//	baseline passes, fails  and ends so
//	fail REASON, drop, close
//
// It returns what has happened to the account: the verb, with the end of a process "end-" and the
// lists of its settlement in which there is something.
func (b *bookkeeper) do(step string) (what []string, err error) {
	verb, rest, _ := strings.Cut(step, " ")
	number, object, _ := strings.Cut(rest, " ")
	n, _ := strconv.Atoi(number)
	what = []string{verb}
	switch verb {
	case "take":
		return what, b.take(rest)
	case "start":
		return what, b.start(n, object)
	case "end":
		code, words, _ := strings.Cut(object, " ")
		exit, err := strconv.Atoi(code)
		if err != nil {
			return nil, err
		}
		_, s := b.end(n, script.Process(words), exit)
		return lists(s), nil
	case "error":
		delete(b.running, n)
		b.Book(Report{Process: n, Err: fmt.Errorf("%s", object)})
	case "baseline":
		if rest == "" {
			b.StartBaseline()
		} else {
			b.BookBaseline(rest == "passes")
			what = []string{"baseline-" + rest}
		}
	case "fail":
		b.Fail(rest)
	case "drop":
		b.Drop()
	case "close":
		b.Close()
	default:
		return nil, fmt.Errorf("unknown step %q", step)
	}
	return what, nil
}

// lists names what a settlement has something of, "end" if it is empty.
func lists(s Settlement) (names []string) {
	if s.String() == "" {
		return []string{"end"}
	}
	for part := range strings.SplitSeq(s.String(), "; ") {
		name, _, _ := strings.Cut(part, ":")
		names = append(names, "end-"+name)
	}
	return names
}

func (b *bookkeeper) take(want string) error {
	tasks := b.Take()
	b.planner = append(b.planner, tasks...)
	var texts []string
	for _, t := range tasks {
		texts = append(texts, text(t))
	}
	if got := strings.Join(texts, "; "); got != want {
		return fmt.Errorf("the tasks %q, want %q", got, want)
	}
	return nil
}

func (b *bookkeeper) start(process int, texts string) error {
	var tasks []*Task
	for _, want := range strings.Split(texts, " + ") {
		i := slices.IndexFunc(b.planner, func(t *Task) bool { return text(t) == want })
		if i < 0 {
			return fmt.Errorf("the planner has no task %q", want)
		}
		tasks = append(tasks, b.planner[i])
		b.planner = slices.Delete(b.planner, i, i+1)
	}
	b.begin(process, tasks)
	return nil
}

// begin starts a process with tasks that the planner has handed out.
func (b *bookkeeper) begin(process int, tasks []*Task) {
	b.Start(tasks)
	b.running[process] = tasks
}

// end books a process that has printed words, with what a settlement makes of it.
func (b *bookkeeper) end(process int, words script.Process, code int) (Ending, Settlement) {
	e := b.process
	e.Code = code
	known := true
	for _, t := range b.running[process] {
		e.Planned, known = append(e.Planned, t.Tests...), known && t.Known
		if t.Unit != nil && t.Unit.Def.Declared {
			e.Group = t.Unit.Def.Group
		}
	}
	if t := b.running[process]; len(t) == 1 && t[0].All {
		e.Group = b.SoleGroup()
	}
	if !known {
		e.Planned = nil
	}
	delete(b.running, process)
	e, s := read(words, e)
	b.Book(Report{
		Process: process, Settlement: s, Shown: Shown{
			Skipped: len(e.Planned) > 0 && e.Count(e.Planned[0].Name).Skipped > 0,
			Empty:   !strings.Contains(string(words), "/"),
		}, Code: code, End: time.Unix(int64(process), 0),
		Subtests: subtestsOf(words),
	})
	return e, s
}

// subtestsOf returns the subtests that a process reports as failed.
func subtestsOf(words script.Process) map[string]bool {
	failed := make(map[string]bool)
	for word := range strings.FieldsSeq(string(words)) {
		if name, ok := strings.CutPrefix(word, "f"); ok && strings.Contains(name, "/") {
			failed[name] = true
		}
	}
	return failed
}

// verdict shows what the account has come to: the units that failed, with the process that showed
// it, and the reasons that are nobody's.
func (b *bookkeeper) verdict() string {
	var parts []string
	for _, u := range b.Units() {
		if len(u.Failed) == 0 {
			continue
		}
		part := fmt.Sprintf("%s: %s in %d", u.Def.Name(), strings.Join(u.Failed, ","), u.Process)
		if u.Ended != time.Unix(int64(u.Process), 0) {
			part += " at another time"
		}
		for _, name := range slices.Sorted(maps.Keys(u.Owed)) {
			part += " owes " + name
		}
		parts = append(parts, part)
	}
	for _, j := range b.Joined(false) {
		part := fmt.Sprintf("%s %s", j.Test, []string{"passed", "failed", "skipped"}[j.Outcome])
		if j.Why != "" {
			part += " since " + j.Why
		}
		parts = append(parts, part)
	}
	parts = append(parts, b.Failures()...)
	if b.FailedIn() > 0 {
		parts = append(parts, fmt.Sprint("process ", b.FailedIn()))
	}
	if b.Code() != 0 {
		parts = append(parts, fmt.Sprint("status ", b.Code()))
	}
	if b.Solo() {
		parts = append(parts, "solo")
	}
	return cmp.Or(strings.Join(parts, "; "), "good")
}
