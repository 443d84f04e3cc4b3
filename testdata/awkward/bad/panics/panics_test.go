// Package panics ends in a panic. The panicking test is the last one, so that
// under go test every other test has run before it.
package panics

import "testing"

func TestBeforePanic(t *testing.T) { t.Log("fine so far") }

func TestAlsoBeforePanic(t *testing.T) { t.Run("sub", func(t *testing.T) {}) }

func TestPanics(t *testing.T) {
	t.Run("passes", func(t *testing.T) {})
	var m map[string]int
	m["nil"] = 1
}
