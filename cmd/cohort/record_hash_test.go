package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gotestcohort/cohort/report/record"
)

// TestRecordedHashes: a record says by hashes of which source it is, and which history it began with.
func TestRecordedHashes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/m\n\ngo 1.26\n")
	write("a_test.go", "package m\n\nimport \"testing\"\n\nfunc TestA(*testing.T) {}\n")
	run := func() record.Manifest {
		t.Helper()
		cmd := exec.Command("cohort", "--record=run.cohort", "--history=past", "--", "-count=1", ".")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		r, err := record.Open(filepath.Join(dir, "run.cohort"))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		return r.Manifest
	}
	first, second := run(), run()
	if first.Source == "" || first.Source != second.Source {
		t.Errorf("source %q, then %q; want the same", first.Source, second.Source)
	}
	if first.History != "" || second.History == "" {
		t.Errorf("history %q, then %q; want none, then one", first.History, second.History)
	}
	if id := first.Packages[0].Binary; id == "" || id != second.Packages[0].Binary {
		t.Errorf("binary %q, then %q; want the same", id, second.Packages[0].Binary)
	}
	write("a_test.go", "package m\n\nimport \"testing\"\n\nfunc TestB(*testing.T) {}\n")
	if third := run(); third.Source == first.Source || third.Packages[0].Binary == first.Packages[0].Binary {
		t.Errorf("another source: %q and %q, as before", third.Source, third.Packages[0].Binary)
	}
}
