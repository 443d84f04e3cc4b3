package hunt

import "slices"

// orderDependent returns the conclusion from a suspect that fails in the
// process s more often than alone.
func (e *examiner) orderDependent(s situation) func(*probe) *diagnosis {
	return func(p *probe) *diagnosis { return e.dependent(s, p, polluter) }
}

// dependent finds the culprits of an effect that shows in the process s, as
// the probe p has found, and not alone. It returns nil if the effect does not
// hold when it is looked at again.
func (e *examiner) dependent(s situation, p *probe, why reason) *diagnosis {
	effect := failures
	if why == setter {
		effect = tally.inverse
	}
	b := &bisection{
		examiner: e, situation: s, effect: effect,
		low: effect(e.alone.tally).rate(), high: effect(p.tally).rate(),
	}
	if !e.isPackage() {
		if found := culprits(s.before(e.unit), b.shows); found != nil {
			if d := b.confirm(found, why); d != nil {
				return d
			}
		}
	}
	// Nothing smaller than the process itself: is it true of that?
	again := e.probeIn(p.name+", once more", p.condition)
	e.extend(again, 2*first)
	if fisher(effect(again.tally), effect(e.alone.tally)) >= sure {
		return nil
	}
	d := e.diagnose(OrderDependent, why, p.condition)
	d.shown = p
	return d
}

// bisection is the search for the culprits of an effect.
type bisection struct {
	*examiner
	situation situation
	effect    func(tally) tally
	low, high float64 // how often the effect shows alone, and in the situation
}

// shows reports whether the effect shows when these units share the process
// with the victim.
func (b *bisection) shows(units []*unit) bool {
	return b.holds(condition{task: b.with(b.situation.task, units), load: b.load})
}

// with returns t with the victim and these units alone.
func (b *bisection) with(t task, units []*unit) task {
	t.units, t.all = append(slices.Clone(units), b.unit), false
	return t
}

// holds runs a condition until it is known whether the effect shows in it.
func (b *bisection) holds(c condition) bool {
	test := newSPRT(b.low, b.high)
	for range rarely {
		t := b.p.run(b.unit, c, stride(c))
		if t.runs == 0 {
			return false
		}
		b.steps += t.runs
		test.add(b.effect(t))
		if high, ok := test.decided(); ok {
			return high
		}
	}
	high, _ := test.decided()
	return high
}

// stride is how many runs a question of a bisection begins with: on an idle machine one after the
// other, elsewhere as many at a time as it takes to know if all agree.
func stride(c condition) int {
	if c.load == shared {
		return 3
	}
	return 1
}

// confirm makes sure of the culprits, in the simplest condition that shows the
// effect. It returns nil if none does.
func (b *bisection) confirm(found []*unit, why reason) *diagnosis {
	for _, t := range b.simplest(found) {
		c := condition{task: t, load: b.load}
		if !b.holds(c) {
			continue
		}
		p := b.probe("after "+names(found)+" alone", t)
		if !b.differs(p, b.effect, first) {
			continue
		}
		d := b.diagnose(OrderDependent, why, c)
		d.culprits, d.shown = found, p
		d.groupable = b.groupable(found, c, why)
		d.probes = b.probes
		if why == setter {
			d.show = condition{task: b.examiner.alone.task} // without its setter it fails
		}
		return d
	}
	return nil
}

// simplest returns the processes that may show the effect of the culprits,
// the simplest first: source order, the lowest seed that puts the culprits
// before the victim, the process in which it was found.
func (b *bisection) simplest(found []*unit) []task {
	var list []task
	t := b.with(task{bin: b.bin, count: 1}, found)
	if o, ok := orderFor(b.bin, t.units, maxSeed); ok {
		t.order = o
		list = append(list, t)
	}
	return append(list, b.with(b.situation.task, found))
}

// maxSeed is up to which seed an order is looked for. Of five tests each order
// comes once in 120 seeds.
const maxSeed = 2000

// orderFor returns source order, or else the lowest seed up to limit, in which
// the units of b run in the order given.
func orderFor(b *binary, units []*unit, limit int64) (order, bool) {
	for seed := range limit + 1 {
		o := order{shuffled: seed > 0, seed: seed}
		if slices.Equal(o.sorted(b, units), units) {
			return o, true
		}
	}
	return order{}, false
}

// groupable reports whether culprits and victim pass in source order, which is
// what a group would keep. shown is the condition that has shown the effect.
func (b *bisection) groupable(found []*unit, shown condition, why reason) bool {
	t := b.with(task{bin: b.bin, count: 1}, found)
	if slices.ContainsFunc(t.units, (*unit).grouped) {
		return false
	}
	if !shown.order.shuffled && shown.count == 1 && shown.procs == 0 {
		return why == setter // this order has shown that it helps, or that it does harm
	}
	p := b.probe("with "+names(found)+" in source order", t)
	b.extend(p, first)
	return p.runs > 0 && p.failed == 0
}

// names lists units for a sentence.
func names(units []*unit) string {
	text := ""
	for i, u := range units {
		switch {
		case i > 0 && i == len(units)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += u.name
	}
	return text
}
