// Package parallel has tests that pause and continue, so that output of
// several tests comes in turns.
package parallel

import (
	"fmt"
	"testing"
)

func TestFirst(t *testing.T) {
	t.Parallel()
	t.Log("first, in its own words")
	fmt.Println("first, on stdout")
}

func TestSecond(t *testing.T) {
	t.Log("second, before the pause")
	t.Parallel()
	t.Log("second, after the pause")
}

func TestSerial(t *testing.T) {
	t.Log("serial")
}

func TestParallelSubtests(t *testing.T) {
	for i := range 8 {
		t.Run(fmt.Sprint("part ", i), func(t *testing.T) {
			t.Parallel()
			for j := range 5 {
				t.Logf("part %d line %d", i, j)
			}
		})
	}
	t.Log("the parent ends before its subtests")
}

func TestParallelBoth(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"x", "y", "z"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("leaf", func(t *testing.T) {
				t.Parallel()
				t.Log("leaf of", name)
			})
		})
	}
}

func TestGroupThenTeardown(t *testing.T) {
	t.Run("group", func(t *testing.T) {
		for _, name := range []string{"a", "b"} {
			t.Run(name, func(t *testing.T) { t.Parallel() })
		}
	})
	t.Log("teardown, after a and b")
}
