package ledger

import (
	"fmt"
	"strings"
	"testing"
)

// modes says how the tests of a package share processes: each row is a number of units, whether
// one of them is a declared group, and the mode without a TestMain, with a TestMain, and with a
// TestMain in a run that splits such packages.
const modes = `
	0 loose     whole    whole    whole
	1 loose     whole    whole    whole
	1 declared  split    bundled  bundled
	2 loose     split    whole    bundled
	2 declared  split    whole    bundled
	9 loose     split    whole    bundled
	9 declared  split    whole    bundled
`

// TestModeOf has every combination of what decides the mode of a package.
func TestModeOf(t *testing.T) {
	t.Parallel()
	name := [...]string{Split: "split", Bundled: "bundled", Whole: "whole", Opaque: "opaque"}
	rows := 0
	for row := range strings.Lines(strings.TrimSpace(modes)) {
		rows++
		var declared string
		var want [3]string
		var traits Traits
		if _, err := fmt.Sscan(row, &traits.Units, &declared, &want[0], &want[1], &want[2]); err != nil {
			t.Fatalf("%q: %v", row, err)
		}
		traits.Declared = declared == "declared"
		for bits := range 32 {
			traits.TestMain, traits.SplitTestMain = bits&1 > 0, bits&2 > 0
			traits.Together, traits.Unknown = bits&4 > 0, bits&8 > 0
			traits.Parts = bits&16 > 0
			want := want[0]
			if traits.TestMain {
				want = strings.Fields(row)[3]
			}
			if traits.TestMain && traits.SplitTestMain {
				want = strings.Fields(row)[4]
			}
			if traits.Parts && !traits.TestMain {
				want = "split"
			}
			if traits.Together {
				want = "whole"
			}
			if traits.Unknown {
				want = "opaque"
			}
			mode := ModeOf(traits)
			if got := name[mode]; got != want {
				t.Errorf("%+v: %s, want %s", traits, got, want)
			}
			if one := mode.OneProcess(); one != (want == "whole" || want == "opaque") {
				t.Errorf("%s: one process: %v", want, one)
			}
		}
	}
	if rows != 7 {
		t.Errorf("%d rows", rows)
	}
}

// TestKinds: what the kinds of process differ in.
func TestKinds(t *testing.T) {
	t.Parallel()
	for kind, want := range map[Kind]string{
		First:    "first: early true, for go true, remembered true",
		Baseline: "baseline: early true, for go false, remembered false",
		Attempt:  "attempt: early false, for go false, remembered true",
		Probe:    "probe: early false, for go false, remembered false",
	} {
		if got := fmt.Sprintf("%v: early %v, for go %v, remembered %v", kind, kind.Early(), kind.ForGo(), kind.Remembered()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestBundledTasks: tasks are put together only if they need more processes than there are workers, and
// a group stays whole.
func TestBundledTasks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		units   string
		workers int
		want    string
	}{
		{"A B C D", 1, "A; B; C; D"}, // loose tests share a process anyway
		{"A B C g:P,Q", 2, "A; B; C; P Q"},
		{"A B C g:P,Q", 1, "A B C P Q"},
		{"g:P,Q A h:R,S B", 2, "P Q R S; A B"},
		{"g:P,Q A h:R,S B", 3, "P Q; A; R S; B"},
		{"S! T! A", 2, "S A; T"},
		{"g:P h:Q", 2, "P; Q"},
		{"f.go:P,Q g.go:R h.go:S", 2, "P Q S; R"},
	} {
		units, names := unitsOf(tc.units)
		a := NewAccount(Spec{Mode: Bundled, Units: units, Names: names, Count: 1, CPUs: 1, TestMain: true, Workers: tc.workers, ListSize: 1 << 10})
		var got []string
		for _, task := range a.Take() {
			got = append(got, text(task))
		}
		if got := strings.Join(got, "; "); got != tc.want {
			t.Errorf("%s, %d workers: %q, want %q", tc.units, tc.workers, got, tc.want)
		}
	}
}
