package hunt

import "slices"

// hypothesis is what a survey has found, and how often the suspect failed by itself meanwhile.
type hypothesis struct {
	*diagnosis
	alone tally
}

// survey looks for what shows without an idle machine: an effect of the tests that share the
// process, which makes a difference whatever runs in parallel. So it may run at the same time as
// the surveys of other suspects. It returns nil if there is no such effect, or if the suspect
// looks broken, which a few processes on an idle machine tell.
func survey(p prober, s *suspect) *hypothesis {
	if s.rounds.always() && s.rounds.runs >= first {
		return nil
	}
	e := newExaminer(p, s, shared)
	e.extend(e.alone, first)
	d := e.company()
	if d == nil || d.shown == nil {
		return nil
	}
	return &hypothesis{d, e.alone.tally}
}

// company compares the suspect alone with the processes in which it failed, or passed.
func (e *examiner) company() *diagnosis {
	if e.alone.always() {
		return e.constant()
	}
	// What failed on one processor may have failed because of that: see candidates.
	return e.tryAll(slices.DeleteFunc(e.companies(), func(c candidate) bool { return c.procs > 0 }))
}

// verify looks on an idle machine at what a survey has found, and returns it if it is true there.
func (e *examiner) verify(h *hypothesis) *diagnosis {
	effect := failures
	if h.reason == setter {
		effect = tally.inverse
	}
	low, high := effect(h.alone).rate(), effect(h.shown.tally).rate()
	if e.settle(e.alone, effect, low, high) {
		return nil // it shows without, too
	}
	c := h.shown.condition
	c.load = idle
	p := &probe{name: "the same, idle machine", condition: c}
	if !e.settle(p, effect, low, high) {
		return nil
	}
	d := *h.diagnosis
	d.probes = slices.Concat(d.probes, []*probe{e.alone, p})
	d.show.load = idle
	return &d
}

// settle runs a probe until it is known whether the effect shows in it at the high rate or the low
// one.
func (e *examiner) settle(p *probe, effect func(tally) tally, low, high float64) bool {
	test := newSPRT(low, high)
	test.add(effect(p.tally))
	for p.runs < most {
		if yes, ok := test.decided(); ok {
			return yes
		}
		t := e.p.run(e.unit, p.condition, 1)
		if t.runs == 0 {
			p.short = true
			return false
		}
		p.tally = p.add(t)
		test.add(effect(t))
	}
	yes, _ := test.decided()
	return yes
}
