// Package signature has a test with a wrong parameter, which the go command
// itself refuses.
package signature

import "testing"

func TestWrongParameter(t *testing.T, n int) {}

func TestRight(t *testing.T) {}
