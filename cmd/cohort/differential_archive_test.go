package main_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// archiveCase is a run that is made twice: of the source, and of an archive of it.
type archiveCase struct {
	dir    string
	build  []string // for cohort tool archive, and for the run of the source
	flags  []string // cohort's
	args   []string // go test's
	splits bool     // run in several processes at a time: then only verdicts are compared
}

// TestArchive runs archives where there is no go command, and compares all that comes of it with a
// run of the source.
func TestArchive(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and runs the samples twice")
	}
	d := newQuickDiffer(t)
	if d.plain || runtime.GOOS == "windows" {
		t.Skip("NOT TESTED: the program has no archives, or a folder with no Go cannot be made of links")
	}
	sample := func(name string) string { return filepath.Join(d.root, "testdata", name) }
	d.linked(t, d.awkward, "./ok/...", "./bad/...")
	bad := strings.Fields("./bad/exitzero ./bad/passing ./bad/initpanics ./bad/panicmid ./bad/mainrefuses ./bad/goexit ./bad/exits ./bad/fails ./bad/panics ./bad/mainfails")
	archives := archivesOf{folder: t.TempDir()}
	for name, c := range map[string]archiveCase{
		"ok":       {dir: d.awkward, build: []string{"./ok/..."}, args: []string{"-count=1"}},
		"bad":      {dir: d.awkward, build: bad, args: []string{"-count=1"}},
		"split":    {dir: d.awkward, build: slices.Concat(bad, []string{"./ok/...", "./race", "./edge/..."}), args: []string{"-count=1"}, splits: true},
		"order":    {dir: d.awkward, build: []string{"./ok/subtests", "./ok/covered/...", "./ok/many"}, args: []string{"-count=1"}},
		"selected": {dir: d.awkward, build: []string{"./ok/..."}, args: []string{"-count=2", "-short", "-run=Many|Sub/a|Fuzz", "./ok/subtests", "./ok/...", "./ok/many"}},
		"words":    {dir: d.awkward, build: []string{"./ok/arguments"}, args: []string{"-count=1", "-args", "-colour=red", "one", "two words"}},
		"tags":     {dir: d.awkward, build: []string{"-tags=special", "./ok/tags/..."}, args: []string{"-v"}},
		"race":     {dir: d.awkward, build: []string{"-race", "./race", "./ok/many"}, args: []string{"-count=1"}},
		"failfast": {dir: d.awkward, build: bad, args: []string{"-failfast"}},
		"groups":   {dir: sample("groups"), build: []string{"./..."}, args: []string{"-count=1"}},
		"reruns": {dir: sample("groups"), build: []string{"./..."}, args: []string{"-count=1"},
			flags: []string{"--rerun-fails=1", "--rerun-delay=0", "--rerun-fails-max-failures=500"}, splits: true},
		"flaky": {dir: sample("shop"), build: []string{"./..."}, flags: []string{"--rerun-fails=2", "--rerun-delay=0", "--format=testname"}},
		"deaths": {dir: sample("deaths"), build: strings.Fields("./exits0 ./exits1 ./exits7 ./panics ./segfaults ./goexits ./groupexits0 ./maindies ./mainidle ./maintwice ./forgespass ./changesdir ./closesstdout"),
			args: []string{"-count=1"}, splits: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d.testArchive(t, c, &archives)
		})
	}
}

// archivesOf are the archives of cases: those of one build have one.
type archivesOf struct {
	folder string
	mu     sync.Mutex // guards builds
	builds []*archiveBuild
}

// An archiveBuild is an archive, or will be.
type archiveBuild struct {
	dir   string
	build []string
	file  string
	once  sync.Once
}

// archive returns the file of a case's archive, which the first case with that build writes.
func (a *archivesOf) archive(t *testing.T, d *differ, c archiveCase) string {
	t.Helper()
	a.mu.Lock()
	i := slices.IndexFunc(a.builds, func(b *archiveBuild) bool { return b.dir == c.dir && slices.Equal(b.build, c.build) })
	if i < 0 {
		i = len(a.builds)
		a.builds = append(a.builds, &archiveBuild{dir: c.dir, build: c.build, file: filepath.Join(a.folder, fmt.Sprint(i, ".zip"))})
	}
	b := a.builds[i]
	a.mu.Unlock()
	b.once.Do(func() {
		if r := d.command(t, c.dir, nil, slices.Concat([]string{d.subject, "tool", "archive", b.file, "--"}, c.build)...); r.exit != 0 {
			t.Fatalf("%s: exit %d\n%s", r.command, r.exit, r.stderr)
		}
	})
	return b.file
}

func (d *differ) testArchive(t *testing.T, c archiveCase, archives *archivesOf) {
	file := archives.archive(t, d, c)
	want := d.archiveRun(t, c, c.dir, nil, sourceArguments(c))
	got := d.archiveRun(t, c, t.TempDir(), d.withoutGo(t), c.args, "--archive="+file)
	var differences []string
	if c.splits {
		differences = append(compareVerdicts(verdicts(want.events), verdicts(got.events), nil), compareLines("JUnit", cases(want.junit), cases(got.junit))...)
	} else {
		for _, part := range []struct{ what, want, got string }{
			{"stdout", string(want.stdout), string(got.stdout)}, {"stderr", told(want.stderr), told(got.stderr)},
			{"JUnit", want.junit, got.junit}, {"events", eventLines(want.events), eventLines(got.events)},
		} {
			want, got := d.lines(part.want), d.lines(part.got)
			if part.what == "events" && !slices.Equal(want, got) {
				differences = append(differences, "events of a test come in another order")
			}
			slices.Sort(want)
			slices.Sort(got)
			differences = append(differences, compareLines(part.what, want, got)...)
		}
	}
	report(t, want.run, got.run, differences)
	if len(want.events) < 5 {
		t.Errorf("%s: only %d events", want.command, len(want.events))
	}
}

// testArchiveCoverage compares the coverage profile of an archive with that of go test.
func (d *differ) testArchiveCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the samples with coverage")
	}
	if d.plain || runtime.GOOS == "windows" {
		t.Skip("NOT TESTED: the program has no archives, or a folder with no Go cannot be made of links")
	}
	for name, c := range map[string]struct{ build, args []string }{
		"set":          {build: []string{"-covermode=set", "./ok/covered/...", "./ok/many"}},
		"count":        {build: []string{"-covermode=count", "./ok/covered/..."}},
		"coverpkg":     {build: []string{"-coverpkg=./ok/covered/...", "./ok/covered/...", "./ok/none"}},
		"coverpkg all": {build: []string{"-coverpkg=./...", "-covermode=count", "./ok/covered", "./ok/covered/deep", "./ok/examples"}},
		"TestMain":     {build: []string{"-covermode=count", "-coverpkg=./ok/...", "./ok/testmain/external"}},
		"failing":      {build: []string{"-cover", "./bad/fails", "./ok/covered"}},
		"one test":     {build: []string{"-covermode=atomic", "./ok/covered/..."}, args: []string{"-run=TestSmall"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "tests.zip")
			want, wantLines := d.coverReference(t, d.awkward, slices.Concat(c.build, c.args)...)
			if r := d.command(t, d.awkward, nil, slices.Concat([]string{d.subject, "tool", "archive", file, "--"}, c.build)...); r.exit != 0 {
				t.Fatalf("%s: exit %d\n%s", r.command, r.exit, r.stderr)
			}
			for _, workers := range []string{"1", "4"} {
				events := filepath.Join(dir, workers+".json")
				here := t.TempDir()
				got := d.command(t, here, d.withoutGo(t), slices.Concat([]string{d.subject, "--explain-failures=off", "--history=off", "--workers=" + workers,
					"--jsonfile=" + events, "--archive=" + file, "--", "-count=1", "-coverprofile=got"}, c.args)...)
				f, err := os.Open(events)
				if err != nil {
					t.Fatalf("%s: %v\n%s", got.command, err, got.stderr)
				}
				got.events = decode(t, got, f)
				_ = f.Close() // it was only read
				differences := compareVerdicts(verdicts(want.events), verdicts(got.events), nil)
				differences = append(differences, compareLines("profile", wantLines, sortedLines(t, filepath.Join(here, "got")))...)
				differences = append(differences, compareLines("printed", percentages(want), percentages(got))...)
				report(t, want, got, differences)
			}
		})
	}
}

// sourceArguments are the arguments of the run of the source: those of the build, and packages only
// once.
func sourceArguments(c archiveCase) []string {
	named := slices.ContainsFunc(c.args, func(word string) bool { return strings.HasPrefix(word, "./") })
	var words []string
	for _, word := range c.build {
		if !named || !strings.HasPrefix(word, "./") {
			words = append(words, word)
		}
	}
	return append(words, c.args...)
}

// archivedRun is a run with its JUnit file.
type archivedRun struct {
	run
	junit string
}

func (d *differ) archiveRun(t *testing.T, c archiveCase, dir string, env, args []string, more ...string) (r archivedRun) {
	t.Helper()
	workers := []string{"--workers=1", "--format=standard-verbose"}
	if c.splits {
		workers = []string{"--workers=4"}
	} else {
		args = append([]string{"-p=1"}, args...)
	}
	files := t.TempDir()
	events, xml := filepath.Join(files, "events.json"), filepath.Join(files, "junit.xml")
	r.run = d.command(t, dir, env, slices.Concat([]string{d.subject, "--no-color", "--explain-failures=off", "--history=off",
		"--shuffle=1", "--jsonfile=" + events, "--junitfile=" + xml}, workers, c.flags, more, []string{"--"}, args)...)
	text, err := os.ReadFile(xml)
	if err != nil {
		t.Fatalf("%s: %v\n%s", r.command, err, r.stderr)
	}
	r.junit = string(text)
	f, err := os.Open(events)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // it was only read
	r.events = decode(t, r.run, f)
	return r
}

// withoutGo returns an environment with the commands of the system, but without Go.
func (d *differ) withoutGo(t *testing.T) []string {
	t.Helper()
	bin, home := t.TempDir(), t.TempDir()
	for _, name := range []string{"sh", "bash", "cat", "echo", "env", "sleep", "true", "false", "mkdir", "rm", "kill", "ps"} {
		if path, err := exec.LookPath(name); err == nil {
			if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return []string{"PATH=" + bin, "HOME=" + home, "GOROOT=", "GOPATH=", "GOCACHE=", "GOMODCACHE=", "GOTOOLCHAIN="}
}

// eventLines returns events as text, test by test: which of them runs first is not certain.
func eventLines(events []event) string {
	said := make(map[string]*strings.Builder)
	for _, e := range events {
		key := e.Package + " " + e.Test
		if said[key] == nil {
			said[key] = &strings.Builder{}
		}
		fmt.Fprintf(said[key], "%s %s %s %q\n", e.Action, e.Package, e.Test, e.Output)
	}
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(said)) {
		text.WriteString(said[key].String())
	}
	return text.String()
}

// told returns what is told on stderr whatever time the tests take.
func told(stderr []byte) string {
	var text strings.Builder
	for line := range strings.Lines(string(stderr)) {
		if strings.HasPrefix(line, "WARN ") || strings.HasPrefix(line, "ERROR ") || strings.HasPrefix(line, "FAIL ") {
			text.WriteString(line)
		}
	}
	return text.String()
}

// lines returns text without what differs from run to run, and from folder to folder.
func (d *differ) lines(text string) []string {
	type rule struct {
		hint string // is in each line that expr matches: with the race detector an expression is slow
		expr *regexp.Regexp
		by   string
	}
	var rules []rule
	for _, r := range []struct{ hint, expr, by string }{
		{"/cohort-archive-", `[^\s"&;]*/cohort-archive-\d+/src`, d.root},
		{".", `\d+\.\d+s`, "Ts"}, {"ms", `\d+ms`, "Tms"}, {"time", ` (time|timestamp)="[^"]*"`, ` $1="T"`}, {"process ", `process \d+`, "process N"},
		{"0x", `0x[0-9a-f]+`, "0xN"}, {"goroutine ", `goroutine \d+`, "goroutine N"}, {"+0x", `\+0xN`, ""}, {"pid", `pid=?\s?\d+`, "pid N"},
		{"go-build", `go-build\d+`, "go-buildN"}, {"/b", `/b\d+/`, "/bN/"}, {"sigcode", `m=\d+ sigcode=\d+`, "m"}, {"/tmp/", `/tmp/[A-Za-z]+\d+/\d+`, "TMP"},
	} {
		rules = append(rules, rule{r.hint, regexp.MustCompile(r.expr), r.by})
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		for _, r := range rules {
			if strings.Contains(line, r.hint) {
				line = r.expr.ReplaceAllString(line, r.by)
			}
		}
		lines[i] = line
	}
	// Which tests shared a process is not certain, and so what repeats it.
	return slices.DeleteFunc(lines, func(line string) bool {
		return line == "" || line == "=== Reproduce" || strings.HasPrefix(line, "go test ") || strings.HasPrefix(line, "the whole run in the same order")
	})
}
