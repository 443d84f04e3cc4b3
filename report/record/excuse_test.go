package record

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestExcused: what a run's verdict excuses is no failure in its reports, and what it does not is one.
func TestExcused(t *testing.T) {
	t.Parallel()
	file := write(t, nil, func(w *Writer) Manifest {
		s := w.Stream(Attempt{})
		for _, e := range []string{
			`"fail","Package":"a","Test":"TestBad/sub"`, `"fail","Package":"a","Test":"TestBad"`, `"pass","Package":"a","Test":"TestGood"`, `"fail","Package":"a"`,
			`"fail","Package":"b","Test":"TestBad"`, `"fail","Package":"b","Test":"TestWorse"`, `"fail","Package":"b"`,
			`"fail","Package":"c","Test":"TestBad"`, `"fail","Package":"c"`,
		} {
			fmt.Fprintf(s.Stdout(), "{\"Action\":%s}\n", e)
		}
		s.Close()
		excused := func(pkg string) Excused {
			return Excused{Outcome{Package: pkg, Name: "TestBad"}, []Known{{Package: pkg, Test: "TestBad", Until: "2999-01-31"}}}
		}
		return Manifest{Verdict: Verdict{Exit: 1, First: 1, Failed: []Outcome{{Package: "b", Name: "TestWorse"}}, Excused: []Excused{excused("a"), excused("b")}}}
	})
	run, err := Load(read(t, file))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, one := range run.Tests {
		got = append(got, fmt.Sprintf("%s.%s %s %s", one.Package, one.Name, one.Status(), one.Raw()))
	}
	for _, p := range run.Packages {
		got = append(got, fmt.Sprintf("%s %s", p.Path, p.Status))
	}
	want := []string{
		"a.TestBad/sub quarantined fail", "a.TestBad quarantined fail", "a.TestGood pass pass",
		"b.TestBad quarantined fail", "b.TestWorse fail fail", "c.TestBad fail fail",
		"a quarantined", "b fail", "c fail",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
