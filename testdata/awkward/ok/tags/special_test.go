//go:build special

package tags

import "testing"

func TestSpecial(t *testing.T) { t.Run("sub", func(t *testing.T) {}) }
