// Package decoy has a test named TestMain: it takes a *testing.T, so it is a
// test like any other.
package decoy

import "testing"

func TestMain(t *testing.T) { t.Log("an ordinary test") }

func TestOther(t *testing.T) {}
