// Package empty has a test file without a test.
package empty
