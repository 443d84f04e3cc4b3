// Package testcompile compiles, its test does not.
package testcompile
