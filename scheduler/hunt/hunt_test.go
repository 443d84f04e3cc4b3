package hunt_test

import (
	"context"
	"os"
	"path/filepath"
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
