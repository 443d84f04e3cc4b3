package main

import (
	"slices"
	"testing"
)

func TestEfficiencies(t *testing.T) {
	t.Parallel()
	got := efficiencies("=== RUN   TestX\n    x_test.go:40: efficiency: static: 0.81, in 2m\n--- PASS: TestX\n    x_test.go:41: other: 1\n")
	if !slices.Equal(got, []string{"static: 0.81, in 2m"}) {
		t.Errorf("%q", got)
	}
}
