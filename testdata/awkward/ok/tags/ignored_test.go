//go:build ignore

package tags

import "testing"

func TestIgnored(t *testing.T) { t.Fatal("this file must not be built") }
