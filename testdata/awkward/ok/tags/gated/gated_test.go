//go:build special

// Package gated has no file at all without the tag.
package gated

import "testing"

func TestGated(t *testing.T) {}
