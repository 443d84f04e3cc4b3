package tags

import "testing"

func TestLinuxAMD64(t *testing.T) {}
