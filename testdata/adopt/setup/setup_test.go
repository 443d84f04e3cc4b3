package setup

import (
	"fmt"
	"os"
	"testing"
	"time"

	"example.com/adopt/shared"
)

// TestMain sets up what only one process may have.
func TestMain(m *testing.M) {
	release, err := shared.Only("setup")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := release(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func TestOne(*testing.T) { time.Sleep(100 * time.Millisecond) }

func TestTwo(*testing.T) { time.Sleep(100 * time.Millisecond) }

func TestThree(*testing.T) { time.Sleep(100 * time.Millisecond) }
