//go:build unix

package gotest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// BenchmarkTurn starts a tool that does nothing through exec-tool, with a cohort that gives turns
// and without. What both sides need for the question is the difference of their processor times.
// To compile and link a small package takes three tools, and a hundred milliseconds.
func BenchmarkTurn(b *testing.B) {
	nothing, err := exec.LookPath("true")
	if err != nil {
		b.Skip(err)
	}
	tool := filepath.Join(b.TempDir(), "compile")
	if err := os.Symlink(nothing, tool); err != nil {
		b.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	l, err := Listen()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	for name, env := range map[string]string{"asked": l.Env(), "nobody to ask": "X=y"} {
		b.Run(name, func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				cmd := exec.Command(self, reentry.ExecToolCommand, tool, "-o", "x")
				cmd.Env = append(os.Environ(), env)
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// processorTime returns what this process and its children have used so far.
func processorTime(b *testing.B) time.Duration {
	sum := time.Duration(0)
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var used syscall.Rusage
		if err := syscall.Getrusage(who, &used); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	return sum
}
