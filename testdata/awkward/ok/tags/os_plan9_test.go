package tags

import "testing"

func TestPlan9(t *testing.T) {}
