// Package only has a benchmark and no test.
package only

import "testing"

func BenchmarkOnly(b *testing.B) {
	for b.Loop() {
	}
}
