package progress

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// began is when the runs of these tests begin.
var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }

// base shortens a package path to its last element.
func base(pkg string) string { return pkg[strings.LastIndex(pkg, "/")+1:] }

// brief is a View in a line.
func brief(v View) string {
	s := fmt.Sprintf("%d/%d %d failed %d/%d pkgs", v.Done, v.Total, v.Failed, v.Packages, v.PackagesTotal)
	for _, r := range v.Running {
		s += fmt.Sprintf(" %s.%s@%v", base(r.Package), r.Test, r.Age)
		if r.Attempt > 0 {
			s += fmt.Sprintf("#%d", r.Attempt)
		}
	}
	return s
}

// Each step changes the state; after it the view at that time is what stands beside it.
func TestState(t *testing.T) {
	t.Parallel()
	s := NewState(Config{Began: began, Workers: 2, Slowest: 2, Slow: 3 * time.Second})
	for i, step := range []struct {
		at   float64
		do   func(now time.Time)
		want string
	}{
		{0, func(time.Time) {}, "0/0 0 failed 0/0 pkgs"},
		{0, func(time.Time) { s.PackageFound(Package{Path: "m/p", Tests: 3, Estimate: 10 * time.Second}) }, "0/3 0 failed 0/1 pkgs"},
		{1, func(now time.Time) { s.ProcessStarted(Process{Number: 1, Package: "m/p", Start: now}) }, "0/3 0 failed 0/1 pkgs p.@0s"},
		{2, func(time.Time) {}, "0/3 0 failed 0/1 pkgs p.@1s"},
		{2, func(now time.Time) { s.TestStarted(1, "TestA", now) }, "0/3 0 failed 0/1 pkgs p.TestA@0s"},
		{3, func(now time.Time) { s.TestStarted(1, "TestA/sub", now) }, "0/3 0 failed 0/1 pkgs p.TestA@1s"},
		{3, func(now time.Time) { s.TestStarted(1, "TestB", now) }, "0/3 0 failed 0/1 pkgs p.TestA@1s p.TestB@0s"},
		{4, func(time.Time) { s.TestPaused(1, "TestA") }, "0/3 0 failed 0/1 pkgs p.TestB@1s"},
		{5, func(time.Time) { s.TestResumed(1, "TestA") }, "0/3 0 failed 0/1 pkgs p.TestA@3s p.TestB@2s"},
		{5, func(now time.Time) { s.TestEnded(1, "TestA/sub", "fail", now, time.Second) }, "0/3 0 failed 0/1 pkgs p.TestA@3s p.TestB@2s"},
		{6, func(now time.Time) { s.TestEnded(1, "TestA", "fail", now, 4*time.Second) }, "1/3 1 failed 0/1 pkgs p.TestB@3s"},
		{6, func(time.Time) { s.TestEnded(9, "TestX", "fail", began, 0) }, "1/3 1 failed 0/1 pkgs p.TestB@3s"},
		{6, func(time.Time) { s.PackageFound(Package{Path: "m/q"}) }, "1/0 1 failed 0/2 pkgs p.TestB@3s"},
		{7, func(now time.Time) { s.PackageEnded("m/q", false, now) }, "1/3 2 failed 1/2 pkgs p.TestB@4s"},
		{7, func(now time.Time) { s.PackageEnded("m/q", false, now) }, "1/3 2 failed 1/2 pkgs p.TestB@4s"},
		{8, func(now time.Time) { s.ProcessEnded(ProcessEnd{Number: 1, End: now}) }, "2/3 3 failed 1/2 pkgs"},
		{9, func(now time.Time) {
			s.ProcessStarted(Process{Number: 2, Package: "m/p", Attempt: 1, Start: now, Tests: []string{"TestA"}})
		},
			"2/3 3 failed 1/2 pkgs p.@0s#1"},
		{9, func(now time.Time) { s.TestStarted(2, "TestA", now) }, "2/3 3 failed 1/2 pkgs p.TestA@0s#1"},
		{10, func(now time.Time) { s.TestEnded(2, "TestA", "pass", now, time.Second) }, "2/3 3 failed 1/2 pkgs p.@1s#1"},
		{10, func(now time.Time) { s.ProcessEnded(ProcessEnd{Number: 2, End: now}) }, "2/3 3 failed 1/2 pkgs"},
		{10, func(now time.Time) { s.PackageEnded("m/p", false, now) }, "2/3 3 failed 2/2 pkgs"},
		{11, func(now time.Time) {
			s.ProcessStarted(Process{Number: -1, Package: "m/p", Kind: FromEvents, Start: now})
		}, "2/3 3 failed 2/2 pkgs"},
	} {
		step.do(at(step.at))
		if got := brief(s.View(at(step.at))); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
	// TestB ended with its process, after five seconds.
	want := []TimedTest{{"m/p", "TestB", 5 * time.Second}, {"m/p", "TestA", 4 * time.Second}}
	if got := s.Slow(); !slices.Equal(got, want) {
		t.Errorf("slow: %v, want %v", got, want)
	}
	if got := s.Slowest(); !slices.Equal(got, want) {
		t.Errorf("slowest: %v, want %v", got, want)
	}
	if got := s.Spans(); len(got) != 2 || got[1].Name != "TestA" || got[1].End.Sub(got[1].Start) != time.Second {
		t.Errorf("spans: %+v", got)
	}
}

func TestTimeLeft(t *testing.T) {
	t.Parallel()
	s := NewState(Config{Began: began, Workers: 2})
	left := func(now float64, want time.Duration) {
		t.Helper()
		if got := s.View(at(now)).Left; got != want {
			t.Errorf("after %vs: %v, want %v", now, got, want)
		}
	}
	left(0, 0) // nothing is known
	s.PackageFound(Package{Path: "p", Tests: 2, Estimate: 20 * time.Second})
	left(0, 10*time.Second)
	s.SetWorkers(5) // machines have come
	left(0, 4*time.Second)
	s.SetWorkers(2) // and gone
	left(0, 10*time.Second)
	s.ProcessStarted(Process{Number: 1, Package: "p", Start: at(0)})
	s.TestStarted(1, "TestA", at(0))
	left(4, 8*time.Second)
	s.TestEnded(1, "TestA", "pass", at(4), 4*time.Second)
	left(4, 8*time.Second)
	s.PackageFound(Package{Path: "q", Tests: 1})
	left(4, 0) // of one package nothing is known
	s.PackageEnded("q", true, at(5))
	left(5, 8*time.Second)
	s.TestStarted(1, "TestB", at(5))
	left(60, 0) // longer than ever
}

func TestSlowest(t *testing.T) {
	t.Parallel()
	s := NewState(Config{Began: began, Slowest: 3})
	s.ProcessStarted(Process{Number: 1, Package: "p"})
	for _, d := range []int{4, 1, 9, 2, 9, 3} {
		s.TestEnded(1, fmt.Sprint("Test", d), "pass", began, time.Duration(d))
	}
	if got := fmt.Sprint(s.Slowest()); got != "[{p Test9 9ns} {p Test9 9ns} {p Test4 4ns}]" {
		t.Errorf("got %s", got)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	running := func(n int) []RunningTest {
		var list []RunningTest
		for i := range n {
			list = append(list, RunningTest{Package: "m/pkg", Test: fmt.Sprint("Test", i), Age: time.Duration(n-i) * time.Second})
		}
		return list
	}
	for _, test := range []struct {
		name          string
		view          View
		style         Style
		width, height int
		want          string
	}{
		{"off", View{Done: 1}, Off, 80, 24, ""},
		{"no room", View{Done: 1}, Bar, 4, 24, ""},
		{"no height", View{Done: 1}, Bar, 80, 0, ""},
		{"nothing known", View{Done: 3, Elapsed: 1500 * time.Millisecond}, Bar, 80, 24, "3 tests done, 1.5s"},
		{"half", View{Done: 5, Total: 10, Failed: 2, Elapsed: 75 * time.Second, Left: 80 * time.Second}, Bar, 80, 24,
			"[###########-----------]  5 of 10 tests, 2 failed, 1m15s, about 1m20s left"},
		{"all", View{Done: 10, Total: 10}, Bar, 80, 24, "[######################]  10 of 10 tests, 0.0s"},
		{"narrow", View{Done: 5, Total: 10, Elapsed: time.Second}, Bar, 30, 24, "[##---]  5 of 10 tests, 1.0s"},
		{"too narrow for a bar", View{Done: 5, Total: 10}, Bar, 18, 24, "5 of 10 tests, 0~"},
		{"nothing yet", View{}, Bar, 80, 24, "building, 0.0s"},
		{"one", View{Done: 1, Running: running(1)}, Bar, 80, 24, "1 test done, 0.0s\n  pkg.Test0 1.0s"},
		{"many", View{PackagesTotal: 1, Running: running(9)}, Bar, 80, 24, "0 tests done, 0.0s\n  pkg.Test0 9.0s\n  pkg.Test1 8.0s\n  pkg.Test2 7.0s\n" +
			"  pkg.Test3 6.0s\n  pkg.Test4 5.0s\n  pkg.Test5 4.0s\n  and 3 more"},
		{"low", View{PackagesTotal: 1, Running: running(9)}, Bar, 80, 4, "0 tests done, 0.0s\n  pkg.Test0 9.0s\n  pkg.Test1 8.0s\n  and 7 more"},
		{"very low", View{PackagesTotal: 1, Running: running(9)}, Bar, 80, 2, "0 tests done, 0.0s  pkg.Test0 9.0s and 8 more"},
		{"line", View{PackagesTotal: 1, Running: running(1)}, Line, 80, 24, "0 tests done, 0.0s  pkg.Test0 1.0s"},
		{"line, clipped", View{PackagesTotal: 1, Running: running(1)}, Line, 30, 24, "0 tests done, 0.0s  pkg.Test~"},
		{"hostile name", View{PackagesTotal: 1, Running: []RunningTest{{Package: "p", Test: "Test\x1b[2J\u202e\n\u009b"}}}, Line, 80, 24,
			"0 tests done, 0.0s  p.Test?[2J??? 0.0s"},
		{"wide", View{PackagesTotal: 1, Running: []RunningTest{{Package: "p", Test: strings.Repeat("试", 20)}}}, Line, 40, 24, "0 tests done, 0.0s  p.试试试试试试试试~"},
	} {
		lines := test.view.Lines(test.style, test.width, test.height, base)
		if got := strings.Join(lines, "\n"); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
		for _, line := range lines {
			if textWidth(line) >= test.width {
				t.Errorf("%s: %q is %d columns of %d", test.name, line, textWidth(line), test.width)
			}
		}
		if len(lines) > test.height {
			t.Errorf("%s: %d lines of %d", test.name, len(lines), test.height)
		}
	}
}

// TestSpans is that what bounds a run is told of the processes that a State has heard of.
func TestSpans(t *testing.T) {
	t.Parallel()
	s := NewState(Config{Began: began, Workers: 3})
	s.PackageFound(Package{Path: "m/e2e", TestMain: true})
	s.ProcessStarted(Process{Number: 1, Worker: 2, Package: "m/e2e", Tests: []string{"TestA", "TestB"}, Start: at(1), Locks: []string{"db"}, Serial: true})
	s.ProcessEnded(ProcessEnd{Number: 1, End: at(30), CPU: time.Second})
	want := Span{Worker: 2, Package: "m/e2e", Tests: 2, Start: at(1), End: at(30), CPU: time.Second, TestMain: true, Locks: []string{"db"}, Serial: true}
	if !reflect.DeepEqual(s.spans, []Span{want}) {
		t.Errorf("got %+v, want %+v", s.spans, want)
	}
}

func TestBound(t *testing.T) {
	t.Parallel()
	span := func(worker int, name string, from, to float64) Span {
		return Span{Worker: worker, Package: "m/e2e", Name: name, Start: at(from), End: at(to)}
	}
	busy := func(s Span, cpu float64) Span {
		s.CPU = at(cpu).Sub(at(0))
		return s
	}
	other := func(s Span) Span {
		s.Package = "m/other"
		return s
	}
	testMain := func(s Span, tests int) Span {
		s.Tests, s.TestMain = tests, true
		return s
	}
	locked := func(s Span, names ...string) Span {
		s.Locks = names
		return s
	}
	serial := func(s Span) Span {
		s.Serial = true
		return s
	}
	for _, test := range []struct {
		name    string
		spans   []Span
		end     float64
		workers int
		want    string
	}{
		{"nothing ran", nil, 60, 2, ""},
		{"short", []Span{span(0, "checkout", 0, 9)}, 9, 2, ""},
		{"one long group", []Span{span(0, "checkout", 18, 270), span(1, "", 18, 40)}, 270, 2,
			"longest: e2e checkout 4m12s of 4m30s: split it, or nothing gets faster"},
		{"one long process of many tests", []Span{span(0, "", 1, 30)}, 30, 2, "longest: e2e 29s of 30s in one process"},
		{"all busy", []Span{span(0, "a", 0, 10), span(0, "b", 10, 20), span(1, "c", 0, 9), span(1, "d", 9, 19)}, 20, 2,
			"bounded by workers: all 2 were busy for 97% of 20s: only more of them, or faster tests, help"},
		{"building", []Span{span(0, "a", 20, 22)}, 22, 2, "bounded by building: the first test process started after 20s of 22s"},
		{"waiting workers", []Span{busy(span(0, "a", 0, 10), 1), span(0, "b", 10, 20), span(1, "c", 0, 9), span(1, "d", 9, 19)}, 20, 2,
			"bounded by workers: all 2 were busy for 97% of 20s: the tests mostly wait, with -n 4 about 10s"},
		{"computing workers", []Span{busy(span(0, "a", 0, 10), 10), busy(span(0, "b", 10, 20), 9.8), span(1, "c", 0, 9), span(1, "d", 9, 19)}, 20, 2,
			"bounded by workers: all 2 were busy for 97% of 20s: only more of them, or faster tests, help"},
		{"TestMain", []Span{testMain(span(0, "", 1, 30), 40), other(span(1, "a", 1, 4))}, 30, 3,
			"longest: e2e 29s of 30s in one process, for its TestMain: with --testmain=per-worker about 13s"},
		{"TestMain, split already", []Span{testMain(span(0, "", 1, 30), 40), span(1, "", 1, 4)}, 30, 3, "longest: e2e 29s of 30s in one process"},
		{"TestMain with two tests", []Span{testMain(span(0, "", 0, 30), 2)}, 30, 3,
			"longest: e2e 30s of 30s in one process, for its TestMain: with --testmain=per-worker about 15s"},
		{"TestMain with one test", []Span{testMain(span(0, "TestA", 0, 30), 1)}, 30, 3, "longest: e2e TestA 30s of 30s: split it, or nothing gets faster"},
		{"TestMain and one worker", []Span{testMain(span(0, "", 0, 30), 40)}, 30, 1,
			"bounded by workers: all 1 were busy for 100% of 30s: only more of them, or faster tests, help"},
		{"a lock", []Span{locked(span(0, "a", 0, 7), "db"), span(1, "x", 0, 4), locked(span(1, "b", 7, 14), "db", "mail"), locked(span(0, "c", 14, 20), "db")}, 20, 3,
			"bounded by the lock db: 3 processes held it, one after the other, for 20s of 20s: without it about 10s"},
		{"a lock for two", []Span{locked(span(0, "a", 0, 9), "db"), locked(span(1, "b", 0, 10), "db"), locked(span(0, "c", 9, 19), "db"), locked(span(1, "d", 10, 20), "db")}, 20, 4,
			"bounded by the lock db: 4 processes held it, 2 at a time, for 19s of 20s: without it about 10s"},
		{"two locks", []Span{locked(span(0, "a", 1, 10), "db"), locked(span(1, "b", 1, 6), "mail"), locked(span(0, "c", 10, 20), "db"), locked(span(1, "d", 6, 13), "mail")}, 20, 4,
			"bounded by the lock db: 2 processes held it, one after the other, for 19s of 20s: without it about 13s"},
		{"a lock that hardly matters", []Span{locked(span(0, "a", 0, 5), "db"), locked(span(0, "b", 5, 10), "db"), span(1, "x", 0, 4)}, 20, 2, ""},
		{"a lock, and as slow without", []Span{locked(span(0, "a", 0, 1), "db"), locked(span(0, "b", 1, 13), "db"), span(1, "x", 0, 12)}, 20, 2, "longest: e2e b 12s of 20s: split it, or nothing gets faster"},
		{"serial tests", []Span{serial(span(0, "a", 0, 7)), serial(span(1, "b", 7, 14)), span(0, "c", 14, 16), span(1, "d", 14, 16)}, 16, 2,
			"bounded by serial tests: 2 processes with nothing beside them took 14s of 16s: if they need not be serial about 9.0s"},
		{"nothing in particular", []Span{span(0, "a", 0, 5), span(1, "b", 10, 15)}, 20, 2, ""},
	} {
		timeline := Timeline{Spans: test.spans, Began: began, Ended: at(test.end), Workers: test.workers, Name: base}
		if got := timeline.Bound(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
