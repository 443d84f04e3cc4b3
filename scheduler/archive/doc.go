// Package archive packs the test binaries of packages, with the files that their tests may open, into
// one file, and plays the part of the go command for what is in it: so that the tests run where there
// is neither Go nor their source.
//
// [Pack] lets the go command build the binaries and keeps each instead of running it, with the go
// command's own list of what to test. [Open] and [Archive.Extract] put the files where the tests find
// them. [Main] is a program that takes the place of the go command: it reads the arguments of go test
// and go list, and prints what the go command prints. Everything else of a run is as ever: it
// hears of each binary over the same socket and sees the same events.
//
// # The file
//
// A zip archive with manifest.json ([Manifest]), of which the entries are compressed by zstd (method
// 93):
//
//	src/PATH            a file of the source, below the folder that holds all of it
//	bin/N/NAME          the test binary of the package with that number
//	bin/N/_testmain.go  the go command's list of its tests
//	bin/N/profile       what the package adds to a coverage profile if it has no tests
//	cover/N             what the coverage of a package under -coverpkg needs
//	history             the history of past runs
//
// Folders and symbolic links are in the manifest alone. Nothing is written outside of the folder that
// an archive is extracted to, whatever its entries are called.
package archive
