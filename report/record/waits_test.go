package record

import (
	"fmt"
	"slices"
	"testing"
)

// TestWaits: what a worker waited for is told by what ended when it went on.
func TestWaits(t *testing.T) {
	t.Parallel()
	unit := func(name string, locks ...string) Unit { return Unit{Name: name, Locks: locks} }
	process := func(number, worker int, pkg, test string, from, to float64) Process {
		return Process{Number: number, Worker: worker, Package: "m/" + pkg, Start: at(from), End: at(to), Tests: []ProcessTest{{Name: test}}}
	}
	for _, tt := range []struct {
		name  string
		found map[string]float64 // of packages, in seconds
		units map[string][]Unit
		runs  []Process
		setup []Setup
		want  []string
	}{
		{"nothing", map[string]float64{"a": 0}, nil, []Process{process(0, 0, "a", "TestA", 0, 1), process(1, 0, "a", "TestB", 1.002, 2)}, nil, nil},
		{"a build", map[string]float64{"a": 0.5, "b": 3}, nil,
			[]Process{process(0, 0, "a", "TestA", 0.501, 1), process(1, 0, "b", "TestB", 3.001, 4), process(2, 1, "a", "TestC", 0.5, 4)}, nil,
			[]string{"0: 0 to 0.5 wait for the build of a", "1: 0 to 0.5 wait for the build of a", "0: 1 to 3 wait for the build of b"}},
		{"a lock", map[string]float64{"a": 0, "b": 0}, map[string][]Unit{"a": {unit("TestA", "db", "port"), unit("TestB")}, "b": {unit("TestC", "db")}},
			[]Process{process(0, 0, "a", "TestA", 0, 5), process(1, 1, "a", "TestB", 0, 2), process(2, 1, "b", "TestC", 5.001, 6)}, nil,
			[]string{"1: 2 to 5 wait for lock db of process 0"}},
		{"a lock, by another worker", map[string]float64{"a": 0, "b": 1}, map[string][]Unit{"a": {unit("TestA", "db")}, "b": {unit("TestC", "db"), {Name: "TestS", Serial: true}}},
			[]Process{process(0, 0, "a", "TestA", 0, 5), process(1, 1, "a", "TestB", 0, 0.5), process(2, 0, "b", "TestC", 5.01, 6), process(3, 0, "b", "TestS", 6.01, 7)}, nil,
			[]string{"1: 1 to 5 wait for lock db of process 0", "1: 5 to 6 wait for process 2: serial"}},
		{"a build, then a lock", map[string]float64{"a": 0, "b": 3}, map[string][]Unit{"a": {unit("TestA", "db")}, "b": {unit("TestC", "db")}},
			[]Process{process(0, 0, "a", "TestA", 0, 5), process(2, 1, "b", "TestC", 5, 6)}, nil,
			[]string{"1: 0 to 3 wait for the build of b", "1: 3 to 5 wait for lock db of process 0"}},
		{"a serial test", map[string]float64{"a": 0}, map[string][]Unit{"a": {{Name: "TestS", Serial: true}}},
			[]Process{process(0, 0, "a", "TestA", 0, 1), process(1, 1, "a", "TestB", 0, 3), process(2, 0, "a", "TestS", 3, 4), process(3, 1, "a", "TestC", 4, 5)}, nil,
			[]string{"0: 1 to 3 wait for process 1: serial", "1: 3 to 4 wait for process 2: serial"}},
		{"other locks", map[string]float64{"a": 0}, map[string][]Unit{"a": {unit("TestA", "db"), unit("TestC", "port")}},
			[]Process{process(0, 0, "a", "TestA", 0, 5), process(1, 1, "a", "TestC", 5, 6)}, nil, nil},
		{"a set-up is no wait", map[string]float64{"a": 0}, nil, []Process{process(0, 0, "a", "TestA", 2, 3)},
			[]Setup{{Name: "db", Worker: 0, Start: at(0), Elapsed: 2e9}}, nil},
		{"a rerun does not wait for a build", map[string]float64{"a": 3}, nil,
			[]Process{{Number: 0, Package: "m/a", Attempt: 1, Start: at(4), End: at(5)}}, nil, nil},
	} {
		run := &Run{Manifest: Manifest{Module: "m", Start: at(0), End: at(9), Verdict: Verdict{Setups: tt.setup}}, Processes: tt.runs}
		for _, pkg := range []string{"a", "b"} {
			if found, ok := tt.found[pkg]; ok {
				run.Manifest.Packages = append(run.Manifest.Packages, Package{Path: "m/" + pkg, Start: at(found), Units: tt.units[pkg]})
			}
		}
		var got []string
		for _, w := range run.Waits() {
			got = append(got, fmt.Sprintf("%d: %g to %g %s", w.Worker, w.From.Sub(at(0)).Seconds(), w.To.Sub(at(0)).Seconds(), w.Title(run.Manifest)))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		run.Manifest.Shard = &Shard{Count: 2}
		if got := run.Waits(); got != nil {
			t.Errorf("%s, merged: %v", tt.name, got)
		}
	}
}
