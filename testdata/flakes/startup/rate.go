// Package startup has tests that share what their TestMain sets up.
package startup

// Rate is the tax rate in percent; TestMain sets it.
var Rate int
