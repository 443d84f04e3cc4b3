// Package gotest drives the go command: it builds the `go test -json` command line from the user's
// arguments, receives each test binary that the go command would have run (through its -exec flag,
// over a private socket), and writes back the one stream, coverage profile and test log that the go
// command expects of a single run of that binary. The go command's tools take turns at the same
// socket ([Builds]).
//
// It knows nothing of units or workers: what becomes of a binary is decided by the scheduler, which
// reads [Request] values from a [Listener].
//
// # What it takes for granted
//
// Measured with go1.26.8; the test that asks the go command stands behind each.
//
//   - -exec turns the result cache off, because the go command then passes no -test.testlogfile.
//     If the program of -exec passes it and leaves testlog.txt beside the binary, the result is
//     stored. TestFactExecCache
//   - The words of -exec are part of a result's key, so that they hold nothing that changes from
//     run to run: the socket is named in the environment. -toolexec is in no key.
//     TestFactExecCache; TestBuildCacheIsShared in package linkcache, for what is compiled
//   - The go command runs -p steps at a time, links among them: with 48 on two cores it started 42
//     linkers. A gate in -toolexec bounds them. TestGoCommandBuildsInTurns
//   - It links each test binary anew in each run whose result is not cached: TestTwoRunsAtOnce in
//     package linkcache. The linker's output depends on its input alone: TestFactReproducible,
//     TestBinariesAreTheGoCommandsOwn there
//   - An ELF file works with a trailer behind its end, a wasm module does not: TestStandIn and
//     TestWasm in package linkcache
//   - Under -test.v=test2json framing begins with byte 0x16, in mid-line where output lacks its
//     newline, and "=== NAME  TestX" says whose output follows. TestFactsOfTestBinary
//   - -test.list runs TestMain, which may start a database. TestFactsOfTestBinary
//   - A -test.run list keeps source order. Alternatives are split before levels: A/x|B/y is x of A
//     and y of B. A subtest that is run alone has the name it has among all (#01).
//     TestFactsOfTestBinary
//   - -test.shuffle orders all tests before -test.run chooses: a subset keeps the order of the
//     whole. TestFactsOfTestBinary
//   - -test.failfast stops the process it is given to. TestFactsOfTestBinary
//   - Go initialises a package as soon as those it imports are ready, the first by path first. So
//     the re-entry commands begin before most of cohort is initialised. TestStart in
//     cmd/internal/reenter
package gotest
