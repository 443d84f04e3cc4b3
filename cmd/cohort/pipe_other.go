//go:build !linux

package main

import "io"

// growPipe reports that a pipe has the size that it has.
func growPipe(io.Reader, int) bool { return false }
