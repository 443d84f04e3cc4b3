// Package linkcache keeps the output of the Go linker, so that a test binary whose inputs did not change is not
// linked again.
//
// The go command caches what it compiles and the results of tests, but never a test binary: each
// run that is not answered from the result cache (every -count=1 run) links all of them anew. With
// -toolexec the go command starts each of its tools through a wrapper, "cohort exec-tool", which
// asks this package to answer for the linker.
//
//	go test ─ -toolexec ─▶ exec-tool link ... ─▶ known key: the stored output is what -o gets
//	                                             else: the real link, then store its output
//
// # What makes a hit safe
//
// A wrong hit is a wrong verdict, so the rules are strict, and every doubt ends in the real link:
//
//   - The go command passes link a build ID that hashes the content of every package that is linked, the linker's
//     version, its flags, GOROOT and the target. See linkActionID in cmd/go/internal/work/exec.go. The whole build ID is
//     in the key.
//   - That hash leaves out some things (its own source has a TODO about them), so the key adds: each argument,
//     the import configuration with the module information in it, the identity of the linker's file and of the C
//     compiler's, the dynamic linkers there are, and each environment variable the linker reads. See the file key.go.
//   - Only arguments known to have no other effect than the output file are accepted: see the file request.go.
//   - An executable that the C linker made is never stored, since it may hold static C libraries that no key covers
//     ("go help cache" has the same warning about the go command's own cache).
//   - A link that printed something is not stored: the go command reports and replays what tools print.
//   - Each entry carries its key, its size and a checksum. Whoever takes it reads it to its end and checks it.
//
// Where cohort's exec-test will run the binary, -o gets a stand-in for it: see the file standin.go.
//
// # Storage
//
// One file per entry, in one folder; see the file store.go. Every failure of the store (a damaged entry, a full or
// read-only disk) means a link as without the cache. Any number of processes may use one folder at once, without locks.
package linkcache
