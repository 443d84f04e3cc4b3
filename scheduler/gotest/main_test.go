package gotest

import (
	"os"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
	"github.com/gotestcohort/cohort/scheduler/internal/leak"
)

// TestMain lets this test binary stand in for cohort where the go command starts its tools.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == reentry.ExecToolCommand {
		os.Exit(reentry.ExecTool(os.Args[2:], os.Environ(), os.Stdout, os.Stderr, nil))
	}
	os.Exit(leak.Main(m))
}
