// Package sample has tests that print in every way that the testing package
// knows. Its captured streams are in ../../streams.
package sample
