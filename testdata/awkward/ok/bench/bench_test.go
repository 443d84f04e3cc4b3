// Package bench has benchmarks beside a test.
package bench

import (
	"strconv"
	"testing"
)

func TestBesideBenchmarks(t *testing.T) {}

func BenchmarkItoa(b *testing.B) {
	for b.Loop() {
		_ = strconv.Itoa(12345)
	}
}

func BenchmarkSub(b *testing.B) {
	for _, size := range []int{1, 10} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			for range b.N {
				_ = make([]byte, size)
			}
		})
	}
}
