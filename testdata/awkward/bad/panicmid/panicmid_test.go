// Package panicmid panics in the middle: go test runs nothing after it, cohort
// runs the rest in another process.
package panicmid

import "testing"

func TestA(t *testing.T) {}

func TestBPanics(t *testing.T) {
	t.Run("sub", func(t *testing.T) { panic("in the middle") })
}

func TestC(t *testing.T) {}

func TestD(t *testing.T) { t.Skip("on purpose") }

func FuzzE(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) {})
}
