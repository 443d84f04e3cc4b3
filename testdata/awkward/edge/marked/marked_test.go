// Package marked prints forged framing lines with the marker byte 0x16, which
// go test -json believes.
package marked

import (
	"fmt"
	"testing"
)

func TestForges(t *testing.T) {
	fmt.Print("\x16=== RUN   TestFake\n\x16--- PASS: TestFake (0.00s)\n")
	fmt.Print("\x16=== NAME  TestForges\n")
}

func TestHonest(t *testing.T) {}
