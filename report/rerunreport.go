package report

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"gotest.tools/gotestsum/testjson"
)

// WriteRerunReport writes a line for each test that failed at least once to the file
// of that name: how often it ran, and how often it failed.
func WriteRerunReport(name string, exec *testjson.Execution) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()

	buf := bufio.NewWriter(f)
	counts := countRuns(exec)
	for _, test := range slices.Sorted(maps.Keys(counts)) {
		c := counts[test]
		if _, err := fmt.Fprintf(buf, "%s: %d runs, %d failures\n", test, c.runs, c.failures); err != nil {
			return err
		}
	}
	return buf.Flush()
}

type runCount struct{ runs, failures int }

// countRuns counts the runs of every failed test by package and name. Skipped runs do
// not count, as in gotestsum. A package that failed without a failed test has an empty
// name, and no runs.
func countRuns(exec *testjson.Execution) map[string]runCount {
	counts := map[string]runCount{}
	for _, tc := range exec.Failed() {
		counts[tc.Package+"."+tc.Test.Name()] = runCount{}
	}
	for _, name := range exec.Packages() {
		pkg := exec.Package(name)
		for _, tc := range pkg.Failed {
			key := name + "." + tc.Test.Name()
			c := counts[key]
			counts[key] = runCount{c.runs + 1, c.failures + 1}
		}
		for _, tc := range pkg.Passed {
			key := name + "." + tc.Test.Name()
			if c, ok := counts[key]; ok {
				counts[key] = runCount{c.runs + 1, c.failures}
			}
		}
	}
	return counts
}
