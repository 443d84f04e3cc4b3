package main_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"
)

// soakFlood is what TestSoakFlood has one test print: 1024 is a gigabyte.
var soakFlood = flag.Int("soak.flood", 0, "MiB that one test of TestSoakFlood prints, 0 for none: it takes four times as much memory")

const floodTests = `package flood

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestBefore(*testing.T) {}

func TestFlood(t *testing.T) {
	left, err := strconv.Atoi(os.Getenv("FAULTS_FLOOD"))
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(os.Stdout)
	for line := strings.Repeat("flood ", 20) + "\n"; left > 0; left -= len(line) {
		if _, err := out.WriteString(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestAfter(*testing.T) {}
`

// TestSoakFlood has one test print more than fits anywhere. Output of a test that runs
// is kept until it is known whether it fails, by go test (for its cache) as by cohort:
// what is checked is that cohort's process needs no more than go test's.
func TestSoakFlood(t *testing.T) {
	t.Parallel()
	if *soakFlood == 0 {
		t.Skip("-soak.flood is not given")
	}
	d := newDiffer(t).quick(t)
	dir := t.TempDir()
	writeModule(t, dir, map[string]string{"flood/flood_test.go": floodTests})
	env := []string{"FAULTS_FLOOD=" + strconv.Itoa(*soakFlood<<20), "GOGC="}
	peakOf := func(args ...string) (peak int, stdout *tail) {
		t.Helper()
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, slices.Concat(d.env, env)
		stdout = new(tail)
		cmd.Stdout, cmd.Stderr = stdout, os.Stderr
		began := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }() // ends with the process
		for {
			select {
			case err := <-ended:
				t.Logf("%s: %v, %.1f s, at most %d MiB of memory", args[0], err, time.Since(began).Seconds(), peak>>10)
				if err != nil {
					t.Errorf("%s", stdout.last)
				}
				return peak, stdout
			case <-time.After(20 * time.Millisecond):
				status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)) // it may have ended
				if _, after, ok := bytes.Cut(status, []byte("VmHWM:")); ok {
					_, _ = fmt.Sscan(string(after), &peak)
				}
			}
		}
	}
	most, _ := peakOf("go", "test", "-json", "-count=1", "./flood")
	peak, stdout := peakOf(d.subject, "--no-color", "--format=standard-verbose", "--", "-count=1", "./flood")
	if peak > most {
		t.Errorf("%d KiB of memory, go test %d", peak, most)
	}
	if stdout.bytes < *soakFlood<<20 || !bytes.Contains(stdout.last, []byte("DONE 3 tests")) {
		t.Errorf("%d bytes, the last are\n%s", stdout.bytes, stdout.last)
	}
}

// tail counts what is written to it and keeps the end.
type tail struct {
	bytes int
	last  []byte
}

func (w *tail) Write(p []byte) (int, error) {
	w.bytes += len(p)
	w.last = append(w.last, p...)
	w.last = slices.Clone(w.last[max(0, len(w.last)-1000):])
	return len(p), nil
}
