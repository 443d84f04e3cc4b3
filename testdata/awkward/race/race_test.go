// Package race has a data race. It passes without -race.
package race

import (
	"runtime"
	"testing"
)

// set and await order the two accesses that race, so that every run reports them alike. The race
// detector sees neither, and so takes the accesses for unordered.
//
//go:norace
func set(counted *bool) { *counted = true }

//go:norace
func await(counted *bool) {
	for !*counted {
		runtime.Gosched()
	}
}

func TestRace(t *testing.T) {
	counter, counted := 0, false
	done := make(chan bool)
	go func() {
		counter++
		set(&counted)
		done <- true
	}()
	await(&counted)
	counter++
	<-done
	t.Log("counted")
}

func TestNoRace(t *testing.T) {}
