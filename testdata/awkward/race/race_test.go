// Package race has a data race. It passes without -race.
package race

import "testing"

func TestRace(t *testing.T) {
	counter := 0
	done := make(chan bool)
	go func() {
		counter++
		done <- true
	}()
	counter++
	<-done
	t.Log("counted")
}

func TestNoRace(t *testing.T) {}
