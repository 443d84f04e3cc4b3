package rerun

import (
	"fmt"
	"strings"
	"testing"
)

// TestInquiry follows inquiries: a line per step, the probe that starts or ends, and what is known
// after it, per subject "source alone again".
func TestInquiry(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		subjects []Subject
		steps    []string // "next = PROBE", "PROBE: answers", "off"; then "| state"
	}{
		"nothing failed": {nil, []string{"next = - | over"}},
		"fails in source order too": {[]Subject{{Together: true}}, []string{
			"next = source 0 | ???",
			"next = - | ???",
			"source 0: f | f?? over",
			"next = - | f?? over",
		}},
		"passes in source order, fails alone": {[]Subject{{Together: true}}, []string{
			"next = source 0 | ???",
			"source 0: p | p??",
			"next = alone 0 | p??",
			"next = - | p??",
			"alone 0: f | pf?",
			"next = again 0 | pf?",
			"again 0: f | pff over",
		}},
		"alone is known": {[]Subject{{Alone: Fails, Together: true}}, []string{
			"next = source 0 | ?f?",
			"source 0: p | pf?",
			"next = again 0 | pf?",
			"again 0: p | pfp over",
		}},
		"it was alone": {[]Subject{{}}, []string{
			"next = source 0 | ???",
			"source 0: p | p??",
			"next = alone 0 | p??",
			"alone 0: p | pp? over",
		}},
		"one process of a package at a time": {[]Subject{{Package: 1}, {Package: 2}, {Package: 1}}, []string{
			"next = source 1 | ??? ??? ???",
			"next = source 2 | ??? ??? ???",
			"next = - | ??? ??? ???",
			"source 1: p-p | p?? ??? p??",
			"next = alone 0 | p?? ??? p??",
			"next = - | p?? ??? p??",
			"source 2: -f- | p?? f?? p??",
			"alone 0: f-- | pf? f?? p??",
			"next = alone 2 | pf? f?? p??",
			"alone 2: --p | pf? f?? pp? over",
		}},
		"not allowed now": {[]Subject{{Package: 9}, {Package: 2}}, []string{
			"next = source 2 | ??? ???",
			"next = - | ??? ???",
			"source 2: -f | ??? f??",
			"next = - | ??? f??",
		}},
		"not known": {[]Subject{{Together: true}}, []string{
			"next = source 0 | ???",
			"source 0: ? | ??? over",
		}},
		"called off before": {[]Subject{{Package: 1}}, []string{"off | ??? over", "next = - | ??? over"}},
		"called off in a probe": {[]Subject{{Package: 1}, {Package: 2}}, []string{
			"next = source 1 | ??? ???",
			"off | ??? ???",
			"next = - | ??? ???",
			"source 1: p- | p?? ??? over",
			"next = - | p?? ??? over",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := NewInquiry(tc.subjects)
			started := make(map[string]Probe)
			for _, step := range tc.steps {
				do, want, _ := strings.Cut(step, " | ")
				got := inquire(q, do, started)
				if got != do || known(q) != want {
					t.Fatalf("%s: %q, then %q", step, got, known(q))
				}
			}
		})
	}
}

// inquire does a step, and returns what it should have been.
func inquire(q *Inquiry, do string, started map[string]Probe) string {
	name, answers, ends := strings.Cut(do, ": ")
	switch {
	case do == "off":
		q.CallOff()
	case ends:
		q.Answered(started[name], func(n int) Answer { return map[byte]Answer{'p': Passes, 'f': Fails, '?': Unknown}[answers[n]] })
	default:
		p, ok := q.Next(func(p Probe) bool { return p.Package != 9 })
		if !ok {
			return "next = -"
		}
		name := fmt.Sprint(p.Question, " ", p.Subject)
		if p.Question == Source {
			name = fmt.Sprint(p.Question, " ", p.Package)
		}
		started[name] = p
		return "next = " + name
	}
	return do
}

func known(q *Inquiry) string {
	var words []string
	for n := range q.subjects {
		word := ""
		for _, question := range []Question{Source, Alone, Again} {
			word += map[Answer]string{Unknown: "?", Passes: "p", Fails: "f"}[q.Answer(n, question)]
		}
		words = append(words, word)
	}
	if q.Over() {
		words = append(words, "over")
	}
	return strings.Join(words, " ")
}
