package compile

import "testing"

func TestOfBrokenPackage(t *testing.T) {}
