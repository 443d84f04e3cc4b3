package hunt_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/hunt"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestStoppedHuntReports ends an endless hunt at its first failure, as Ctrl-C
// does, and wants what is known by then.
func TestStoppedHuntReports(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs("../../testdata/flakes")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	c := config(t, dir, "./broken")
	c.Runs = 0
	c.Progress = func(p hunt.Progress) {
		if p.New != "" {
			cancel(testbin.Signal{Signal: os.Interrupt})
		}
	}
	rep, err := hunt.Run(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if !rep.Stopped || len(rep.Findings) != 1 {
		t.Fatalf("stopped %v, %d findings", rep.Stopped, len(rep.Findings))
	}
	f := rep.Findings[0]
	if f.Kind != hunt.Unexplained || f.Unit != "TestTotal" || f.Rounds.Failures == 0 || f.Command == "" || f.Output == "" {
		t.Errorf("%+v", f)
	}
}

// TestStoppedWhileBuilding has nothing to report, and that is no error.
func TestStoppedWhileBuilding(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs("../../testdata/flakes")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	c := config(t, dir, "./broken")
	c.Progress = func(p hunt.Progress) {
		if p.Phase == hunt.Building {
			cancel(testbin.Signal{Signal: os.Interrupt})
		}
	}
	rep, err := hunt.Run(ctx, c)
	if err != nil || !rep.Stopped || len(rep.Findings) != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// TestUnknownPackage is told as the go command tells it.
func TestUnknownPackage(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs("../../testdata/flakes")
	if err != nil {
		t.Fatal(err)
	}
	rep, err := hunt.Run(t.Context(), config(t, dir, "./nosuch"))
	if err != nil || rep.BuildCode == 0 || rep.BuildOutput == "" || rep.Units != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// TestClash tells tests that share a port from one that fails when anything runs in parallel. A hunt finds by
// chance: of two, one does.
func TestClash(t *testing.T) {
	// Not parallel: other tests of this package would keep the machine busy.
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	wrong := huntClash(t)
	if len(wrong) > 0 {
		t.Logf("once more: %s", strings.Join(wrong, "\n"))
		wrong = huntClash(t)
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

// huntClash returns what a hunt in testdata/adopt gets wrong.
func huntClash(t *testing.T) (wrong []string) {
	t.Helper()
	dir, err := filepath.Abs("../../testdata/adopt")
	if err != nil {
		t.Fatal(err)
	}
	c := config(t, dir, "./port", "./load", "./clean")
	c.Env = append(c.Env, "ADOPT_PORT="+ownPort(), "ADOPT_DIR="+t.TempDir(), "ADOPT_LOAD=1")
	c.Runs, c.Workers = 10, 4
	rep, err := hunt.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]hunt.Finding)
	for _, f := range rep.Findings {
		got[f.Unit] = f
	}
	for victim, culprit := range map[string]string{"TestServe": "TestAdmin", "TestAdmin": "TestServe"} {
		f := got[victim]
		if f.Kind != hunt.Clash || len(f.Culprits) != 1 || f.Culprits[0].Test != culprit || f.Fix != "//cohort:lock serve" {
			wrong = append(wrong, fmt.Sprintf("%s: %+v", victim, f))
		}
	}
	if f := got["TestAlone"]; runtime.GOOS == "linux" && (f.Kind != hunt.LoadDependent || f.Fix != "//cohort:serial") {
		wrong = append(wrong, fmt.Sprintf("TestAlone: %+v", f))
	}
	for name := range got {
		if name != "TestServe" && name != "TestAdmin" && name != "TestAlone" {
			wrong = append(wrong, name+" is accused")
		}
	}
	return wrong
}
