// Package flagless takes words from the command line without a TestMain.
package flagless

import (
	"flag"
	"testing"
)

var level = flag.Int("level", 0, "a flag of the test's own")

func TestLevel(t *testing.T) { t.Log("level:", *level, "words:", flag.Args()) }

func TestTop(t *testing.T) {
	if *level > 8 {
		t.Skip("level is above 8")
	}
}
