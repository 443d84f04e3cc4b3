// Package tags has tests that exist only under some build constraints.
package tags

import "testing"

func TestAlways(t *testing.T) {}
