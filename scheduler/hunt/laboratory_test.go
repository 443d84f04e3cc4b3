package hunt

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// counting is a runner whose processes pass T000 after a second, and counts them.
type counting struct {
	mu        sync.Mutex
	now, most int // how many run, and how many did at the same time
}

func (c *counting) Run(_ context.Context, _ testbin.Spec, out io.Writer) testbin.Exit {
	c.mu.Lock()
	c.now++
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	begin := time.Now()
	time.Sleep(time.Second) // of the synctest bubble
	_, err := io.WriteString(out, "\x16=== RUN   T000\n\x16--- PASS: T000 (1.00s)\nPASS\n")
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
	return testbin.Exit{Err: err, Start: begin, End: time.Now()}
}

// TestLaboratoryShares has two suspects probed on four workers: all at once where an idle machine
// is not needed, else one process after the other.
func TestLaboratoryShares(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		load       load
		most, runs int
		serial     bool
		took       time.Duration
	}{
		{"shared", shared, 4, 8, false, 4 * time.Second},
		{"idle", idle, 1, 8, false, 16 * time.Second},
		{"shared, serial", shared, 1, 8, true, 16 * time.Second},
		{"copies", copies, 4, 8, false, 4 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake := new(counting)
				lab := &laboratory{
					ctx: t.Context(), cfg: &Config{}, pool: newPool(4), sources: make(map[sourceKey][]*outcome),
					runner: &runner{worker: &worker.Run{Workers: 4, Runner: fake, Now: time.Now}, gate: newGate(nil)},
				}
				begin := time.Now()
				var all sync.WaitGroup
				for range 2 {
					w := newWorld(1, 0, nil)
					u := w.bin.units[0]
					u.def.Serial = tt.serial
					s := lab.station(2)
					all.Go(func() {
						c := condition{task: task{bin: w.bin, units: w.bin.units, count: 1}, load: tt.load}
						if got := s.run(u, c, tt.runs); got != (tally{tt.runs, 0}) {
							t.Errorf("%+v", got)
						}
					})
				}
				all.Wait()
				if took := time.Since(begin); fake.most != tt.most || took != tt.took {
					t.Errorf("%d processes at a time took %v, want %d and %v", fake.most, took, tt.most, tt.took)
				}
			})
		})
	}
}
