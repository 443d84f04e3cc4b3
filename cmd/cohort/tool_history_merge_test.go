package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// TestMergeOldRecord: a record that does not say what its run adds to the history is merged by its
// processes: those of the run, not those that explained failures or had not ended.
func TestMergeOldRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name, out := filepath.Join(dir, "old.cohort"), filepath.Join(dir, "h")
	w, err := record.Create(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, kind := range []string{"first", "attempt", "probe", "first"} {
		w.ProcessStarted(record.Process{Number: i, Package: "m/a", Kind: kind, Attempt: i % 2, Start: historyDay, Tests: []record.ProcessTest{{Name: "TestA"}}})
		w.TestStarted(i, "TestA", historyDay.Add(time.Second))
		if i < 3 {
			w.TestEnded(i, "TestA", []string{"fail", "pass", "fail"}[i], historyDay.Add(3*time.Second), 2*time.Second)
			w.ProcessEnded(record.ProcessEnd{Number: i, End: historyDay.Add(4 * time.Second)})
		}
	}
	m := record.Manifest{Run: "id", Seed: "7", Module: "m", Start: historyDay, Command: []string{"-short", "./..."}}
	if err := w.Close(m, nil, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 { // again changes nothing
		if code, stdout, stderr := historyTool(t, "", "merge", out, name); code != 0 || stdout != "" || stderr != "" {
			t.Fatalf("exit %d, %s%s", code, stdout, stderr)
		}
	}
	s, err := history.Read(out, "short")
	if err != nil {
		t.Fatal(err)
	}
	got := s.Outcomes("m/a", "TestA")
	if len(got) != 2 || got[0].Result != history.Fail || got[0].Seed != 7 || got[1].Result != history.Pass || got[1].Attempt != 1 {
		t.Errorf("outcomes %+v", got)
	}
	if d, ok := s.Estimate("m/a", "TestA"); !ok || d != 2*time.Second || s.Module() != "m" {
		t.Errorf("estimate %v %v, module %q", d, ok, s.Module())
	}
	if code, _, stderr := historyTool(t, "", "merge", name, out); code != 3 || !strings.Contains(stderr, "old.cohort is a record") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}
