package state

import (
	"strconv"
	"testing"
)

// roundTrip is what the clean tests do: nothing that could fail.
func roundTrip(t *testing.T, n int) {
	t.Helper()
	if got, err := strconv.Atoi(strconv.Itoa(n)); err != nil || got != n {
		t.Errorf("%d came back as %d, %v", n, got, err)
	}
}

func TestClean041(t *testing.T) { roundTrip(t, 41) }
func TestClean042(t *testing.T) { roundTrip(t, 42) }
func TestClean043(t *testing.T) { roundTrip(t, 43) }
func TestClean044(t *testing.T) { roundTrip(t, 44) }
func TestClean045(t *testing.T) { roundTrip(t, 45) }
func TestClean046(t *testing.T) { roundTrip(t, 46) }
func TestClean047(t *testing.T) { roundTrip(t, 47) }
func TestClean048(t *testing.T) { roundTrip(t, 48) }
func TestClean049(t *testing.T) { roundTrip(t, 49) }
func TestClean050(t *testing.T) { roundTrip(t, 50) }
func TestClean051(t *testing.T) { roundTrip(t, 51) }
func TestClean052(t *testing.T) { roundTrip(t, 52) }
func TestClean053(t *testing.T) { roundTrip(t, 53) }
func TestClean054(t *testing.T) { roundTrip(t, 54) }
func TestClean055(t *testing.T) { roundTrip(t, 55) }
func TestClean056(t *testing.T) { roundTrip(t, 56) }
func TestClean057(t *testing.T) { roundTrip(t, 57) }
func TestClean058(t *testing.T) { roundTrip(t, 58) }
func TestClean059(t *testing.T) { roundTrip(t, 59) }
func TestClean060(t *testing.T) { roundTrip(t, 60) }
