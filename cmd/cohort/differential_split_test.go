package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// testSplit compares results of the awkward module when every test of it may be split, and the
// history says of each subtest that it takes long: whatever can be split is.
func (d *differ) testSplit(t *testing.T) {
	if d.plain {
		t.Skip("the program knows no directives")
	}
	dir := splitCopy(t, d.awkward)
	for _, test := range []struct {
		packages string
		longer   []string // what a death keeps from running in go test, other parts run
		outputs  bool     // compare also what each test prints
		except   []string // as in a comparison without --shuffle
		least    int      // how many processes run a part
	}{
		{"./ok/...", nil, true, []string{"example.com/awkward/ok/parallel"}, 10},
		{"./bad/...", []string{"example.com/awkward/bad/panicmid", "example.com/awkward/bad/panics"}, false, nil, 6},
	} {
		t.Run(test.packages, func(t *testing.T) {
			t.Parallel()
			from := dir
			if !test.outputs {
				from = d.awkward // the results are the same, and others compare with them too
			}
			want := d.reference(t, from, "-count=1", test.packages)
			files := t.TempDir()
			memory, recorded := filepath.Join(files, "history"), filepath.Join(files, "record")
			rememberLong(t, memory, want.events)
			got := d.test(t, dir, []string{"COHORT_HISTORY=" + memory, "COHORT_FLAGS=--record=" + recorded},
				variant{workers: 4, shuffle: "off"}, "-count=1", test.packages)
			differences := compareVerdicts(verdicts(want.events), verdicts(got.events), test.longer)
			if test.outputs {
				differences = append(differences, compareOutputs(outputs(want.events), outputs(got.events), test.except)...)
			}
			if parts := partsIn(t, recorded); parts < test.least {
				differences = append(differences, "few parts")
				t.Errorf("%d processes ran a part of a test, want %d at least", parts, test.least)
			}
			report(t, want, got, differences)
		})
	}
}

// splitCopy copies a module, and lets each test of it be split.
func splitCopy(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		clause := bytes.Index(src, []byte("\npackage ")) + 1
		return os.WriteFile(path, slices.Concat(src[:clause], []byte("//cohort:split\n\n"), src[clause:]), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// rememberLong writes a history in which each subtest of a stream has taken a minute.
func rememberLong(t *testing.T, file string, events []event) {
	t.Helper()
	h, err := history.Open(file, "example.com/awkward")
	if err != nil {
		t.Fatal(err)
	}
	r := h.NewRun(history.Run{ID: "past", Start: time.Now()})
	for _, e := range events {
		if e.Action == "run" && strings.Count(e.Test, "/") == 1 {
			r.Add(e.Package, e.Test, history.Outcome{Result: history.Pass, Elapsed: time.Minute})
		}
	}
	if err := h.Save(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// partsIn counts the processes of a record that ran a part of a test.
func partsIn(t *testing.T, file string) int {
	t.Helper()
	r, err := record.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // it was only read
	parts := 0
	for p, err := range r.Processes() {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(p.Command, "$/^(") {
			parts++
		}
	}
	return parts
}
