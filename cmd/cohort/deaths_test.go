package main_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/built"
)

// A death is one way in which testdata/deaths ends a process, and what must be
// reported of the package. What a row leaves out is as in most packages: of the
// innocent tests each ran once and passed, TestCulprit failed.
type death struct {
	kind string
	// results are those that differ from the usual ones; "" for none at all.
	results map[string]string
	// whole reports that the package fails, or passes, as a whole.
	whole bool
	// runs is how often an innocent test may have run if not once.
	runs []int
	// either names tests whose results depend on what else is in the process:
	// they were running when it died, or it has forged theirs.
	either []string
	green  bool
}

const (
	culprit = "TestCulprit"
	pass    = "pass"
	fail    = "fail"
	skip    = "skip"
)

var innocents = []string{"TestBefore", "TestBeforeParallel", "TestAfter", "TestAfterParallel"}

// groupResults are those of a package with a group, whose third step dies.
func groupResults() map[string]string {
	return map[string]string{
		"TestStep1": pass, "TestStep2": pass, "TestStep3Culprit": fail, "TestStep4": skip, "TestStep5": skip,
		"TestLoose": pass,
	}
}

// mainResults are those of a package with a TestMain and without a culprit.
func mainResults(result string) map[string]string {
	return map[string]string{
		"TestBefore": result, "TestBeforeParallel": result, "TestAfter": result, "TestAfterParallel": "", culprit: "",
	}
}

// deaths are the rows. Every package of testdata/deaths must be in one.
func deaths() []death {
	rows := []death{
		// It never got to the innocent tests.
		{kind: "initpanics", results: mainResults(""), whole: true},
		{kind: "mainpanics", results: mainResults(""), whole: true},
		// What was forged is blamed, and nothing runs.
		{kind: "mainforges", results: with(mainResults(""), "TestAfter", fail), either: []string{"TestAfter"}, whole: true},
		// Its tests are good, it is not.
		{kind: "mainexits3", results: mainResults(pass), whole: true},
		{kind: "mainexits0", results: with(with(mainResults(pass), culprit, fail), "TestAfterParallel", ""), whole: true},
		{kind: "maindies", results: with(with(mainResults(pass), culprit, fail), "TestLast", pass)},
		// As for go test, this is good.
		{kind: "mainidle", results: mainResults(""), green: true},
		{kind: "maintwice", results: mainResults("pass pass"), runs: []int{2}, green: true},
		// After the output was closed nobody can see which tests ran.
		{kind: "closesstdout", runs: []int{1, 2}},
		// It has forged a result for TestAfter, if that is in its process; the package fails.
		{kind: "forgespass", results: map[string]string{culprit: pass},
			runs: []int{0, 1}, either: []string{"TestAfter"}, whole: true},
		{kind: "forgesends", results: map[string]string{culprit: pass + " " + fail},
			runs: []int{0, 1}, either: []string{"TestAfter"}, whole: true},
		{kind: "panicsparallel", either: []string{"TestBeforeParallel", "TestAfterParallel"}},
	}
	for _, kind := range []string{
		"changesdir", "deletesbinary", "exits0", "exits0raw", "exits1", "exits7", "failsparent", "floods", "forgesfail",
		"goexits", "killed", "logsfatal", "maps", "outofmemory", "overflows", "panics", "panicscleanup",
		"panicsgoroutine", "panicsub", "segfaults",
	} {
		rows = append(rows, death{kind: kind})
	}
	for _, kind := range []string{"grouppanics", "groupexits0", "groupfails", "groupgoexits", "groupcloses"} {
		rows = append(rows, death{kind: kind, results: groupResults(), runs: []int{1, 0}})
	}
	for i := range rows {
		if results := rows[i].results; results["TestStep1"] != "" || len(results) > 2 {
			continue
		}
		usual := map[string]string{culprit: fail}
		for _, name := range innocents {
			usual[name] = pass
		}
		maps.Copy(usual, rows[i].results)
		rows[i].results = usual
	}
	return rows
}

func with(results map[string]string, name, result string) map[string]string {
	results[name] = result
	return results
}

// deathsModule returns the directory of the samples, or skips t.
func deathsModule(t *testing.T, d *differ) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("half of these deaths need Linux")
	}
	if d.plain {
		t.Skip("only cohort promises this")
	}
	return filepath.Join(d.root, "testdata", "deaths")
}

// TestDeathsContained runs all kinds of deaths and looks at every test around them.
func TestDeathsContained(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	dir := deathsModule(t, d)
	d.linked(t, dir, deadly()...)
	for _, flags := range [][]string{
		{"--workers=1", "--shuffle=off"},
		{"--workers=4", "--shuffle=off"},
		{"--workers=1", "--shuffle=1"},
		{"--workers=4", "--shuffle=2", "--testmain=per-worker"},
	} {
		t.Run(strings.Join(flags, ","), func(t *testing.T) {
			t.Parallel()
			if testing.Short() && flags[0] == "--workers=1" {
				t.Skip("four workers are enough for a short test")
			}
			r, w := d.unracedAlone(t, flags[0]).dying(t, dir, nil, flags, "-timeout=60s")
			if r.exit != 1 {
				t.Errorf("exit code %d, want 1\n%s", r.exit, r.stderr)
			}
			results := resultsOf(r.events)
			for _, row := range deaths() {
				row.check(t, results[row.kind], w[row.kind])
				want := fail
				if row.green {
					want = pass
				}
				// A TestMain that runs no test makes a package "skip" to nobody but go test.
				if got := results[row.kind][""]; got != want {
					t.Errorf("%s: package: %q, want %q", row.kind, got, want)
				}
			}
			if t.Failed() {
				t.Logf("%s\n%s", r.command, r.stderr)
			}
		})
	}
}

// check compares a package's results with the row.
func (row *death) check(t *testing.T, got map[string]string, w witnessed) {
	t.Helper()
	for name, want := range row.results {
		result := got[name]
		if result != want && slices.Contains(row.either, name) && result != skip {
			continue
		}
		if result != want {
			t.Errorf("%s: %s: %q, want %q", row.kind, name, result, want)
		}
		runs := row.runs
		if runs == nil {
			runs = []int{1}
		}
		if want == "" || want == skip || strings.Contains(name, "Culprit") || row.kind == "mainforges" {
			runs = []int{0, 1, 2}
		}
		if !slices.Contains(runs, w.tests[name]) {
			t.Errorf("%s: %s ran %d times, want one of %v", row.kind, name, w.tests[name], runs)
		}
	}
	for name, result := range got {
		if _, ok := row.results[name]; !ok && name != "" && !strings.Contains(name, "/") {
			t.Errorf("%s: %s: %q, want no such test", row.kind, name, result)
		}
	}
	// Each process but the last has at least one test less to do.
	if w.processes > len(row.results) {
		t.Errorf("%s: %d processes for %d tests", row.kind, w.processes, len(row.results))
	}
}

// unracedAlone returns a differ whose cohort has the race detector only if it has more than one worker:
// what races does so more with four.
func (d *differ) unracedAlone(t *testing.T, workers string) *differ {
	t.Helper()
	alone := *d
	if workers == "--workers=1" && !d.given {
		alone.subject = built.PlainCohort(t)
	}
	return &alone
}

// TestDeathsRerun runs the failed units again: those that die again stay red,
// those that do not turn green.
func TestDeathsRerun(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	dir := deathsModule(t, d)
	d.linked(t, dir, deadly()...)
	for _, workers := range []string{"--workers=1", "--workers=4"} {
		for _, once := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s,once=%v", workers, once), func(t *testing.T) {
				t.Parallel()
				var env []string
				want, exit := fail, 1
				if once {
					env, want, exit = []string{"DEATHS_ONCE=1"}, pass, 0
				}
				flags := []string{workers, "--shuffle=off", "--rerun-fails=1", "--rerun-delay=0s", "--rerun-fails-max-failures=1000"}
				r, w := d.unracedAlone(t, workers).dying(t, dir, env, flags, "-timeout=60s")
				if r.exit != exit {
					t.Errorf("exit code %d, want %d\n%s", r.exit, exit, r.stderr)
				}
				results := resultsOf(r.events)
				for _, row := range deaths() {
					row.checkRerun(t, results[row.kind], w[row.kind], want)
				}
				if t.Failed() {
					t.Logf("%s\n%s", r.command, r.stderr)
				}
			})
		}
	}
}

// checkRerun checks what came of the last attempts.
func (row *death) checkRerun(t *testing.T, got map[string]string, w witnessed, want string) {
	t.Helper()
	for name, first := range row.results {
		last := lastWord(got[name])
		switch {
		case want == pass && !row.green && first != "" && last != pass:
			t.Errorf("%s: %s: %q, want pass in the end", row.kind, name, got[name])
		case want == pass && !row.green && first != "" && w.tests[name] == 0:
			t.Errorf("%s: %s: %q, and it never ran", row.kind, name, got[name])
		case want == fail && first == fail && last != fail:
			t.Errorf("%s: %s: %q, want fail in the end", row.kind, name, got[name])
		}
		alone := !row.whole && row.runs == nil && row.either == nil
		if alone && first == pass && name != "" && (got[name] != pass || w.tests[name] != 1) {
			t.Errorf("%s: %s: %q, ran %d times: want only what failed to be rerun", row.kind, name, got[name], w.tests[name])
		}
	}
	if last := lastWord(got[""]); row.whole && last != want {
		t.Errorf("%s: package: %q, want %s in the end", row.kind, got[""], want)
	}
	if limit := 2 * len(row.results); w.processes > limit {
		t.Errorf("%s: %d processes, want at most %d", row.kind, w.processes, limit)
	}
}

// deadly are the packages of the samples, without the slow ones.
func deadly() []string {
	var packages []string
	for _, row := range deaths() {
		packages = append(packages, "./"+row.kind)
	}
	return packages
}

func lastWord(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }

// witnessed is what a package's processes have written down themselves.
type witnessed struct {
	processes int
	tests     map[string]int
}

// dying runs cohort on the samples, all but the slow ones unless packages says so.
func (d *differ) dying(t *testing.T, dir string, env, flags []string, args ...string) (run, map[string]witnessed) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	events := filepath.Join(t.TempDir(), "events.json")
	if len(args) == 1 {
		args = append(args, deadly()...)
	}
	// Its own directory for temporary files shows what is left behind.
	tmp := t.TempDir()
	env = append(slices.Clone(env), "DEATHS_LOG="+log, "TMPDIR="+tmp)
	command := slices.Concat([]string{d.subject, "--no-color", "--explain-failures=off", "--jsonfile=" + events}, flags, []string{"--"}, args)
	r := d.command(t, dir, env, command...)
	checkNothingLeft(t, tmp)
	file, err := os.Open(events)
	if err != nil {
		t.Fatalf("%s: %v\n%s", r.command, err, r.stderr)
	}
	defer file.Close() // it was only read
	r.events = decode(t, r, file)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return r, readWitness(string(text))
}

func readWitness(text string) map[string]witnessed {
	all := map[string]witnessed{}
	for line := range strings.Lines(text) {
		word := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		w, ok := all[word[1]]
		if !ok {
			w.tests = map[string]int{}
		}
		if word[0] == "process" {
			w.processes++
		} else {
			w.tests[word[2]]++
		}
		all[word[1]] = w
	}
	return all
}

// resultsOf returns, by package and top-level test ("" for the package), the
// results in their order, with spaces between.
func resultsOf(events []event) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, e := range events {
		if e.Action != pass && e.Action != fail && e.Action != skip {
			continue
		}
		kind := e.Package[strings.LastIndexByte(e.Package, '/')+1:]
		if all[kind] == nil {
			all[kind] = map[string]string{}
		}
		all[kind][e.Test] = strings.TrimSpace(all[kind][e.Test] + " " + e.Action)
	}
	return all
}

// checkNothingLeft fails t if a directory for temporary files is not empty.
func checkNothingLeft(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, entry := range left {
		t.Errorf("left behind: %s", filepath.Join(dir, entry.Name()))
	}
}

// TestDeathsListed: every sample has its row.
func TestDeathsListed(t *testing.T) {
	t.Parallel()
	var rows []string
	for _, row := range deaths() {
		rows = append(rows, row.kind)
	}
	dirs, err := os.ReadDir(filepath.Join("..", "..", "testdata", "deaths"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if dir.IsDir() && dir.Name() != "witness" && dir.Name() != "slow" && !slices.Contains(rows, dir.Name()) {
			t.Errorf("testdata/deaths/%s has no row", dir.Name())
		}
	}
}

// TestDeathsSlow runs the deaths that take a time limit to notice: five seconds
// for a test that never ends, and go's own five for output that stays open.
func TestDeathsSlow(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for time limits")
	}
	d := newQuickDiffer(t)
	dir := deathsModule(t, d)
	for _, workers := range []string{"--workers=1", "--workers=4"} {
		t.Run(workers, func(t *testing.T) {
			t.Parallel()
			r, w := d.dying(t, dir, nil, []string{workers, "--shuffle=off"}, "-timeout=5s", "./slow/hangs", "./slow/holdsstdout")
			if r.exit != 1 {
				t.Errorf("exit code %d, want 1\n%s", r.exit, r.stderr)
			}
			results := resultsOf(r.events)
			for _, kind := range []string{"hangs", "holdsstdout"} {
				row := death{kind: kind, results: map[string]string{culprit: fail}}
				if kind == "holdsstdout" { // as go test has it: the test is good, the package is not
					row.results[culprit] = pass
				}
				for _, name := range innocents {
					row.results[name] = pass
				}
				row.check(t, results[kind], w[kind])
				if got := results[kind][""]; got != fail {
					t.Errorf("%s: package: %q, want fail", kind, got)
				}
			}
		})
	}
}

// TestDeathsAtTheStart: a binary that cannot be started is an error with a name,
// and is not tried for ever.
func TestDeathsAtTheStart(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	dir := deathsModule(t, d)
	for _, flags := range [][]string{
		{"--workers=1"}, {"--workers=4"}, {"--workers=4", "--rerun-fails=1", "--rerun-delay=0s"},
	} {
		env := []string{"TMPDIR=" + t.TempDir()}
		r := d.command(t, dir, env, slices.Concat([]string{d.subject, "--no-color", "--explain-failures=off"}, flags,
			[]string{"--", "-exec=/nonexistent/program", "./panics", "./maindies"})...)
		if r.exit != 1 || !strings.Contains(string(r.stdout), "/nonexistent/program") {
			t.Errorf("exit code %d, want 1 and the program's name\n%s%s", r.exit, r.stdout, r.stderr)
		}
	}
}
