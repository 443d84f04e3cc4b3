// Package goexit ends a test's goroutine without failing it, in its last test.
package goexit

import (
	"runtime"
	"testing"
)

func TestBeforeGoexit(t *testing.T) {}

func TestGoexit(t *testing.T) { runtime.Goexit() }
