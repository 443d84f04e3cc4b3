// Package mainidle has a TestMain that never calls m.Run, and exits 0.
package mainidle

import (
	"testing"

	"example.com/deaths/witness"
)

func TestMain(*testing.M) {}

func TestBefore(t *testing.T) { witness.Ran(t) }

func TestBeforeParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

func TestAfter(t *testing.T) { witness.Ran(t) }
