// Package lastline ends its whole output without a newline.
package lastline

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	fmt.Print("first words without newline")
	code := m.Run()
	fmt.Print("last words without newline")
	os.Exit(code)
}

func TestQuiet(t *testing.T) {}

func TestLoud(t *testing.T) { fmt.Print("loud") }
