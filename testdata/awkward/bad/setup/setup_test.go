// Package setup imports a package that does not exist.
package setup

import (
	"testing"

	_ "example.com/awkward/missing"
)

func TestOfMissingImport(t *testing.T) {}
