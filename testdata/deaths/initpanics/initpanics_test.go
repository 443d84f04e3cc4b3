// Package initpanics dies in init.
package initpanics

import (
	"testing"

	"example.com/deaths/witness"
)

func init() {
	if !witness.Calm() {
		panic("init panics")
	}
}

func TestBefore(t *testing.T) { witness.Ran(t) }

func TestBeforeParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

func TestAfter(t *testing.T) { witness.Ran(t) }
