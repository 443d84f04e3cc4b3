package names

import "testing"

//line other_file_test.go:1000
func TestLineDirective(t *testing.T) { t.Log("its position is told by a line directive") }
