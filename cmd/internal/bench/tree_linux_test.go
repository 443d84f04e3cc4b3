package main

import (
	"os"
	"os/exec"
	"slices"
	"testing"
)

func TestProportional(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"":         0,
		"Pss: 3\n": 0,
		"00400000-7ffc36c6f000 ---p 00000000 00:00 0    [rollup]\nRss:     884 kB\nPss:    385 kB\nPss_Dirty:  68 kB\n": 385 << 10,
	} {
		if got := proportional([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

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
