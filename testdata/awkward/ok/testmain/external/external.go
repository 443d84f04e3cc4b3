// Package external has its TestMain in the external test package.
package external

// Answer is set by the external TestMain before any test.
var Answer int
