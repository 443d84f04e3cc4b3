package plan

import "time"

// Hold says that the process of a batch cannot start yet, since its worker has to be prepared for it:
// that is neither work of its tests nor the cost of a start.
func (pl *Planner) Hold(batchID int) { pl.mustRun(batchID).held = true }

// Begin says that the process of a batch that was held starts at now. For one that was not, it does
// nothing.
func (pl *Planner) Begin(batchID int, now time.Duration) {
	if b := pl.mustRun(batchID); b.held {
		b.held, b.started = false, now
	}
}
