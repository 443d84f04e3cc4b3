// Package compile does not compile.
package compile

// Number is not one.
const Number int = "a string"
