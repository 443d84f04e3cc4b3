// Package normal has a TestMain that sets up, runs and tears down, and says so.
package normal

import (
	"fmt"
	"os"
	"testing"
)

var ready bool

func TestMain(m *testing.M) {
	fmt.Println("set-up")
	ready = true
	code := m.Run()
	ready = false
	fmt.Println("tear-down")
	os.Exit(code)
}

func TestIsReady(t *testing.T) {
	if !ready {
		t.Error("TestMain did not run first")
	}
}

func TestIsStillReady(t *testing.T) {
	if !ready {
		t.Error("torn down too early")
	}
}

func ExampleTestMain() {
	fmt.Println(ready)
	// Output: true
}
