package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// day is a fixed moment, so that no test depends on the clock.
var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func mustOpen(t testing.TB, path string) *History {
	t.Helper()
	h, err := Open(path, "example.org/m")
	if err != nil {
		t.Fatalf("Open: unexpected warning: %v", err)
	}
	return h
}

func mustSave(t testing.TB, h *History, now time.Time) {
	t.Helper()
	if err := h.Save(context.Background(), now); err != nil {
		t.Fatalf("Save: %v", err)
	}
}

// record saves one run of one test.
func record(t testing.TB, path, id, pkg, test string, o Outcome) {
	t.Helper()
	h := mustOpen(t, path)
	h.NewRun(Run{ID: id, Start: day}).Add(pkg, test, o)
	mustSave(t, h, day)
}

func TestSaveAndOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "er", "history")
	h := mustOpen(t, path)
	r := h.NewRun(Run{ID: "run1", Start: day, Seed: -7, Shuffled: true, Variant: "race"})
	r.Startup("m/a", 3*time.Millisecond)
	r.Declared("m/a", []string{"TestX", "TestNever"})
	r.Add("m/a", "TestX", Outcome{Result: Fail, Elapsed: time.Second})
	r.Add("m/a", "TestX", Outcome{Attempt: 1, Result: Pass, Elapsed: 2 * time.Second})
	r.Add("m/\t\n\\", "Test\x00\xff", Outcome{Result: Skip})
	mustSave(t, h, day)

	for _, s := range []*Snapshot{h.Snapshot("race"), mustOpen(t, path).Snapshot("race")} {
		if d, ok := s.Estimate("m/a", "TestX"); !ok || d != 2*time.Second {
			t.Errorf("Estimate = %v, %v, want the passing attempt's 2s", d, ok)
		}
		if d, ok := s.Startup("m/a"); !ok || d != 3*time.Millisecond {
			t.Errorf("Startup = %v, %v", d, ok)
		}
		if n, ok := s.Tests("m/a"); !ok || n != 2 {
			t.Errorf("Tests = %v, %v", n, ok)
		}
		if seed, ok := s.LastSeed(); !ok || seed != -7 {
			t.Errorf("LastSeed = %v, %v", seed, ok)
		}
		want := []PastOutcome{{0, Fail, day, -7, true}, {1, Pass, day, -7, true}}
		if got := s.Outcomes("m/a", "TestX"); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("Outcomes = %v, want %v", got, want)
		}
		if got := s.Outcomes("m/\t\n\\", "Test\x00\xff"); len(got) != 1 || got[0].Result != Skip {
			t.Errorf("outcomes under a name of control bytes = %v", got)
		}
		if _, ok := s.Estimate("m/a", "TestNever"); ok {
			t.Error("a test that never ran has an estimate")
		}
		if _, ok := s.Estimate("m/zzz", "TestX"); ok {
			t.Error("an unknown package has an estimate")
		}
	}
}

func TestSnapshotNeverChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "h")
	record(t, path, "1", "p", "T", Outcome{Result: Pass, Elapsed: time.Second})
	h := mustOpen(t, path)
	before := h.Snapshot("")
	h.NewRun(Run{ID: "2", Start: day}).Add("p", "T", Outcome{Result: Fail})
	mustSave(t, h, day)
	if got := len(before.Outcomes("p", "T")); got != 1 {
		t.Errorf("the old snapshot has %d outcomes, want 1", got)
	}
	if got := len(h.Snapshot("").Outcomes("p", "T")); got != 2 {
		t.Errorf("a new snapshot has %d outcomes, want 2", got)
	}
}

func TestVariantsAreSeparateButBetterThanNothing(t *testing.T) {
	t.Parallel()
	h := mustOpen(t, filepath.Join(t.TempDir(), "h"))
	h.NewRun(Run{ID: "1", Start: day}).Add("p", "T", Outcome{Result: Pass, Elapsed: time.Second})
	h.NewRun(Run{ID: "2", Start: day, Variant: "race"}).Add("p", "T", Outcome{Result: Pass, Elapsed: 9 * time.Second})
	mustSave(t, h, day)
	for variant, want := range map[string]time.Duration{"": time.Second, "race": 9 * time.Second, "cover": time.Second} {
		if got, ok := h.Snapshot(variant).Estimate("p", "T"); !ok || got != want {
			t.Errorf("variant %q: %v, %v, want %v", variant, got, ok, want)
		}
	}
}

// TestEstimateFollowsAndForgives holds the two properties that the estimator was chosen for, and shows that the usual
// weighted mean lacks one of them.
func TestEstimateFollowsAndForgives(t *testing.T) {
	t.Parallel()
	estimate := func(durations ...int64) time.Duration {
		return addSamples(nil, "", 0, durations)[0].median()
	}
	ms := func(n int64) int64 { return n * 1000 }
	if got := estimate(ms(100), ms(101), ms(99), ms(1000), ms(900)); got > 110*time.Millisecond {
		t.Errorf("two outliers in a row move the estimate to %v", got)
	}
	if got := estimate(ms(100), ms(100), ms(100), ms(400), ms(401), ms(399)); got < 390*time.Millisecond {
		t.Errorf("after three runs that take 400ms the estimate is %v", got)
	}
	mean := 100.0
	for _, d := range []float64{1000, 900} {
		mean += 0.3 * (d - mean)
	}
	if mean < 300 {
		t.Errorf("a weighted mean of 0.3 would do as well (%v): choose it, it is simpler", mean)
	}
}

func TestFailedDurationIsOnlyAFallback(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "h")
	record(t, path, "1", "p", "T", Outcome{Result: Fail, Elapsed: time.Hour})
	if d, ok := mustOpen(t, path).Snapshot("").Estimate("p", "T"); !ok || d != time.Hour {
		t.Errorf("only a failure is known: %v, %v", d, ok)
	}
	for i := range 3 {
		record(t, path, fmt.Sprint("pass", i), "p", "T", Outcome{Result: Pass, Elapsed: time.Second})
	}
	record(t, path, "5", "p", "T", Outcome{Result: Fail, Elapsed: time.Hour})
	if d, _ := mustOpen(t, path).Snapshot("").Estimate("p", "T"); d != time.Second {
		t.Errorf("after three passes and a failure: %v", d)
	}
}

func TestOpenWarnsOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	record(t, good, "1", "p", "T", Outcome{Result: Pass})
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, content string
		warning       string // "" is none
		replaced      bool
	}{
		{"good", string(text), "", true},
		{"empty", "", "damaged", true},
		{"cut in header", "cohort his", "damaged", true},
		{"cut", string(text[:len(text)-3]), "damaged", true},
		{"zeros", strings.Repeat("\x00", 4096), "damaged", true},
		{"header damaged", "X" + string(text[1:]), "damaged", true},
		{"appended to", string(text) + "p\tx\n", "damaged", true},
		{"newer", "cohort history 99\nwhatever\n", "newer version", false},
		{"foreign", "#!/bin/sh\nrm -rf build\n", "not a history file", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "h")
			if err := os.WriteFile(path, []byte(c.content), 0o666); err != nil {
				t.Fatal(err)
			}
			h, warning := Open(path, "m")
			if (warning == nil) != (c.warning == "") || warning != nil && !strings.Contains(warning.Error(), c.warning) {
				t.Errorf("warning = %v, want %q", warning, c.warning)
			}
			if warning != nil && !strings.Contains(warning.Error(), path) {
				t.Errorf("warning %v does not name the file", warning)
			}
			h.NewRun(Run{ID: "2", Start: day}).Add("p", "T2", Outcome{Result: Pass})
			if err := h.Save(context.Background(), day); err != nil {
				t.Errorf("Save: %v", err)
			}
			now, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if replaced := string(now) != c.content; replaced != c.replaced {
				t.Errorf("replaced = %v, want %v", replaced, c.replaced)
			}
			if c.replaced && len(mustOpen(t, path).Snapshot("").Outcomes("p", "T2")) != 1 {
				t.Error("the run was not saved")
			}
		})
	}
}

// TestNewerFileAppearsDuringTheRun is an upgrade of cohort while an old one runs.
func TestNewerFileAppearsDuringTheRun(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "h")
	h := mustOpen(t, path)
	h.NewRun(Run{ID: "1", Start: day}).Add("p", "T", Outcome{Result: Pass})
	const newer = "cohort history 9\nx\n"
	if err := os.WriteFile(path, []byte(newer), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := h.Save(context.Background(), day); !errors.Is(err, errNewer) {
		t.Errorf("Save = %v, want errNewer", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != newer {
		t.Errorf("the newer file was changed: %q, %v", text, err)
	}
}

func TestNotRegularFile(t *testing.T) {
	t.Parallel()
	h, warning := Open(t.TempDir(), "m")
	if warning == nil {
		t.Error("a directory as history: no warning")
	}
	h.NewRun(Run{ID: "1", Start: day}).Add("p", "T", Outcome{Result: Pass})
	if err := h.Save(context.Background(), day); err != nil {
		t.Errorf("Save: %v", err)
	}
}

// TestUnwritableFolder uses a file as the folder: permissions would not stop root.
func TestUnwritableFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	h, _ := Open(filepath.Join(file, "h"), "m")
	r := h.NewRun(Run{ID: "1", Start: day})
	r.Add("p", "T", Outcome{Result: Pass})
	if err := h.Save(context.Background(), day); err == nil || !strings.Contains(err.Error(), "save history "+file) {
		t.Fatalf("Save = %v, want an error that names the file", err)
	}
	// What could not be saved is not lost for the next try, and newer results come after it.
	r.Add("p", "T", Outcome{Attempt: 1, Result: Fail})
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	mustSave(t, h, day)
	got := h.Snapshot("").Outcomes("p", "T")
	if len(got) != 2 || got[0].Result != Pass || got[1].Result != Fail {
		t.Errorf("outcomes = %v", got)
	}
}

func TestOffSavesNothing(t *testing.T) {
	t.Parallel()
	h := mustOpen(t, "")
	h.NewRun(Run{ID: "1", Start: day}).Add("p", "T", Outcome{Result: Pass})
	mustSave(t, h, day)
}

func TestSaveGivesUpOnTheLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "h")
	synctest.Test(t, func(t *testing.T) { // it ends when all that was started has ended
		unlock, err := lock(context.Background(), path+".lock")
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
		h := mustOpen(t, path)
		h.NewRun(Run{ID: "1", Start: day}).Add("p", "T", Outcome{Result: Pass})
		ctx, cancel := context.WithCancel(context.Background())
		go cancel()
		if err := h.Save(ctx, day); !errors.Is(err, context.Canceled) {
			t.Errorf("Save = %v, want context.Canceled", err)
		}
	})
}

// TestSaveBeginsNothingTooLate: a Save that comes when its time is over leaves nothing behind, not even later.
func TestSaveBeginsNothingTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "h")
		h := mustOpen(t, path)
		h.NewRun(Run{ID: "1", Start: day}).Add("p", "T", Outcome{Result: Pass})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := h.Save(ctx, day); !errors.Is(err, context.Canceled) {
			t.Errorf("Save = %v, want context.Canceled", err)
		}
		synctest.Wait()
		if _, err := os.Lstat(path + ".lock"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the lock file: %v, want none", err)
		}
	})
}

// TestLateLockIsUndone: who waits for the lock gives up when its time is over, and keeps no lock that it gets later.
func TestLateLockIsUndone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		free, did := make(chan struct{}), ""
		_, err := await(ctx, "h.lock", func() (func(), error) {
			<-free
			did += "locked "
			return func() { did += "unlocked" }, nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "h.lock") {
			t.Errorf("await = %v, want context.DeadlineExceeded and the file", err)
		}
		close(free)
		synctest.Wait()
		if did != "locked unlocked" {
			t.Errorf("the late lock: %q, want locked unlocked", did)
		}
	})
}

func TestConcurrentSavesLoseNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "h")
	const writers, rounds = 8, 5
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range rounds {
				h, err := Open(path, "m")
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
				r := h.NewRun(Run{ID: fmt.Sprintf("%d-%d", w, i), Start: day})
				r.Add("shared", "T", Outcome{Result: Pass})
				r.Add(fmt.Sprint("own", w), fmt.Sprint("T", i), Outcome{Result: Pass})
				if err := h.Save(context.Background(), day); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	group.Wait()
	s := mustOpen(t, path).Snapshot("")
	if got := len(s.Outcomes("shared", "T")); got != min(writers*rounds, maxOutcomes) {
		t.Errorf("%d outcomes of the shared test", got)
	}
	if s.state.next != writers*rounds+1 {
		t.Errorf("%d runs were numbered, want %d", s.state.next-1, writers*rounds)
	}
	for w := range writers {
		if n, _ := s.Tests(fmt.Sprint("own", w)); n != rounds {
			t.Errorf("writer %d: %d tests, want %d", w, n, rounds)
		}
	}
}

// TestTwoSavesAreOneRun is what cohort does if it saves before reruns and after.
func TestTwoSavesAreOneRun(t *testing.T) {
	t.Parallel()
	h := mustOpen(t, filepath.Join(t.TempDir(), "h"))
	r := h.NewRun(Run{ID: "1", Start: day})
	r.Add("p", "T", Outcome{Result: Fail})
	mustSave(t, h, day)
	r.Add("p", "T", Outcome{Attempt: 1, Result: Pass})
	mustSave(t, h, day)
	mustSave(t, h, day)
	st := h.Snapshot("").state
	if len(st.runs) != 1 || st.pkgs[0].runs != 1 {
		t.Errorf("runs = %v, the package has %d", st.runs, st.pkgs[0].runs)
	}
	if got := len(h.Snapshot("").Outcomes("p", "T")); got != 2 {
		t.Errorf("%d outcomes, want 2", got)
	}
}

func TestClockGoingBackwards(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "h")
	now := day
	for i := range 300 {
		h := mustOpen(t, path)
		result := Pass
		if i == 299 {
			result = Fail
		}
		h.NewRun(Run{ID: fmt.Sprint(i), Start: now, Seed: int64(i), Shuffled: true}).Add("p", "T", Outcome{Result: result, Elapsed: time.Second})
		if i == 0 {
			h.NewRun(Run{ID: "other", Start: now}).Add("other", "T", Outcome{Result: Pass})
		}
		mustSave(t, h, now)
		now = now.Add(-24 * time.Hour)
	}
	s := mustOpen(t, path).Snapshot("")
	past := s.Outcomes("p", "T")
	if len(past) != maxOutcomes || past[len(past)-1].Result != Fail {
		t.Errorf("the latest outcome is not the last: %v", past)
	}
	if seed, _ := s.LastSeed(); seed != 299 {
		t.Errorf("LastSeed = %d, want 299", seed)
	}
	if _, ok := s.Tests("other"); !ok {
		t.Error("a package was forgotten because the clock went backwards")
	}
}

func TestOpenKeepsLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	record(t, real, "1", "p", "T", Outcome{Result: Pass})
	if err := os.Symlink(real, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	record(t, link, "2", "p", "T", Outcome{Result: Pass})
	if got := len(mustOpen(t, real).Snapshot("").Outcomes("p", "T")); got != 2 {
		t.Errorf("%d outcomes in the file behind the link, want 2", got)
	}
}

func TestLocation(t *testing.T) {
	t.Parallel()
	cache := filepath.Join("c", "x")
	dir := filepath.Join(cache, "cohort", "history")
	cases := []struct {
		l    Location
		want string // a prefix
	}{
		{Location{Flag: "f", Env: "e", CacheDir: cache}, "f"},
		{Location{Env: "e", CacheDir: cache}, "e"},
		{Location{Flag: "off", Env: "e", CacheDir: cache}, ""},
		{Location{Env: "off", CacheDir: cache}, ""},
		{Location{Module: "m"}, ""},
		{Location{CacheDir: cache, Module: "example.org/a/../b c"}, filepath.Join(dir, "b_c-")},
		{Location{CacheDir: cache, Dir: "/"}, filepath.Join(dir, "_-")},
	}
	for _, c := range cases {
		got := c.l.Path()
		if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%+v: %q, want %q...", c.l, got, c.want)
		}
	}
	a := Location{CacheDir: cache, Module: "x/v"}.Path()
	b := Location{CacheDir: cache, Module: "y/v"}.Path()
	if a == b {
		t.Errorf("two modules share %s", a)
	}
}

func TestFindModule(t *testing.T) {
	t.Parallel()
	got, err := FindModule(".")
	if err != nil || got != "github.com/gotestcohort/cohort" {
		t.Errorf("FindModule = %q, %v", got, err)
	}
}
