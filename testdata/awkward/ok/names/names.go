// Package names has functions that look like tests and tests that do not.
package names

import "testing"

// TestInOrdinaryFile is not in a _test.go file, so it is no test.
func TestInOrdinaryFile(t *testing.T) { t.Fatal("this must not run") }

// Suite is a type with test-like methods.
type Suite struct{}

// TestMethod is a method, so it is no test.
func (Suite) TestMethod(t *testing.T) { t.Fatal("this must not run") }
