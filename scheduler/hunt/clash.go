package hunt

import "slices"

// Bounds of the search for tests that clash. Each question takes some three processes of the
// suspect, and as many of the others as fit into that time.
const (
	maxCompany  = 64 // tests that are looked at
	maxClashers = 6  // tests that are looked for: as many may bind one port
	maxSound    = 6  // tests that never failed which it is to pass with, where it has failed with nothing else
)

// crowded returns the conclusion from a suspect that fails in parallel with other processes more
// often than alone: tests clash over a shared thing, or the machine is too busy for it. It clashes
// if it passes on a machine that is as busy with something that shares nothing, and if it fails in
// parallel with some tests and not with the others.
func (e *examiner) crowded(why reason) func(*probe) *diagnosis {
	return func(p *probe) *diagnosis {
		full := e.probeIn("alone, while the processors are kept busy", condition{task: e.task(), load: busy})
		if e.differs(full, failures, first) {
			return e.diagnose(LoadDependent, byBusy, full.condition)
		}
		company := e.companions()
		if !e.isPackage() && len(company) > 0 {
			c := &crowd{examiner: e, low: e.alone.rate()}
			c.expect(p.tally, 0.5) // of two processes by themselves no more may meet
			if found := c.search(company); c.confirms(found, company) {
				d := e.diagnose(Clash, plain, c.beside(found[:1]))
				d.culprits = found
				return d
			}
		}
		return e.diagnose(LoadDependent, why, p.condition)
	}
}

// companions are the tests of processes that ran in parallel when the suspect failed, those of the
// simplest failure first. Each is in the list once.
func (e *examiner) companions() []*unit {
	var list []*unit
	for _, s := range e.failing {
		for _, t := range s.neighbours {
			for _, u := range t.units {
				if u != e.unit && len(list) < maxCompany && !slices.Contains(list, u) {
					list = append(list, u)
				}
			}
		}
	}
	return list
}

// suspects is the condition in which the other suspects among the companions run in parallel.
func (e *examiner) suspects() condition {
	c := &crowd{examiner: e}
	return c.beside(slices.DeleteFunc(e.companions(), func(u *unit) bool { return !slices.Contains(e.peers, u) }))
}

// crowd asks which tests, each in a process of its own, make the suspect fail.
type crowd struct {
	*examiner
	low, high float64 // how often it fails alone, and with what is looked for
}

// beside is the condition in which the units run in parallel with the suspect.
func (c *crowd) beside(units []*unit) condition {
	var tasks []task
	for _, u := range units {
		tasks = append(tasks, task{bin: u.bin, units: []*unit{u}, count: 1})
	}
	return condition{task: c.task(), load: others, neighbours: tasks}
}

// search returns the units of the company that make the suspect fail. What clashes mostly fails on
// both sides, so the other suspects are asked about first, one by one.
func (c *crowd) search(company []*unit) []*unit {
	var found []*unit
	for _, u := range company {
		if slices.Contains(c.peers, u) && len(found) < maxClashers && !c.p.hurry() && c.shows([]*unit{u}) {
			found = append(found, u)
		}
	}
	if len(found) > 0 {
		return found
	}
	all := c.probeIn("alone, in parallel with the tests that ran at that time", c.beside(company))
	if !c.differs(all, failures, c.enough()) {
		return nil
	}
	// The fewer they are the more often it shows. What was seen a few times may be much rarer.
	c.expect(all.tally, 1)
	return clashers(company, c.shows, c.p.hurry)
}

// expect sets how often what is looked for shows at least: as often as it was seen to, up to a limit.
func (c *crowd) expect(seen tally, limit float64) {
	c.high = max(min(seen.low(), limit), 2*c.low)
}

// enough is how many runs a probe has before it says that it makes no difference: twice as many as it takes to
// see what shows as often as that.
func (c *crowd) enough() int { return min(max(first, 2*runsToSee(c.high, doubt)), rarely) }

// shows reports whether the suspect fails in parallel with the units.
func (c *crowd) shows(units []*unit) bool {
	test := newSPRT(c.low, c.high)
	for range most {
		t := c.p.run(c.unit, c.beside(units), 1)
		if t.runs == 0 {
			return false
		}
		c.steps++
		test.add(t)
		if yes, ok := test.decided(); ok {
			return yes
		}
	}
	yes, _ := test.decided()
	return yes
}

// confirms makes sure of the units found: with them the suspect fails, and with all others of the
// company it passes. If it fails with those, too, it is not for what the units are. A company may
// have no others: it is but what happened to run at that time. Then tests that never failed are
// asked, of which there may be none.
func (c *crowd) confirms(found, company []*unit) bool {
	if len(found) == 0 {
		return false
	}
	with := c.probeIn("alone, in parallel with "+names(found), c.beside(found))
	if !c.differs(with, failures, c.enough()) {
		return false
	}
	c.expect(with.tally, 1)
	rest := slices.DeleteFunc(slices.Clone(company), func(u *unit) bool { return slices.Contains(found, u) })
	name := "alone, in parallel with the other tests that ran at that time"
	if len(rest) == 0 {
		rest, name = c.sound, "alone, in parallel with tests that never failed"
	}
	if len(rest) == 0 {
		return true
	}
	without := c.probeIn(name, c.beside(rest))
	return !c.differs(without, failures, c.enough())
}

// clashers finds the units of a company that make the difference each by itself. shows reports
// whether it shows in parallel with the given units; it does with all of them. It halves the
// company until one unit is left, takes that out, and goes on while the others still show it, but
// not when over says to stop.
func clashers(company []*unit, shows func([]*unit) bool, over func() bool) []*unit {
	var found []*unit
	for others := company; len(others) > 0 && len(found) < maxClashers && !over(); {
		part := others
		for len(part) > 1 {
			half := (len(part) + 1) / 2
			if shows(part[:half]) {
				part = part[:half]
			} else {
				part = part[half:]
			}
		}
		if !shows(part) {
			break // it takes several of them together
		}
		found = append(found, part[0])
		others = slices.DeleteFunc(slices.Clone(others), func(u *unit) bool { return u == part[0] })
		if len(others) > 0 && !shows(others) {
			break
		}
	}
	return found
}
