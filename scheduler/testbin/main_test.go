package testbin

import (
	"flag"
	"os"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/internal/leak"
)

// childVar, in the environment, makes the test binary the child that it names.
const childVar = "TESTBIN_CHILD"

// TestMain adds the flag -update, and turns into a child of a test of Run.
func TestMain(m *testing.M) {
	if name := os.Getenv(childVar); name != "" {
		os.Exit(child(name))
	}
	flag.Bool("update", false, "write the golden files in testdata/streams")
	os.Exit(leak.Main(m))
}
