package main

import (
	"os"
	"os/exec"
	"slices"
	"testing"
)

// TestTreeMemory has a child that waits for its standard input.
func TestTreeMemory(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	found, alone := children(os.Getpid()), treeMemory(cmd.Process.Pid)
	all := treeMemory(os.Getpid())
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if !slices.Contains(found, cmd.Process.Pid) {
		t.Errorf("children %v, want %d among them", found, cmd.Process.Pid)
	}
	if all <= alone || all == 0 {
		t.Errorf("%d bytes of all, %d of the child", all, alone)
	}
	if gone := treeMemory(cmd.Process.Pid); gone != 0 {
		t.Errorf("a process that has ended holds %d bytes", gone)
	}
}
