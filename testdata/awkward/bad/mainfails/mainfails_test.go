// Package mainfails fails although every test passes: its TestMain exits 1, as
// a leak checker or a failing tear-down does.
package mainfails

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	m.Run()
	fmt.Println("tear-down failed")
	os.Exit(1)
}

func TestFine(t *testing.T) {}

func TestAlsoFine(t *testing.T) {}
