package main_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/history"
)

// memoryModule is a module in which one of four tests fails, with what a run of it has
// left in the history and in the link cache.
type memoryModule struct {
	*differ
	dir, memory string
	want        map[string]map[string]string // results
}

func newMemoryModule(t *testing.T) *memoryModule {
	t.Helper()
	m := &memoryModule{differ: newDiffer(t).quick(t), dir: t.TempDir(), memory: t.TempDir()}
	if m.plain {
		t.Skip("only cohort promises this")
	}
	writeModule(t, m.dir, map[string]string{
		"p/p_test.go": fmt.Sprintf(twoTests, "p"),
		"f/f_test.go": "package f\n\nimport \"testing\"\n\nfunc TestGood(*testing.T) {}\n\nfunc TestBad(t *testing.T) { t.Fail() }\n",
	})
	m.want = m.results(t, m.memory, "")
	if m.want["p"]["TestA"] != pass || m.want["f"]["TestBad"] != fail {
		t.Fatalf("results: %v", m.want)
	}
	return m
}

// results runs cohort with what it remembers in a directory. On stderr it may say
// nothing but a warning about what warns names, "" for none.
func (m *memoryModule) results(t *testing.T, memory, warns string) map[string]map[string]string {
	t.Helper()
	events := filepath.Join(t.TempDir(), "json")
	env := []string{"COHORT_HISTORY=" + filepath.Join(memory, "history"), "COHORT_LINK_CACHE=" + filepath.Join(memory, "links")}
	r := m.faulty(t, m.dir, t.TempDir(), env, "--explain-failures=off", "--jsonfile="+events, "--", "-count=1", "./...")
	if r.exit != 1 {
		t.Errorf("exit code %d, want 1\n%s%s", r.exit, r.stdout, r.stderr)
	}
	// A run that takes long tells of failures when they happen, that it goes on, and what took long.
	long := regexp.MustCompile(`^(FAIL f\.TestBad \(|bounded by building: |longest: |still running: )`)
	for line := range strings.Lines(string(r.stderr)) {
		if long.MatchString(line) {
			continue
		}
		if warns == "" || !strings.HasPrefix(line, "WARN ") || !strings.Contains(line, warns) {
			t.Errorf("stderr: %s", line)
		}
	}
	file, err := os.Open(events)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() // it was only read
	return resultsOf(decode(t, r, file))
}

// check fails t unless a run with that memory, and one after it, end like the first. The
// second may not even warn.
func (m *memoryModule) check(t *testing.T, memory, warns string) {
	t.Helper()
	for _, warns := range []string{warns, ""} {
		got := m.results(t, memory, warns)
		for pkg, want := range m.want {
			if !maps.Equal(got[pkg], want) {
				t.Errorf("%s: %v, want %v", pkg, got[pkg], want)
			}
		}
	}
}

// files returns all files below the memory in dir.
func (m *memoryModule) files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) < 3 { // of the link cache alone: two entries, and what they use
		t.Fatalf("%q, %v", names, err)
	}
	return names
}

// TestFaultsOfDamage: what cohort remembers is damaged at random. It is not believed,
// and made anew.
func TestFaultsOfDamage(t *testing.T) {
	t.Parallel()
	m := newMemoryModule(t)
	seeds := []uint64{1, 2, 3, 4, 5, rand.Uint64()}
	if *soakSeed != 0 {
		seeds = []uint64{*soakSeed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("soak.seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			memory := filepath.Join(t.TempDir(), "memory")
			if err := os.CopyFS(memory, os.DirFS(m.memory)); err != nil {
				t.Fatal(err)
			}
			rnd := rand.New(rand.NewPCG(seed, 0))
			for _, name := range m.files(t, memory) {
				data, err := os.ReadFile(name)
				if err == nil {
					err = os.WriteFile(name, damage(rnd, data), 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			m.check(t, memory, "history")
		})
	}
}

// damage returns data with something wrong somewhere.
func damage(rnd *rand.Rand, data []byte) []byte {
	if len(data) == 0 {
		return []byte("x")
	}
	// Not the first line of a history alone: a bit of its version makes it a newer
	// cohort's, which is left alone. Nor all of a small file: it is another program's.
	at := min(20+rnd.IntN(len(data)), len(data)-1)
	end := at + 1 + rnd.IntN(min(len(data)-at, 4096))
	switch rnd.IntN(5) {
	case 0: // one bit
		data[at] ^= 1 << rnd.IntN(8)
	case 1: // a cut
		data = data[:at]
	case 2: // a hole
		clear(data[at:end])
	case 3: // rubbish
		for i := at; i < end; i++ {
			data[i] = byte(rnd.Uint32())
		}
	case 4: // a piece twice
		data = append(data[:end:end], data[at:]...)
	}
	return data
}

// TestFaultsOfClocks: the clock has gone back since cohort wrote what it remembers, or
// had never been set then.
func TestFaultsOfClocks(t *testing.T) {
	t.Parallel()
	m := newMemoryModule(t)
	for name, clock := range map[string]time.Time{"future": time.Now().AddDate(20, 0, 0), "1970": time.Unix(0, 0)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memory := t.TempDir()
			if err := os.CopyFS(filepath.Join(memory, "links"), os.DirFS(filepath.Join(m.memory, "links"))); err != nil {
				t.Fatal(err)
			}
			past := filepath.Join(memory, "history")
			writeHistory(t, past, clock)
			for _, file := range m.files(t, memory) {
				if err := os.Chtimes(file, clock, clock); err != nil {
					t.Fatal(err)
				}
			}
			m.check(t, memory, "")
			r := m.command(t, m.dir, []string{"COHORT_HISTORY=" + past}, m.subject, "tool", "history")
			if r.exit != 0 || !strings.Contains(string(r.stdout), "TestBad") {
				t.Errorf("tool history: exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
			}
			for _, file := range m.files(t, filepath.Join(memory, "links"))[:2] {
				if info, err := os.Stat(file); err != nil || info.ModTime().Equal(clock) {
					t.Errorf("%s was not used: %v", file, err)
				}
			}
		})
	}
}

// writeHistory makes a history of a run at that time.
func writeHistory(t *testing.T, name string, clock time.Time) {
	t.Helper()
	h, err := history.Open(name, "example.com/faults")
	if err != nil {
		t.Fatal(err)
	}
	record := h.NewRun(history.Run{ID: "then", Start: clock})
	for _, test := range []string{"TestGood", "TestBad"} {
		record.Add("example.com/faults/f", test, history.Outcome{Result: history.Pass, Elapsed: time.Second})
	}
	record.Startup("example.com/faults/f", -time.Hour)
	if err := h.Save(context.Background(), clock); err != nil {
		t.Fatal(err)
	}
}
