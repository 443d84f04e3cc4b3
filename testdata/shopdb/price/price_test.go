package price

import "testing"

func TestTotal(t *testing.T) {
	for _, tc := range []struct{ cents, pieces, want int }{{250, 1, 250}, {250, 9, 2250}, {250, 10, 2250}, {1, 10, 9}, {5, 0, 0}} {
		if got := Total(tc.cents, tc.pieces); got != tc.want {
			t.Errorf("%d pieces at %d: %d, want %d", tc.pieces, tc.cents, got, tc.want)
		}
	}
}

func TestText(t *testing.T) {
	if got := Text(1205); got != "12.05" {
		t.Errorf("%s, want 12.05", got)
	}
}
