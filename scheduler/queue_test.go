package scheduler

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// TestChunks cuts tasks, each a name, with x and the -test.count that it needs; one in brackets is
// of several units.
func TestChunks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		tasks string
		limit int
		want  string
	}{
		{"", 10, ""},
		{"A", 10, "A"},
		{"A B C", 6, "A B C"},
		{"A B C", 4, "A B / C"},
		{"A B C", 1, "A / B / C"}, // a task is never cut
		{"Ax2 B", 100, "Ax2 / B"},
		{"A B Cx2 Dx2 Ex1 F", 100, "A B / Cx2 Dx2 / Ex1 / F"},
		{"Ax2 Bx1 Cx2", 100, "Ax2 / Bx1 / Cx2"},
		{"Ax2 Bx2 Cx2", 4, "Ax2 Bx2 / Cx2"},
		{"Long A B", 4, "Long / A B"},
		{"A Long B", 4, "A / Long / B"},
		{"[A] [B] [C]", 2, "[A] [B] [C]"}, // the planner gives each a process of its own
		{"[A]x1 [B]x2", 100, "[A]x1 / [B]x2"},
	} {
		var got []string
		for part := range chunks(readTasks(tc.tasks), tc.limit) {
			got = append(got, showTasks(part))
		}
		if got := strings.Join(got, " / "); got != tc.want {
			t.Errorf("%s, %d bytes: %s, want %s", tc.tasks, tc.limit, got, tc.want)
		}
	}
}

// TestChunksAtRandom: no task is lost, none is in two chunks, the order stays, all tasks of a chunk
// need the same count, and its names fit into one list.
func TestChunksAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 3))
		var words []string
		for i := range random.IntN(12) {
			word := strings.Repeat("T", 1+random.IntN(9)) + fmt.Sprint(i)
			if n := random.IntN(3); n > 0 {
				word += fmt.Sprint("x", n)
			}
			words = append(words, word)
		}
		tasks, limit := readTasks(strings.Join(words, " ")), 1+random.IntN(40)
		var parts [][]*ledger.Task
		var all []string
		for part := range chunks(tasks, limit) {
			parts = append(parts, part)
			all = append(all, showTasks(part))
			size := 0
			for _, task := range part {
				size += task.Size()
				if task.Count != part[0].Count {
					t.Errorf("seed %d: different counts in %s", seed, showTasks(part))
				}
			}
			if size > limit && len(part) > 1 {
				t.Errorf("seed %d: %d bytes, at most %d, in %s", seed, size, limit, showTasks(part))
			}
		}
		if got, want := strings.Join(all, " "), strings.Join(words, " "); got != want {
			t.Errorf("seed %d: %s, want %s", seed, got, want)
		}
		for i, part := range parts[min(1, len(parts)):] {
			before := parts[i]
			if part[0].Count == before[0].Count && sizeOf(before)+part[0].Size() <= limit {
				t.Errorf("seed %d: %s and %s could be one", seed, showTasks(before), showTasks(part))
			}
		}
		for range chunks(tasks, limit) {
			break // the rest is not asked for
		}
	}
}

func readTasks(words string) (tasks []*ledger.Task) {
	for word := range strings.FieldsSeq(words) {
		task := &ledger.Task{Known: true, Unit: &ledger.Unit{}}
		name, count, ok := strings.Cut(word, "x")
		if ok {
			_, _ = fmt.Sscan(count, &task.Count)
		}
		if strings.HasPrefix(name, "[") {
			task.Unit = nil
		}
		task.Tests = []ledger.Planned{{Name: strings.Trim(name, "[]"), Want: 1}}
		tasks = append(tasks, task)
	}
	return tasks
}

func showTasks(tasks []*ledger.Task) string {
	words := make([]string, len(tasks))
	for i, task := range tasks {
		words[i] = task.Tests[0].Name
		if task.Unit == nil {
			words[i] = "[" + words[i] + "]"
		}
		if task.Count > 0 {
			words[i] += fmt.Sprint("x", task.Count)
		}
	}
	return strings.Join(words, " ")
}

func sizeOf(tasks []*ledger.Task) int {
	size := 0
	for _, task := range tasks {
		size += task.Size()
	}
	return size
}

// TestBuildingIsAsked: while compilers keep the cores busy, the rest of a package whose first tests
// were quick is one process; if they do not, idle workers look for a slow test in it. A run of one
// package builds nothing meanwhile, whatever it is told.
func TestBuildingIsAsked(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	for i := range 60 {
		fmt.Fprintf(&source, "func TestL%d(t *testing.T) {}\n\n", i)
	}
	for name, tc := range map[string]struct {
		packages []string
		full     bool
		whole    bool
	}{
		"idle":        {[]string{"./..."}, false, false},
		"building":    {[]string{"./..."}, true, true},
		"one package": {[]string{"."}, true, false},
	} {
		b := newBench(t, &Config{Workers: 3, GoTest: &gotest.Args{Timeout: gotest.DefaultTimeout, Packages: tc.packages}})
		s := b.arrives(source.String(), false)
		b.building(!tc.full) // what was true before does not count
		b.building(tc.full)
		b.queue.add(s, s.account.Take())
		probe, _ := b.queue.next(0, 3)
		b.queue.ended(probe, 7*time.Millisecond)
		rest, _ := b.queue.next(7*time.Millisecond, 3)
		if whole := len(probe.Tests)+len(rest.Tests) == 60; whole != tc.whole {
			t.Errorf("%s: of 60 tests the first process has %d and the second %d", name, len(probe.Tests), len(rest.Tests))
		}
		b.core.stop()
		b.exit()
	}
}
