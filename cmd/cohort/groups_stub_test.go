package main_test

import "testing"

func (g *groups) testOutput(t *testing.T)    {}
func (g *groups) testReproduce(t *testing.T) {}
func (g *groups) testPlugins(t *testing.T)   {}
