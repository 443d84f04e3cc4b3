package worker

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestPartArguments: a process that runs a part of a test gets patterns of its own, in the place of
// the user's.
func TestPartArguments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		part grouping.Part
		want string
	}{
		{grouping.Part{Only: []string{"x"}}, "-test.run=^A$/^(x)(#[0-9]+)?$"},
		{grouping.Part{Except: []string{"x"}}, "-test.run=^A$ -test.skip=^A$/^(x)(#[0-9]+)?$"},
	} {
		a := &actor{words: "+A pA PASS", exit: testbin.Exit{}}
		j := jobOf("A")
		j.Binary.Args = gotest.ParseBinaryArgs([]string{"-test.run=A|B", "-test.skip=C"})
		j.Part = &tc.part
		a.run().Do(t.Context(), j)
		var got []string
		for _, arg := range a.specs[0].Args {
			if strings.HasPrefix(arg, "-test.run") || strings.HasPrefix(arg, "-test.skip") {
				got = append(got, arg)
			}
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%+v: %s, want %s", tc.part, got, tc.want)
		}
	}
}

// TestSubtestsAreTimed: of the tests that are asked for, the direct subtests are measured, each by
// itself and all together.
func TestSubtestsAreTimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &stopwatch{now: time.Now, starts: make(map[string]time.Time), subtests: func(test string) bool { return test == "A" }}
		event := func(kind testbin.Kind, test string) {
			time.Sleep(time.Second)
			w.event(testbin.Event{Kind: kind, Test: test})
		}
		for _, test := range []string{"A", "B"} {
			event(testbin.KindRun, test)
			event(testbin.KindRun, test+"/x")
			event(testbin.KindRun, test+"/x/deep")
			event(testbin.KindPass, test+"/x/deep")
			event(testbin.KindPass, test+"/x")
			event(testbin.KindRun, test+"/y")
			event(testbin.KindFail, test+"/y")
			event(testbin.KindFail, test)
		}
		want := fmt.Sprint([]Timed{
			{Test: "A/x", Result: testbin.KindPass, Elapsed: 3 * time.Second}, {Test: "A/y", Result: testbin.KindFail, Elapsed: time.Second},
		})
		if got := fmt.Sprint(w.subs); got != want {
			t.Errorf("subtests %s, want %s", got, want)
		}
		want = fmt.Sprint([]Timed{
			{Test: "A", Result: testbin.KindFail, Elapsed: 7 * time.Second, Inside: 4 * time.Second}, {Test: "B", Result: testbin.KindFail, Elapsed: 7 * time.Second},
		})
		if got := fmt.Sprint(w.ended); got != want {
			t.Errorf("tests %s, want %s", got, want)
		}
	})
}

// TestSpecTests: who runs a process elsewhere knows its tests, each as often as it runs, unless others
// may run too.
func TestSpecTests(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		a := &actor{words: "+A pA PASS", exit: testbin.Exit{}}
		j := jobOf("A", "B")
		j.Tests[1].Want, j.All = 2, all
		want := "A B B"
		if all {
			want = ""
		}
		a.run().Do(t.Context(), j)
		if got := strings.Join(a.specs[0].Tests, " "); got != want {
			t.Errorf("all %v: %q, want %q", all, got, want)
		}
	}
}
