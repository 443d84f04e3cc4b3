package report

import (
	"fmt"

	"gotest.tools/gotestsum/testjson"
)

// Hook says what the post-run command is told about the files of the run.
type Hook struct {
	Format, JSONFile, TimingFile, JUnitFile string
}

// Environment returns the variables that the post-run command gets. GOTESTSUM_FORMAT
// is promised by gotestsum's documentation; gotestsum itself does not set it.
func (h Hook) Environment(exec *testjson.Execution) []string {
	return []string{
		"GOTESTSUM_FORMAT=" + h.Format,
		"GOTESTSUM_JSONFILE=" + h.JSONFile,
		"GOTESTSUM_JSONFILE_TIMING_EVENTS=" + h.TimingFile,
		"GOTESTSUM_JUNITFILE=" + h.JUnitFile,
		fmt.Sprintf("GOTESTSUM_ELAPSED=%.3fs", exec.Elapsed().Seconds()),
		fmt.Sprintf("TESTS_TOTAL=%d", exec.Total()),
		fmt.Sprintf("TESTS_FAILED=%d", len(exec.Failed())),
		fmt.Sprintf("TESTS_SKIPPED=%d", len(exec.Skipped())),
		fmt.Sprintf("TESTS_ERRORS=%d", len(exec.Errors())),
	}
}
