package tags

import "testing"

func TestHidden(t *testing.T) { t.Fatal("a file whose name begins with . must not be built") }
