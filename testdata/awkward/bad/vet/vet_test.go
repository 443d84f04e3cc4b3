// Package vet compiles, and vet finds a wrong format verb in it.
package vet

import "testing"

func TestVet(t *testing.T) { t.Logf("%d", "not a number") }
