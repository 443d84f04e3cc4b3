package scheduler

import (
	"testing"
	"time"
)

func TestRaceEnd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		race bool
		env  []string
		want time.Duration
	}{
		{"no race detector", false, []string{"GORACE=atexit_sleep_ms=700"}, 0},
		{"default", true, nil, time.Second},
		{"empty", true, []string{"GORACE="}, time.Second},
		{"other options", true, []string{"GORACE=halt_on_error=1 log_path=x"}, time.Second},
		{"another variable", true, []string{"XGORACE=atexit_sleep_ms=5"}, time.Second},
		{"none", true, []string{"GORACE=atexit_sleep_ms=0"}, 0},
		{"among others", true, []string{"A=B", "GORACE=halt_on_error=1:atexit_sleep_ms=250,history_size=2"}, 250 * time.Millisecond},
		{"quoted", true, []string{`GORACE=atexit_sleep_ms="30"`}, 30 * time.Millisecond},
		{"the last option", true, []string{"GORACE=atexit_sleep_ms=5 atexit_sleep_ms=7"}, 7 * time.Millisecond},
		{"the last variable", true, []string{"GORACE=atexit_sleep_ms=5", "GORACE=history_size=2"}, time.Second},
		{"no number", true, []string{"GORACE=atexit_sleep_ms=soon"}, time.Second},
		{"negative", true, []string{"GORACE=atexit_sleep_ms=-5"}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := raceEnd(tc.race, tc.env); got != tc.want {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}
