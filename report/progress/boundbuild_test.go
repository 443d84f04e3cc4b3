package progress

import (
	"testing"
	"time"
)

// TestBoundByBuilds: a run is bounded by its builds if most of it passed with idle workers while
// something was built, and if it is shorter without.
func TestBoundByBuilds(t *testing.T) {
	t.Parallel()
	span := func(worker int, from, to float64) Span {
		return Span{Worker: worker, Package: "m/p", Start: at(from), End: at(to), Tests: 9}
	}
	build := func(from, to, compiling, linking float64) Build {
		return Build{Start: at(from), End: at(to), Compiling: at(compiling).Sub(at(0)), Linking: at(linking).Sub(at(0))}
	}
	const compilers = "bounded by building: the workers waited for compilers for 35s of 1m0s: what has not changed is not compiled again " +
		"if the go command's cache (go env GOCACHE) is kept between runs: then about 16s"
	for _, test := range []struct {
		name    string
		spans   []Span
		builds  []Build
		end     float64
		workers int
		want    string
	}{
		{"nothing is known of builds", []Span{span(0, 1, 11), span(1, 41, 56)}, nil, 60, 2, ""},
		{"compilers", []Span{span(0, 31, 41), span(1, 41, 56)}, []Build{build(1, 41, 70, 6)}, 60, 2, compilers},
		{"in two times", []Span{span(0, 31, 41), span(1, 41, 56)}, []Build{build(1, 20, 30, 3), build(20, 41, 40, 3)}, 60, 2, compilers},
		{"linkers", []Span{span(0, 31, 41), span(1, 41, 56)}, []Build{build(1, 41, 6, 70)}, 60, 2,
			"bounded by building: the workers waited for linkers for 35s of 1m0s: what has not changed is not linked again " +
				"if cohort's link cache (cohort tool cache) is kept between runs: then about 16s"},
		{"linkers, without the cache", []Span{span(0, 31, 41), span(1, 41, 56)}, []Build{{Start: at(1), End: at(41), Linking: time.Minute, Uncached: true}}, 60, 2,
			"bounded by building: the workers waited for linkers for 35s of 1m0s: the link cache is off, with which what has not changed is not linked again: then about 16s"},
		{"all workers busy meanwhile", []Span{span(0, 5, 36), span(1, 5, 35)}, []Build{build(1, 41, 70, 6)}, 60, 2, ""},
		{"one of many workers busy meanwhile", []Span{span(0, 5, 36)}, []Build{build(1, 41, 70, 6)}, 60, 48,
			"bounded by building: the workers waited for compilers for 39s of 1m0s: what has not changed is not compiled again " +
				"if the go command's cache (go env GOCACHE) is kept between runs: then about 32s"},
		{"as slow without", []Span{span(0, 1, 2), span(0, 5, 59.5)}, []Build{build(0, 58, 60, 60)}, 60, 3, "longest: p 54s of 1m0s in one process"},
		{"a long test matters more", []Span{{Worker: 0, Package: "m/p", Name: "TestA", Start: at(20), End: at(58), Tests: 1}}, []Build{build(0, 58, 60, 60)}, 60, 9,
			"longest: p TestA 38s of 1m0s: split it, or nothing gets faster"},
		{"short", []Span{span(0, 8, 9)}, []Build{build(0, 8, 8, 0)}, 9.5, 2, ""},
	} {
		timeline := Timeline{Spans: test.spans, Builds: test.builds, Began: began, Ended: at(test.end), Workers: test.workers, Name: base}
		if got := timeline.Bound(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestLiveBoundByBuilds: what was built is part of what is told.
func TestLiveBoundByBuilds(t *testing.T) {
	t.Parallel()
	l := NewLive(LiveConfig{Config: Config{Workers: 2}, Name: base}, NewScreen(nil, nil))
	now := time.Now()
	l.ProcessStarted(Process{Number: 1, Package: "p", Tests: []string{"TestA", "TestB"}, Start: now.Add(50 * time.Second)})
	l.ProcessEnded(ProcessEnd{Number: 1, End: now.Add(time.Minute)})
	got := l.Bound(now.Add(time.Minute), []Build{{Start: now, End: now.Add(50 * time.Second), Compiling: time.Minute}})
	if want := "bounded by building: the workers waited for compilers for 50s of 1m0s: "; len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("got %q, want %q...", got, want)
	}
}
