// Package artifact keeps the files that failed tests leave under t.ArtifactDir.
//
// Each test process writes into a folder of its own. [Claims] follows what the process prints and
// decides which of its folders are those of tests that failed; a [Store] then moves their files
// below the user's folder, within a bound that all processes share. All else goes with the
// process's folder.
package artifact
