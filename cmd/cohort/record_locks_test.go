package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gotestcohort/cohort/report/record"
)

// TestRecordedLocks: a record says which locks a unit holds, and that one is serial; a report finds out
// from that what workers waited for.
func TestRecordedLocks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.26\n",
		"a_test.go": "package m\n\nimport \"testing\"\n\n//cohort:lock db\nfunc TestA(*testing.T) {}\n\n" +
			"//cohort:serial\nfunc TestB(*testing.T) {}\n\nfunc TestC(*testing.T) {}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("cohort", "--record=run.cohort", "--history=off", "--", "-count=1", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r, err := record.Open(filepath.Join(dir, "run.cohort"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // it was only read
	var got []string
	for _, u := range r.Manifest.Packages[0].Units {
		got = append(got, fmt.Sprint(u.Name, u.Locks, u.Serial))
	}
	slices.Sort(got)
	if want := []string{"TestA[db] false", "TestB[] true", "TestC[] false"}; !slices.Equal(got, want) {
		t.Errorf("units %q, want %q", got, want)
	}
	run, err := record.Load(r)
	if err != nil {
		t.Fatal(err)
	}
	waits := run.Waits()
	if len(waits) == 0 || waits[0].Kind != record.BuildWait || waits[0].Package != "example.com/m" || !waits[0].From.Equal(r.Manifest.Start) {
		t.Errorf("waits %+v, want one for the build first", waits)
	}
}
