// Package many has enough tests to be split over workers, and each says more
// than one line in more than one write, so that mixed output would show.
package many

import (
	"fmt"
	"testing"
	"time"
)

// speak prints in turns by both ways a test has, with pauses in which another
// process may speak.
func speak(t *testing.T) {
	t.Helper()
	for i := range 4 {
		fmt.Printf("%s on stdout %d\n", t.Name(), i)
		t.Logf("%s in the log %d", t.Name(), i)
		time.Sleep(2 * time.Millisecond)
	}
	t.Run("sub", func(t *testing.T) {
		fmt.Printf("%s on stdout\n", t.Name())
		time.Sleep(2 * time.Millisecond)
		t.Logf("%s in the log", t.Name())
	})
}

func TestNumber01(t *testing.T) { speak(t) }

func TestNumber02(t *testing.T) { speak(t) }

func TestNumber03(t *testing.T) { speak(t) }

func TestNumber04(t *testing.T) { speak(t) }

func TestNumber05(t *testing.T) { speak(t) }

func TestNumber06(t *testing.T) { speak(t) }

func TestNumber07(t *testing.T) { speak(t) }

func TestNumber08(t *testing.T) { speak(t) }

func TestNumber09(t *testing.T) { speak(t) }

func TestNumber10(t *testing.T) { speak(t) }

func TestNumber11(t *testing.T) { speak(t) }

func TestNumber12(t *testing.T) { speak(t) }

func TestNumber13(t *testing.T) { speak(t) }

func TestNumber14(t *testing.T) { speak(t) }

func TestNumber15(t *testing.T) { speak(t) }

func TestNumber16(t *testing.T) { speak(t) }

func TestNumber17(t *testing.T) { speak(t) }

func TestNumber18(t *testing.T) { speak(t) }

func TestNumber19(t *testing.T) { speak(t) }

func TestNumber20(t *testing.T) { speak(t) }

func TestNumber21(t *testing.T) { speak(t) }

func TestNumber22(t *testing.T) { speak(t) }

func TestNumber23(t *testing.T) { speak(t) }

func TestNumber24(t *testing.T) { speak(t) }
