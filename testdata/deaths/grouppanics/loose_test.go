package grouppanics

import (
	"testing"

	"example.com/deaths/witness"
)

func TestLoose(t *testing.T) { witness.Ran(t) }
