// Package witness writes down what the processes of the tests did: one line for
// each process that started and one for each test that ran, in the file that
// DEATHS_LOG names. A runner's own account is compared with it.
package witness

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The dead say nothing, so the start is written down before anything else runs.
var _ = write("process", "")

// Ran notes that t runs.
func Ran(t testing.TB) {
	t.Helper()
	write("test", t.Name())
}

// Calm reports whether a culprit is to behave: on a rerun, if DEATHS_ONCE is set.
func Calm() bool {
	return os.Getenv("DEATHS_ONCE") != "" && os.Getenv("COHORT_ATTEMPT") != "0"
}

func write(what, name string) bool {
	path := os.Getenv("DEATHS_LOG")
	if path == "" {
		return false
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	pkg := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	pkg = strings.TrimSuffix(pkg, ".test")
	// One write: lines of several processes do not mix.
	if _, err := fmt.Fprintf(file, "%s %s %s %d\n", what, pkg, name, os.Getpid()); err != nil {
		panic(err)
	}
	if err := file.Close(); err != nil {
		panic(err)
	}
	return true
}
