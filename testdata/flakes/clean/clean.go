// Package clean has nothing wrong with it.
package clean
