package hunt

import "slices"

// Kind is what makes a unit fail.
type Kind string

// The kinds. Random is also what is left when no condition makes a difference.
const (
	Broken         Kind = "broken"
	OrderDependent Kind = "order-dependent"
	Clash          Kind = "clash"
	NotRepeatable  Kind = "not repeatable"
	LoadDependent  Kind = "load-dependent"
	Random         Kind = "random"
	// Unexplained is a unit for whose probes there was no time.
	Unexplained Kind = "unexplained"
)

// reason says more about a kind.
type reason uint8

const (
	plain      reason = iota
	polluter          // order-dependent: fails after the culprits
	setter            // order-dependent: passes only after the culprits
	oneProc           // load-dependent: fails under GOMAXPROCS=1
	ownCopies         // load-dependent: fails beside copies of itself
	byOthers          // load-dependent: fails beside other processes
	byBusy            // load-dependent: fails while the processors are busy
	eliminated        // load-dependent: failed in the rounds, and never on an idle machine
	unseen            // random: failed in the rounds and in no probe
)

// How often the probes run, and what is taken for sure.
const (
	// first is how often a probe runs at least before it decides something:
	// eight failures beside eight passes come by chance once in 12870 times.
	first = 8
	// glance is how often each condition is tried to see which is the most
	// promising one.
	glance = 2
	// most is how often a probe runs at most to tell a difference that first
	// has hinted at.
	most = 64
	// rarely is how often it runs at most to see a rare failure or to be sure of
	// a likely difference; what doubles its runs ends at the first count above.
	rarely = 200
	// sure is the probability below which a difference is not put down to
	// chance. A suspect is asked up to some thirty times whether it is.
	sure = 0.0005
	// likely is the probability below which a difference that is not sure is
	// worth more runs than most.
	likely = 0.01
	// hint is the probability above which more runs are not worth their time.
	hint = 0.2
	// doubt is the risk taken that a failure of known rate is missed.
	doubt = 0.01
)

// prober runs a victim in a condition.
type prober interface {
	// run runs it n times, or fewer if the hunt is over or the victim does not
	// get its turn in that condition.
	run(victim *unit, c condition, n int) tally
	// hurry reports whether so much time has gone into the suspect that what
	// has its first answer is to do with it.
	hurry() bool
}

// probe is a condition and what came of it.
type probe struct {
	condition
	tally
	name  string
	short bool // it was cut short: asking for more is useless
}

// diagnosis is what is the matter with a suspect.
type diagnosis struct {
	kind     Kind
	reason   reason
	probes   []*probe
	culprits []*unit // for polluter, setter and clash, in order; nil if not found
	// show is the condition that shows the failure again.
	show condition
	// groupable reports that culprits and victim pass together in source order,
	// so that putting them into a group helps.
	groupable bool
	inOrder   tally  // with the package in source order on an idle machine, as far as that was tried
	steps     int    // processes that the bisection took
	shown     *probe // that has shown the effect of what shares the process; nil for other kinds
}

// examiner is the examination of one suspect.
type examiner struct {
	*suspect
	p       prober
	load    load // what runs in parallel with a probe that says nothing of it: idle or shared
	alone   *probe
	inOrder *probe // source order; nil until source is called
	probes  []*probe
	steps   int
}

// newExaminer begins an examination.
func newExaminer(p prober, s *suspect, l load) *examiner {
	e := &examiner{suspect: s, p: p, load: l}
	name := "alone"
	if e.isPackage() {
		name = "the package in source order"
	}
	e.alone = e.probe(name, s.task())
	return e
}

// explain finds out what makes a suspect fail. It compares how often the
// suspect fails in one condition and alone on an idle machine; the difference
// must be beyond chance. What fails alone just as often is random. What a survey has
// found is looked at first.
func explain(p prober, s *suspect, found *hypothesis) *diagnosis {
	e := newExaminer(p, s, idle)
	if s.rounds.always() && s.rounds.runs >= first {
		// Most likely it is just broken: the rounds have seen it fail often
		// enough, and honest failures may be many.
		e.extend(e.alone, glance)
		if e.alone.always() && e.source().always() {
			return e.diagnose(Broken, plain, e.alone.condition)
		}
	}
	if found != nil {
		if d := e.verify(found); d != nil {
			return d
		}
	}
	e.extend(e.alone, first)
	if e.alone.always() {
		return e.constant()
	}
	e.source()
	if found == nil && e.steady() {
		return e.diagnose(Random, plain, e.alone.condition)
	}
	candidates := e.candidates()
	if d := e.tryAll(candidates); d != nil {
		return d
	}
	if e.alone.failed > 0 {
		return e.diagnose(Random, plain, e.alone.condition)
	}
	return e.rare(candidates)
}

// tryAll looks at each candidate once and then tries them, those that failed most first, until one
// explains the failure; nil if none does.
func (e *examiner) tryAll(candidates []candidate) *diagnosis {
	for _, c := range candidates {
		e.extend(c.probe, glance)
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return b.failed - a.failed })
	for _, c := range candidates {
		if d := e.try(c, first); d != nil {
			return d
		}
	}
	return nil
}

// steady reports whether the suspect fails alone as often as it did in the rounds, so that no
// condition makes a difference.
func (e *examiner) steady() bool {
	if e.alone.failed == 0 || fisher(e.rounds, e.alone.tally) < hint {
		return false
	}
	e.extend(e.alone, 2*first)
	return fisher(e.rounds, e.alone.tally) >= hint
}

// source returns the probe in source order, which is run once.
func (e *examiner) source() *probe {
	if e.inOrder == nil {
		e.inOrder = e.probe("source order in one process", e.suspect.source())
		e.extend(e.inOrder, glance)
	}
	return e.inOrder
}

// candidate is a probe with what it means if the suspect fails in it.
type candidate struct {
	*probe
	conclude func(*probe) *diagnosis
}

// candidates are the conditions that may make the difference, those that say
// most first.
func (e *examiner) candidates() []candidate {
	list := e.companies()
	one := e.task()
	one.procs = 1
	// Before the companies: a process that failed on one processor fails for that reason, too.
	list = slices.Insert(list, 0, candidate{e.probe("alone, GOMAXPROCS=1", one), func(p *probe) *diagnosis {
		return e.diagnose(LoadDependent, oneProc, p.condition)
	}})
	if e.workers > 1 {
		beside := condition{task: e.task(), load: copies}
		list = append(list, candidate{e.probeIn("alone, in parallel with copies of itself", beside), e.crowded(ownCopies)})
		if c := e.suspects(); c.neighbours != nil {
			list = append(list, candidate{e.probeIn("alone, in parallel with other tests that failed", c), e.crowded(byOthers)})
		}
		if beside.neighbours = e.failing[0].neighbours; len(beside.neighbours) > 0 {
			beside.load = others
			list = append(list, candidate{e.probeIn("alone, in parallel with other processes", beside), e.crowded(byOthers)})
		}
	}
	return list
}

// companies are the candidates that differ from the suspect alone in what shares its process.
func (e *examiner) companies() []candidate {
	var list []candidate
	if !e.isPackage() && !e.def.Declared && !e.ordinary {
		twice := condition{task: e.task(), load: e.load, second: true}
		twice.count = 2
		list = append(list, candidate{
			e.probeIn("twice in one process: passes, then fails", twice),
			func(p *probe) *diagnosis {
				d := e.diagnose(NotRepeatable, plain, p.condition)
				d.shown = p
				return d
			},
		})
	}
	name := "the same process again"
	for _, s := range e.failing {
		if len(s.before(e.unit)) > 0 {
			list = append(list, candidate{e.probe(name, s.task), e.orderDependent(s)})
			name = "another process in which it failed"
		}
	}
	return list
}

// try concludes if the suspect fails more often in the candidate than alone.
func (e *examiner) try(c candidate, least int) *diagnosis {
	if !e.differs(c.probe, failures, least) {
		return nil
	}
	return c.conclude(c.probe)
}

// rare explains a suspect that has not failed alone so far: it does so rarely,
// or something else is needed.
func (e *examiner) rare(candidates []candidate) *diagnosis {
	need := runsToSee(e.rounds.low(), doubt)
	n := max(4*first, min(need, rarely)) // a difference of one in four is to be told by then
	for e.alone.failed == 0 && e.alone.runs < n && !e.alone.short {
		e.extend(e.alone, e.alone.runs+first)
	}
	if e.alone.failed > 0 {
		return e.diagnose(Random, plain, e.alone.condition)
	}
	enough := e.alone.runs >= need
	for _, c := range candidates {
		if d := e.try(c, n); d != nil {
			return d
		}
		if c.load == idle && c.count == 1 && c.procs == 0 {
			enough = enough && c.failed == 0 && c.runs >= need
		}
	}
	switch {
	case e.alone.failed > 0:
		return e.diagnose(Random, plain, e.alone.condition)
	case enough && e.workers > 1:
		show := e.alone.condition
		show.load = rounds
		return e.diagnose(LoadDependent, eliminated, show)
	}
	return e.diagnose(Random, unseen, condition{task: e.failing[0].task})
}

// constant explains a suspect that always fails alone: it is broken, unless it
// passes in company.
func (e *examiner) constant() *diagnosis {
	source := e.source()
	passing := e.passing
	if passing == nil && source.runs > source.failed {
		passing = &situation{task: source.task}
	}
	if passing == nil || len(passing.before(e.unit)) == 0 {
		if e.rounds.always() && source.failed == source.runs {
			return e.diagnose(Broken, plain, e.alone.condition)
		}
		return e.diagnose(Random, plain, e.alone.condition)
	}
	again := e.probe("a process in which it passed", passing.task)
	if e.differs(again, tally.inverse, first) {
		if d := e.dependent(*passing, again, setter); d != nil {
			return d
		}
	}
	return e.diagnose(Random, plain, e.alone.condition)
}

// failures is the effect of all but a missing setter.
func failures(t tally) tally { return t }

// differs reports whether the effect shows more often in a probe than alone,
// beyond chance. It runs both as often as it takes to know, the probe at least
// that often, and longer where a difference is likely but not sure yet: what
// clashes may meet in few of the runs.
func (e *examiner) differs(p *probe, effect func(tally) tally, least int) bool {
	for n := first; ; n *= 2 {
		e.extend(p, n)
		e.extend(e.alone, p.runs)
		chance := fisher(effect(p.tally), effect(e.alone.tally))
		if chance < sure {
			return true
		}
		limit := most
		if chance < likely {
			limit = rarely
		}
		if chance > hint && p.runs >= least || n >= max(limit, least) || p.short || e.alone.short {
			return false
		}
	}
}

// probe adds a probe of a process to the report. It does not run yet.
func (e *examiner) probe(name string, t task) *probe {
	note := ", idle machine"
	if e.load == shared {
		note = ", in parallel with other probes"
	}
	return e.probeIn(name+note, condition{task: t, load: e.load})
}

// probeIn is probe for any condition.
func (e *examiner) probeIn(name string, c condition) *probe {
	p := &probe{name: name, condition: c}
	e.probes = append(e.probes, p)
	return p
}

// extend runs a probe until it has n runs. What goes beyond a first answer may
// be cut short.
func (e *examiner) extend(p *probe, n int) {
	for p.runs < n && !p.short {
		if p.runs >= first && e.p.hurry() {
			p.short = true
			return
		}
		step := min(n-p.runs, first)
		t := e.p.run(e.unit, p.condition, step)
		p.tally = p.add(t)
		p.short = t.runs < step
	}
}

func (e *examiner) diagnose(kind Kind, why reason, show condition) *diagnosis {
	return &diagnosis{kind: kind, reason: why, show: show, probes: e.probes, steps: e.steps}
}
