package clean

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

func TestClean061(t *testing.T) { roundTrip(t, 61) }
func TestClean062(t *testing.T) { roundTrip(t, 62) }
func TestClean063(t *testing.T) { roundTrip(t, 63) }
func TestClean064(t *testing.T) { roundTrip(t, 64) }
func TestClean065(t *testing.T) { roundTrip(t, 65) }
func TestClean066(t *testing.T) { roundTrip(t, 66) }
func TestClean067(t *testing.T) { roundTrip(t, 67) }
func TestClean068(t *testing.T) { roundTrip(t, 68) }
func TestClean069(t *testing.T) { roundTrip(t, 69) }
func TestClean070(t *testing.T) { roundTrip(t, 70) }
func TestClean071(t *testing.T) { roundTrip(t, 71) }
func TestClean072(t *testing.T) { roundTrip(t, 72) }
func TestClean073(t *testing.T) { roundTrip(t, 73) }
func TestClean074(t *testing.T) { roundTrip(t, 74) }
func TestClean075(t *testing.T) { roundTrip(t, 75) }
func TestClean076(t *testing.T) { roundTrip(t, 76) }
func TestClean077(t *testing.T) { roundTrip(t, 77) }
func TestClean078(t *testing.T) { roundTrip(t, 78) }
func TestClean079(t *testing.T) { roundTrip(t, 79) }
func TestClean080(t *testing.T) { roundTrip(t, 80) }
func TestClean081(t *testing.T) { roundTrip(t, 81) }
func TestClean082(t *testing.T) { roundTrip(t, 82) }
func TestClean083(t *testing.T) { roundTrip(t, 83) }
func TestClean084(t *testing.T) { roundTrip(t, 84) }
func TestClean085(t *testing.T) { roundTrip(t, 85) }
func TestClean086(t *testing.T) { roundTrip(t, 86) }
func TestClean087(t *testing.T) { roundTrip(t, 87) }
func TestClean088(t *testing.T) { roundTrip(t, 88) }
func TestClean089(t *testing.T) { roundTrip(t, 89) }
func TestClean090(t *testing.T) { roundTrip(t, 90) }
func TestClean091(t *testing.T) { roundTrip(t, 91) }
func TestClean092(t *testing.T) { roundTrip(t, 92) }
func TestClean093(t *testing.T) { roundTrip(t, 93) }
func TestClean094(t *testing.T) { roundTrip(t, 94) }
func TestClean095(t *testing.T) { roundTrip(t, 95) }
func TestClean096(t *testing.T) { roundTrip(t, 96) }
func TestClean097(t *testing.T) { roundTrip(t, 97) }
func TestClean098(t *testing.T) { roundTrip(t, 98) }
func TestClean099(t *testing.T) { roundTrip(t, 99) }
func TestClean100(t *testing.T) { roundTrip(t, 100) }
