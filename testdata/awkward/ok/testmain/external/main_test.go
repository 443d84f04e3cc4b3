package external_test

import (
	"os"
	"testing"

	"example.com/awkward/ok/testmain/external"
)

func TestMain(m *testing.M) {
	external.Answer = 42
	os.Exit(m.Run())
}

func TestOutside(t *testing.T) {
	if external.Answer != 42 {
		t.Errorf("Answer = %d, want 42", external.Answer)
	}
}
