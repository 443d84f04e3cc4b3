//go:build !special

package tags

import "testing"

func TestOrdinary(t *testing.T) {}
