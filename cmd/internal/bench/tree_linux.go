package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// treeInterval is how often the memory of a process tree is read. Linkers, which need the most,
// live for a tenth of a second and longer.
const treeInterval = 50 * time.Millisecond

// treeWatch reads the memory of a process and its descendants from time to time.
type treeWatch struct {
	end  chan struct{}
	peak chan int64
}

// watchMemory begins to watch a process that has just been started. The caller must stop the watch.
func watchMemory(pid int) *treeWatch {
	w := &treeWatch{end: make(chan struct{}), peak: make(chan int64)}
	go func() { // ends with stop, which receives
		tick := time.NewTicker(treeInterval)
		defer tick.Stop()
		peak := int64(0)
		for {
			select {
			case <-w.end:
				w.peak <- peak
				return
			case <-tick.C:
				peak = max(peak, treeMemory(pid))
			}
		}
	}()
	return w
}

// stop ends the watch and returns the peak in bytes, 0 for a tree that was never seen.
func (w *treeWatch) stop() int64 {
	close(w.end)
	return <-w.peak
}

// treeMemory returns what a process and its descendants hold in memory: the sum of their
// proportional set sizes, in which a page that several of them share (of a program that runs
// several times, say) counts once. Processes may end meanwhile: what cannot be read counts 0.
func treeMemory(pid int) int64 {
	sum := int64(0)
	for todo := []int{pid}; len(todo) > 0; {
		pid := todo[len(todo)-1]
		todo = append(todo[:len(todo)-1], children(pid)...)
		rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err == nil {
			sum += proportional(rollup)
		}
	}
	return sum
}

// proportional returns the proportional set size that a smaps_rollup tells, in bytes.
func proportional(rollup []byte) int64 {
	_, rest, _ := bytes.Cut(rollup, []byte("\nPss:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) != 2 || string(fields[1]) != "kB" {
		return 0
	}
	kib, _ := strconv.ParseInt(string(fields[0]), 10, 64) // the kernel writes numbers
	return kib << 10
}

// children returns the processes that the threads of one have started.
func children(pid int) []int {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil // it has ended
	}
	var all []int
	for _, thread := range threads {
		list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, thread.Name()))
		if err != nil {
			continue
		}
		for _, field := range bytes.Fields(list) {
			if child, err := strconv.Atoi(string(field)); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}
