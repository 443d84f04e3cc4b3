// Package initpanics dies before any test.
package initpanics

import (
	"os"
	"testing"
)

func init() {
	if os.Getenv("AWKWARD_INIT_LIVES") == "" {
		panic("no configuration")
	}
}

func TestAfterInit(t *testing.T) {}

func TestAlsoAfterInit(t *testing.T) {}
