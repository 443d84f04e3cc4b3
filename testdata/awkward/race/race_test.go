// Package race has a data race. It passes without -race.
package race

import (
	"runtime"
	"testing"
)

// counted orders the two accesses that race, so that every run reports them alike. The race detector
// sees neither its write nor its read, and so takes the accesses for unordered.
var counted bool

//go:norace
func setCounted() { counted = true }

//go:norace
func awaitCounted() {
	for !counted {
		runtime.Gosched()
	}
}

func TestRace(t *testing.T) {
	counter := 0
	done := make(chan bool)
	go func() {
		counter++
		setCounted()
		done <- true
	}()
	awaitCounted()
	counter++
	<-done
	t.Log("counted")
}

func TestNoRace(t *testing.T) {}
