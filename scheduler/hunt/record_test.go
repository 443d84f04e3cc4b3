package hunt

import "testing"

// TestRecordKeepsWhatSaysMost keeps the simplest failures, and of the ordinary
// ones one of much company.
func TestRecordKeepsWhatSaysMost(t *testing.T) {
	t.Parallel()
	r := &record{unit: company(1)[0]}
	at := func(company, count, procs int) situation {
		return situation{task: task{count: count, procs: procs}, company: company}
	}
	for i, s := range []situation{at(9, 2, 0), at(3, 1, 1), at(7, 1, 0), at(5, 1, 0), at(2, 1, 0), at(40, 1, 0), at(8, 1, 0)} {
		r.book(s, true, func() string { return string(rune('a' + i)) })
	}
	var got []int
	for _, s := range r.failing {
		if s.count != 1 || s.procs != 0 {
			t.Errorf("kept %+v", s)
		}
		got = append(got, s.company)
	}
	if len(got) != 3 || got[0] != 2 || got[1] != 5 || got[2] != 40 {
		t.Errorf("kept processes of company %v, want 2, 5 and 40", got)
	}
	if r.rounds != (tally{7, 7}) || r.output != "a" {
		t.Errorf("%+v, output %q", r.rounds, r.output)
	}
}

func TestRecordKeepsSimplestPass(t *testing.T) {
	t.Parallel()
	r := &record{unit: company(1)[0]}
	for _, s := range []situation{
		{task: task{count: 1}, company: 0}, // alone: no company that it could need
		{task: task{count: 2}, company: 1},
		{task: task{count: 1, procs: 1}, company: 2},
		{task: task{count: 1}, company: 6},
		{task: task{count: 1}, company: 4},
		{task: task{count: 1}, company: 5},
	} {
		r.book(s, false, nil)
	}
	if r.passing == nil || r.passing.company != 4 || r.passing.procs != 0 {
		t.Errorf("kept %+v", r.passing)
	}
}
