package load

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestAlone stands for a test that is too slow on a busy machine: with ADOPT_LOAD=1 it fails if
// any other test process of its run runs meanwhile, whatever that does. It sees them on Linux.
func TestAlone(t *testing.T) {
	if os.Getenv("ADOPT_LOAD") == "" {
		t.Skip("ADOPT_LOAD is not set")
	}
	for range 15 {
		if others := running(); others > 0 {
			t.Fatalf("too slow: %d other processes run", others)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// running is how many other processes have the run's identifier.
func running() int {
	mark := []byte("COHORT_RUN_ID=" + os.Getenv("COHORT_RUN_ID") + "\x00")
	list, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is right
	n := 0
	for _, path := range list {
		if path == filepath.Join("/proc", strconv.Itoa(os.Getpid()), "environ") {
			continue
		}
		data, err := os.ReadFile(path)
		if err == nil && bytes.Contains(data, mark) {
			n++ // a process that has ended meanwhile cannot be read
		}
	}
	return n
}
