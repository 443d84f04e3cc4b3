//go:build !linux

package scheduler

import "os"

// newPipe returns a pipe.
func newPipe() (r, w *os.File, err error) { return os.Pipe() }
