package grouping

import (
	"testing"
	"time"
)

func TestTimeLimits(t *testing.T) {
	t.Parallel()
	p := &Package{Tests: []Test{{Name: "A"}, {Name: "B", Timeout: time.Second}, {Name: "B", External: true, Timeout: time.Minute}}}
	for other, want := range map[time.Duration][3]time.Duration{
		0:         {0, time.Minute, 0},
		time.Hour: {time.Hour, time.Minute, time.Hour},
	} {
		limit := p.TimeLimits(other)
		for i, name := range []string{"A", "B", "New"} {
			if got := limit(name); got != want[i] {
				t.Errorf("--test-timeout=%v, %s: %v, want %v", other, name, got, want[i])
			}
		}
	}
	if (&Package{Tests: []Test{{Name: "A"}}}).TimeLimits(0) != nil {
		t.Error("a package without limits has some")
	}
}
