// Package vetnames has a test whose name vet objects to, because the letter
// after Test is a small one, so that it would never run.
package vetnames

import "testing"

func Testlower(t *testing.T) {}

func TestUpper(t *testing.T) {}
