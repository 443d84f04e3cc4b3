package testcompile

import "testing"

func TestDoesNotCompile(t *testing.T) { t.Log(undefined) }

func TestUnusedVariable(t *testing.T) { unused := 1 }
