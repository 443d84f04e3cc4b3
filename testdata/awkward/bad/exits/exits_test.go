// Package exits calls os.Exit in its last test.
package exits

import (
	"fmt"
	"os"
	"testing"
)

func TestBeforeExit(t *testing.T) {}

func TestExits(t *testing.T) {
	fmt.Println("about to exit")
	os.Exit(3)
}
