// Package report tells people and machines what a test run did: it turns a stream of
// go test -json events into terminal output, a summary, a JUnit file and event files.
//
// The events are read and formatted by gotest.tools/gotestsum/testjson; what this
// package writes is, byte for byte, what gotestsum writes for the same events, except
// where gotestsum is at fault (cohort help gotestsum names the places). It knows nothing
// about how the events came to be.
//
// What is said while the tests run is decided by report/progress; Watch and Handler feed it.
// Annotations and step summaries for GitHub Actions, and the details of a JUnit file, are
// functions of the run as the summary is.
package report
