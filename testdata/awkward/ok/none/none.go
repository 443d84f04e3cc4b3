// Package none has no test files.
package none

// Nothing is all there is.
const Nothing = 0
