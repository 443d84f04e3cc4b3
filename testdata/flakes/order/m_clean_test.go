package order

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

func TestClean001(t *testing.T) { roundTrip(t, 1) }
func TestClean002(t *testing.T) { roundTrip(t, 2) }
func TestClean003(t *testing.T) { roundTrip(t, 3) }
func TestClean004(t *testing.T) { roundTrip(t, 4) }
func TestClean005(t *testing.T) { roundTrip(t, 5) }
func TestClean006(t *testing.T) { roundTrip(t, 6) }
func TestClean007(t *testing.T) { roundTrip(t, 7) }
func TestClean008(t *testing.T) { roundTrip(t, 8) }
func TestClean009(t *testing.T) { roundTrip(t, 9) }
func TestClean010(t *testing.T) { roundTrip(t, 10) }
func TestClean011(t *testing.T) { roundTrip(t, 11) }
func TestClean012(t *testing.T) { roundTrip(t, 12) }
func TestClean013(t *testing.T) { roundTrip(t, 13) }
func TestClean014(t *testing.T) { roundTrip(t, 14) }
func TestClean015(t *testing.T) { roundTrip(t, 15) }
func TestClean016(t *testing.T) { roundTrip(t, 16) }
func TestClean017(t *testing.T) { roundTrip(t, 17) }
func TestClean018(t *testing.T) { roundTrip(t, 18) }
func TestClean019(t *testing.T) { roundTrip(t, 19) }
func TestClean020(t *testing.T) { roundTrip(t, 20) }
func TestClean021(t *testing.T) { roundTrip(t, 21) }
func TestClean022(t *testing.T) { roundTrip(t, 22) }
func TestClean023(t *testing.T) { roundTrip(t, 23) }
func TestClean024(t *testing.T) { roundTrip(t, 24) }
func TestClean025(t *testing.T) { roundTrip(t, 25) }
func TestClean026(t *testing.T) { roundTrip(t, 26) }
func TestClean027(t *testing.T) { roundTrip(t, 27) }
func TestClean028(t *testing.T) { roundTrip(t, 28) }
func TestClean029(t *testing.T) { roundTrip(t, 29) }
func TestClean030(t *testing.T) { roundTrip(t, 30) }
func TestClean031(t *testing.T) { roundTrip(t, 31) }
func TestClean032(t *testing.T) { roundTrip(t, 32) }
func TestClean033(t *testing.T) { roundTrip(t, 33) }
func TestClean034(t *testing.T) { roundTrip(t, 34) }
func TestClean035(t *testing.T) { roundTrip(t, 35) }
func TestClean036(t *testing.T) { roundTrip(t, 36) }
func TestClean037(t *testing.T) { roundTrip(t, 37) }
func TestClean038(t *testing.T) { roundTrip(t, 38) }
func TestClean039(t *testing.T) { roundTrip(t, 39) }
func TestClean040(t *testing.T) { roundTrip(t, 40) }
