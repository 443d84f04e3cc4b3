//go:build unix

package node

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/world"
)

// TestWorldsOfTwoLeaders: while the world of one leader is torn down, as a process needs that of another, a
// process that needs the first one waits until it can be built anew.
func TestWorldsOfTwoLeaders(t *testing.T) {
	t.Parallel()
	go1 := filepath.Join(t.TempDir(), "go")
	w := newWorlds(&AgentConfig{Root: t.TempDir(), Temp: t.TempDir(), Env: os.Environ(), Now: time.Now}, func() {})
	needs := func(id string) *Needs {
		return &Needs{Dir: ".", ID: id, Own: []int{0}, Setups: []world.Setup{{
			Name: "db", Run: world.Command{Shell: "true"}, TearDown: world.Command{Shell: "while [ ! -e " + go1 + " ]; do sleep 0.01; done"},
		}}}
	}
	enter := func(id string) {
		t.Helper()
		e, err := w.enter(t.Context(), 0, 1, needs(id))
		if err != nil {
			t.Fatal(err)
		}
		e.leave()
	}
	enter("a")
	for _, id := range []string{"b", "a"} {
		if _, wait, err := w.ask(0, 1, needs(id)); wait == nil || err != nil {
			t.Fatalf("%s does not wait: %v", id, err)
		}
	}
	if err := os.WriteFile(go1, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	enter("a")
	enter("b")
	w.acts.Wait()
}
