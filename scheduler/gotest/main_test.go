package gotest

import (
	"os"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
	"github.com/gotestcohort/cohort/scheduler/internal/leak"
)

// TestMain lets this test binary stand in for cohort, and for a program of -exec.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case reentry.ExecToolCommand:
			os.Exit(reentry.ExecTool(os.Args[2:], os.Environ(), os.Stdout, os.Stderr, nil))
		case factExecCommand:
			os.Exit(factExec(os.Args[2:]))
		}
	}
	os.Exit(leak.Main(m))
}
