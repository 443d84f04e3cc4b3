package tags

import "testing"

func TestUnderscore(t *testing.T) { t.Fatal("a file whose name begins with _ must not be built") }
