package tags

import "testing"

func TestWindows(t *testing.T) {}
