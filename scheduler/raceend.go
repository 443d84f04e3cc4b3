package scheduler

import (
	"strconv"
	"strings"
	"time"
)

// raceEnd returns for how long a process of a test binary lives on after its tests, in that
// environment: one with the race detector sleeps, so that races of the goroutines that are left
// come to light.
func raceEnd(race bool, env []string) time.Duration {
	if !race {
		return 0
	}
	end := time.Second // the detector's own default
	for _, kv := range env {
		options, ok := strings.CutPrefix(kv, "GORACE=")
		if !ok {
			continue
		}
		end = time.Second // of variables with one name the last counts, and so it is with options
		for _, option := range strings.FieldsFunc(options, separatesRaceOptions) {
			value, ok := strings.CutPrefix(option, "atexit_sleep_ms=")
			if ms, err := strconv.ParseInt(strings.Trim(value, `"'`), 10, 32); ok && err == nil {
				end = time.Duration(max(ms, 0)) * time.Millisecond
			}
		}
	}
	return end
}

// separatesRaceOptions reports whether r stands between options of GORACE.
func separatesRaceOptions(r rune) bool { return strings.ContainsRune(" ,:\n\t\r", r) }
