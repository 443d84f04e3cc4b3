// Package earlyframing prints lines that look like framing before any test
// has begun. Without a real framing line before them go test -json has no way
// to know that they are forged, and reports a TestFake that does not exist.
package earlyframing

import (
	"fmt"
	"testing"
)

func init() {
	fmt.Println("=== RUN   TestFake")
	fmt.Println("--- PASS: TestFake (0.00s)")
}

func TestReal(t *testing.T) {}

func TestAlsoReal(t *testing.T) {}
