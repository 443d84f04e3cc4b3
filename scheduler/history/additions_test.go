package history

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// additionsDay is a fixed moment.
var additionsDay = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// recordRun records a run of some kind and returns what it adds.
func recordRun(h *History, n int) Additions {
	r := h.NewRun(Run{ID: fmt.Sprint("run", n), Start: additionsDay.Add(time.Duration(n) * time.Hour), Seed: int64(n), Shuffled: n%2 == 0, Variant: []string{"", "race"}[n%3%2]})
	result := []Result{Pass, Fail, Skip}[n%3]
	r.Startup("m/a", time.Duration(n)*time.Millisecond)
	r.Add("m/a", "TestA", Outcome{Result: result, Elapsed: time.Duration(n) * time.Second})
	r.Add("m/a", "TestA", Outcome{Attempt: 1, Result: Pass, Elapsed: time.Second})
	if n != 2 { // a run of a part
		r.Add("m/a", "TestB\twith a tab", Outcome{Result: Pass, Elapsed: time.Minute})
		r.Add("m/b", "TestC", Outcome{Result: Fail, Elapsed: -1})
		r.Owe("m/b", Debt{Bad: []string{"TestC"}, Failed: true})
	}
	r.Declared("m/a", []string{"TestD"})
	r.Owe("m/a", Debt{Good: []string{"TestA"}, Passed: n == 3})
	return r.Additions()
}

// TestAdd: what runs add, carried to another file in any order, makes of that the history that the
// runs themselves have made.
func TestAdd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	own, carried := filepath.Join(dir, "own"), filepath.Join(dir, "carried")
	var all Additions
	for n := range 4 {
		h, warning := Open(own, "m")
		if warning != nil {
			t.Fatal(warning)
		}
		added := recordRun(h, n)
		if err := h.Save(t.Context(), additionsDay); err != nil {
			t.Fatal(err)
		}
		text, err := added.Encode()
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseAdditions(text)
		if err != nil {
			t.Fatal(err)
		}
		all.Runs = slices.Insert(all.Runs, 0, read.Runs...) // the last one first
	}
	for range 2 { // the second time changes nothing
		if err := Add(t.Context(), carried, "m", all, additionsDay); err != nil {
			t.Fatal(err)
		}
		if got, want := fileText(t, carried), fileText(t, own); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func fileText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAddOlder: a run that is older than what the history knows changes neither the order of runs nor
// what later ones have shown; one of a part keeps the durations of what it did not run.
func TestAddOlder(t *testing.T) {
	t.Parallel()
	off, _ := Open("", "m")
	name := filepath.Join(t.TempDir(), "h")
	for _, n := range []int{3, 0, 2} {
		if err := Add(t.Context(), name, "m", recordRun(off, n), additionsDay); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Read(name, "")
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, o := range s.Outcomes("m/a", "TestA") {
		seen = append(seen, fmt.Sprint(o.Time.Sub(additionsDay).Round(time.Hour), " ", o.Attempt, " ", o.Result))
	}
	want := []string{"0s 0 pass", "0s 1 pass", "2h0m0s 0 skip", "2h0m0s 1 pass", "3h0m0s 0 pass", "3h0m0s 1 pass"}
	if !slices.Equal(seen, want) {
		t.Errorf("outcomes %q, want %q", seen, want)
	}
	if d, ok := s.Estimate("m/a", "TestB\twith a tab"); !ok || d != time.Minute {
		t.Errorf("estimate %v %v, want 1m", d, ok)
	}
	if s.Owes("m/a", "") || !s.Owes("m/b", "TestC") {
		t.Errorf("m/a owes %v, TestC %v", s.Owes("m/a", ""), s.Owes("m/b", "TestC"))
	}
}

func TestParseAdditionsErrors(t *testing.T) {
	t.Parallel()
	const pkg = `{"runs":[{"id":"x","start":"2026-01-02T03:04:05Z","packages":[%s]}]}`
	for text, want := range map[string]string{
		`{`: "additions to a history: unexpected end of JSON input",
		fmt.Sprintf(pkg, `{"path":"p"},{"path":"p"}`):                                                       `additions to a history: run "x": package "p" is there twice, or has no name`,
		fmt.Sprintf(pkg, `{"path":""}`):                                                                     `additions to a history: run "x": package "" is there twice, or has no name`,
		fmt.Sprintf(pkg, `{"path":"p","startup":[-1]}`):                                                     `additions to a history: run "x": package "p": a duration of -1 microseconds is out of range`,
		fmt.Sprintf(pkg, `{"path":"p","tests":[{"name":"T"},{"name":"T"}]}`):                                `additions to a history: run "x": "p" "T": it is there twice`,
		fmt.Sprintf(pkg, `{"path":"p","tests":[{"name":"T","outcomes":[{"result":"good"}]}]}`):              `additions to a history: run "x": "p" "T": outcome "good" of attempt 0`,
		fmt.Sprintf(pkg, `{"path":"p","tests":[{"name":"T","bad":[10000000000000]}]}`):                      `additions to a history: run "x": "p" "T": a duration of 10000000000000 microseconds is out of range`,
		fmt.Sprintf(pkg, `{"path":"p","tests":[{"name":"T","outcomes":[{"attempt":-1,"result":"pass"}]}]}`): `additions to a history: run "x": "p" "T": outcome "pass" of attempt -1`,
	} {
		if _, err := ParseAdditions([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// FuzzParseAdditions: what is read without an error makes a history that can be read.
func FuzzParseAdditions(f *testing.F) {
	off, _ := Open("", "m")
	text, err := recordRun(off, 1).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"runs":[{"id":"","start":"0000-01-01T00:00:00Z","packages":[{"path":"\n","debts":[{"bad":["x"]}]}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAdditions([]byte(text))
		if err != nil {
			return
		}
		st := &state{next: 1}
		for _, run := range a.Runs {
			d, err := run.delta()
			if err != nil {
				t.Fatal(err)
			}
			st.add(d)
		}
		st.expire(additionsDay)
		if _, err := decode(string(st.encode())); err != nil {
			t.Fatalf("%v: %s", err, st.encode())
		}
	})
}
