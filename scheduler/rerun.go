package scheduler

// reruns is the state of the phase after the first pass.
type reruns struct{}

// rerun is the state of one unit's, or package's, reruns.
type rerun struct{}

func (r *Run) nextRerun() *batch { return nil }
func (r *Run) endRerun(ended)    {}
