// Package hang has a last test that does not end: run it with -timeout.
package hang

import "testing"

func TestBeforeHang(t *testing.T) { t.Log("soon it hangs") }

func TestHangs(t *testing.T) {
	t.Run("sub", func(t *testing.T) { <-t.Context().Done() })
}
