package scheduler

import (
	"context"
	"time"

	"github.com/gotestcohort/cohort/scheduler/world"
)

// stage runs the commands of set-ups and tear-downs.
type stage struct {
	*world.Runner
	tell func(world.Outcome)
	// last is the context of tear-downs, abandon ends it.
	last    context.Context
	abandon context.CancelFunc
	// stands is closed when no more tear-downs will come, nil before and after; the loop's alone.
	stands chan struct{}
}

func newStage(c *Config, files string, kill <-chan struct{}, now func() time.Time) *stage {
	w := c.World
	if w == nil {
		w = &World{}
	}
	s := &stage{tell: w.Tell, Runner: world.NewRunner(world.Config{
		Run: w.Run, Worker: w.Worker, ID: c.ID, Workers: c.Workers, Env: c.Env, Dir: w.Dir, Files: files, Kill: kill, Now: now,
	})}
	if s.tell == nil {
		s.tell = func(world.Outcome) {}
	}
	s.last, s.abandon = context.WithCancel(context.Background())
	return s
}

// environ returns the variables that a job's process has of set-ups, and their names.
func (s *stage) environ(j *job) (env, names []string) {
	for _, v := range s.ForProcess(j.Slot, j.needs) {
		env, names = append(env, v.String()), append(names, v.Name)
	}
	return env, names
}
