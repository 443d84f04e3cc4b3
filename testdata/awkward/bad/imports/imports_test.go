package imports

import "testing"

func TestOfImporter(t *testing.T) {}
