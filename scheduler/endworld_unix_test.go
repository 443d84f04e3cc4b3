//go:build unix

package scheduler

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/world"
)

// TestGuard: a mistake in cohort itself does not leave the world standing, and is still a panic.
func TestGuard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	say := func(what string) world.Command { return world.Command{Shell: "echo " + what + " >>log"} }
	c := &Config{World: &World{
		Dir: dir, Run: []world.Setup{{Name: "a", Run: say("up"), TearDown: say("down")}, {Name: "b", Run: say("up"), TearDown: say("down")}},
	}}
	r := &Run{cfg: c, kill: make(chan struct{}), gocmd: &goCommand{}}
	r.gocmd.ended.Store(true)
	r.ctx, r.stop = context.WithCancelCause(t.Context())
	r.world = newStage(c, t.TempDir(), r.kill, time.Now)
	defer r.world.Close()
	if out := r.runCommand(world.Action{Part: world.Part{Worker: world.Everyone}}); !out.ok {
		t.Fatal("the set-up failed")
	}
	func() {
		defer func() {
			if p := recover(); p != "a mistake" {
				t.Errorf("recovered %v", p)
			}
		}()
		r.guard(func() { panic("a mistake") })
	}()
	if r.ctx.Err() == nil {
		t.Error("the tests go on")
	}
	log, err := os.ReadFile(filepath.Join(dir, "log"))
	if got := strings.Join(strings.Fields(string(log)), " "); err != nil || got != "up down" {
		t.Errorf("%q, %v", got, err)
	}
}
