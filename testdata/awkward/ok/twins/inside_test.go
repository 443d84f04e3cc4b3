package twins

import "testing"

func TestTwin(t *testing.T) {
	t.Log("internal")
	t.Run("sub", func(t *testing.T) { t.Log("internal") })
}

func TestOnlyInside(t *testing.T) {}

func FuzzTwin(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) {})
}
