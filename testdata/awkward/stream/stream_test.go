// Package stream has a long test that says something early on and then waits
// until the file named by AWKWARD_GATE exists. Whoever reads its output can
// open the gate, and shows by that that the output came while the test ran.
package stream

import (
	"fmt"
	"os"
	"testing"
	"time"
)

func TestLong(t *testing.T) {
	fmt.Println("long test waits at the gate")
	gate := os.Getenv("AWKWARD_GATE")
	for gate != "" {
		if _, err := os.Stat(gate); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println("long test passed the gate")
}

func TestQuick(t *testing.T) { t.Log("quick") }
