package names

import . "testing"

func TestDotImport(t *T) {}

func BenchmarkDotImport(b *B) {}
