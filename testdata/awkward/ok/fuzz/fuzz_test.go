// Package fuzz has fuzz targets, whose seeds run as subtests.
package fuzz

import (
	"strings"
	"testing"
)

func TestBeforeFuzz(t *testing.T) {}

// FuzzSeeds has seeds in its code and one in testdata/fuzz/FuzzSeeds.
func FuzzSeeds(f *testing.F) {
	f.Add("a", 1)
	f.Add("", 0)
	f.Add("é/ü", -7)
	f.Fuzz(func(t *testing.T, s string, n int) {
		t.Logf("%q %d", s, n)
		if len(s) > 0 && strings.Repeat(s, 1) != s {
			t.Error("repeated once, it is not the same")
		}
	})
}

// FuzzCorpusOnly has seeds in testdata/fuzz/FuzzCorpusOnly only.
func FuzzCorpusOnly(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) { t.Log(len(data)) })
}

// FuzzNoSeeds has no seed at all: it passes without a subtest.
func FuzzNoSeeds(f *testing.F) {
	f.Fuzz(func(t *testing.T, b bool) {})
}

// FuzzSkips skips every seed.
func FuzzSkips(f *testing.F) {
	f.Add(3)
	f.Fuzz(func(t *testing.T, n int) { t.Skip("not this one") })
}

// FuzzParallel runs its seeds in parallel.
func FuzzParallel(f *testing.F) {
	f.Add(1)
	f.Add(2)
	f.Fuzz(func(t *testing.T, n int) { t.Parallel() })
}
