package trace

import (
	"fmt"

	"github.com/gotestcohort/cohort/report/record"
)

// setupTracks is where the tracks of set-ups begin, behind those of any worker or package; they are
// shown before them. Set-ups have tracks of their own, since a worker may do something else meanwhile.
const setupTracks = 1 << 30

// setups writes the set-ups and tear-downs: on a track for those of the whole run, and on one for each
// worker that has some.
func (w *writer) setups(run *record.Run) {
	for _, s := range run.TimedSetups() {
		track, name := setupTracks, "set-ups of the run"
		if s.Worker >= 0 {
			track, name = setupTracks+1+s.Worker, fmt.Sprintf("set-ups of worker %d", s.Worker)
		}
		w.nameAt(track, track-2*setupTracks, name)
		args := map[string]any{"result": "pass"}
		if s.Problem != "" {
			args["result"], args["problem"] = "fail", s.Problem
		}
		if s.Command != "" {
			args["command"] = s.Command
		}
		w.span(s.Title(), s.Kind(), track, s.Start, s.Elapsed, args)
	}
}
