package machine

import "github.com/gotestcohort/cohort/scheduler/remote"

// built says how it stands with what set-ups of workers have built on a machine.
type built uint8

const (
	unbuilt built = iota // nothing was set up yet
	standing
	tearing // it is being torn down
	torn    // it is, or was to stay
)

// worldly is what an agent knows of the set-ups of its workers. Who runs them says when there are some.
type worldly struct {
	built built
	// again reports that something was set up since the tear-down began, for a leader that has taken over.
	again bool
	// halted, abandoned: that was said.
	halted, abandoned bool
	// told is what was announced last, saying what is in the announcement that is under way.
	told, saying worldWord
	// parted reports that it was in vain to tell others before the machine leaves.
	parted bool
}

// worldWord is what an announcement says: the Ends that the machine has reached, and whether something
// stands on it.
type worldWord struct {
	ended  remote.Fence
	stands bool
}

// news reports whether others are to know at once how it stands: the end of the run may wait for that, and
// if the machine dies nobody else knows.
func (w *worldly) news(over remote.Fence) bool {
	return over != 0 && over != w.told.ended || w.stands() != w.told.stands
}

// parts reports whether others are to hear that nothing stands here any more, before the machine leaves.
func (w *worldly) parts() bool { return w.told.stands && !w.stands() && !w.parted }

// Stands takes that a set-up is about to be run.
func (a *Agent) Stands() {
	if a.world.built == tearing {
		a.world.again = true
		return
	}
	a.world.built, a.dirty = standing, true
}

// WorldEnded takes that an EndWorld is done.
func (a *Agent) WorldEnded() {
	a.world.built, a.world.halted, a.dirty = torn, false, true
	if a.world.again {
		a.world.built, a.world.again = standing, false
	}
}

// stands reports whether something is not torn down yet.
func (w *worldly) stands() bool { return w.built == standing || w.built == tearing }

// canceled reports whether the run is called off.
func (a *Agent) canceled() bool { return a.known && a.run.State.Phase == remote.Canceled }

// ending reports whether nothing is to run on this machine any more: its user or the end of the run wants
// that, or the leader has had the last result. A leader that has taken over since waits for the end of what
// was halted then.
func (a *Agent) ending() bool {
	return a.ended != nil || a.known && a.run.State.Ends != 0 || a.world.halted && a.world.stands() && !a.canceled()
}

// tearDown ends what set-ups have built when nothing uses it any more.
func (a *Agent) tearDown(do func(Act)) {
	w := &a.world
	canceled := a.canceled()
	if !canceled && !a.ending() {
		return
	}
	if w.stands() && !w.halted {
		w.halted = true
		do(HaltWorld{})
	}
	if w.stands() && canceled && a.run.State.Kill && !w.abandoned {
		w.abandoned = true
		do(AbandonWorld{})
	}
	if w.built != standing || !a.ending() || len(a.holds) > 0 {
		return
	}
	w.built = tearing
	keep := a.cfg.KeepWorld
	if a.ended == nil || a.run.State.Ends != 0 {
		keep = a.run.State.Keep
	}
	do(EndWorld{keep})
}

// worldOver returns the Ends that this machine has reached, 0 for none.
func (a *Agent) worldOver() remote.Fence {
	if !a.known || len(a.holds) > 0 || a.world.stands() {
		return 0
	}
	return a.run.State.Ends
}
