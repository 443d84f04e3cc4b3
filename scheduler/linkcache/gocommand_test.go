package linkcache

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// A module is a sample module with its own link cache. It shares the go command's build cache with everyone.
type module struct {
	dir, cache string
	toolexec   string
}

const (
	sampleSource = "package p\n\nvar V = \"unset\"\n\nfunc F() string { return \"one \" + V }\n"
	sampleTest   = "package p\n\nimport \"testing\"\n\nfunc TestF(t *testing.T) { println(\"F is\", F()) }\n"
)

func newModule(t *testing.T) *module {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the go command")
	}
	if !gotest.WrapsTools(runtime.GOOS) {
		t.Skip("the go command has no use for -toolexec")
	}
	m := &module{dir: t.TempDir(), cache: filepath.Join(t.TempDir(), "link"), toolexec: toolexec(t, self(t))}
	write(t, filepath.Join(m.dir, "go.mod"), "module example.com/p\n\ngo 1.24\n")
	write(t, filepath.Join(m.dir, "p.go"), sampleSource)
	write(t, filepath.Join(m.dir, "p_test.go"), sampleTest)
	return m
}

// toolexec returns the value of a -toolexec flag that starts exe.
func toolexec(t *testing.T, exe string, flags ...string) string {
	t.Helper()
	value, err := gotest.QuoteWords(append([]string{exe, reentry.ExecToolCommand, reentry.LinkCacheFlag}, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// goCommand returns the go command with the link cache, and without a GOFLAGS of the one who runs these tests.
func (m *module) goCommand(verb string, args ...string) *exec.Cmd {
	return command(m.dir, []string{"GOFLAGS=", "GOWORK=off", EnvDir + "=" + m.cache, EnvSize + "="},
		slices.Concat([]string{"go", verb, "-toolexec=" + m.toolexec}, args)...)
}

// test runs go test and returns what it printed. It must pass.
func (m *module) test(t *testing.T, args ...string) string {
	t.Helper()
	return mustRun(t, m.goCommand("test", append([]string{"-count=1"}, args...)...))
}

func mustRun(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

// build makes a test binary with the link cache, and returns its content.
func (m *module) build(t *testing.T, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "p.test")
	mustRun(t, m.goCommand("test", append([]string{"-c", "-o", out}, args...)...))
	return read(t, out)
}

// entries returns the cache's entries.
func (m *module) entries(t *testing.T) map[string]os.FileInfo {
	t.Helper()
	all, err := newStore(Config{Dir: m.cache, Limit: DefaultLimit}).list()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]os.FileInfo{}
	for _, e := range all {
		if e.tmp {
			t.Errorf("unfinished file %s left", e.name)
		}
		fi, err := os.Stat(filepath.Join(m.cache, e.name))
		if err != nil {
			t.Fatal(err)
		}
		found[e.name] = fi
	}
	return found
}

// mustHit runs f and checks that it stored nothing: that each link in it was a copy.
func (m *module) mustHit(t *testing.T, f func()) {
	t.Helper()
	before := m.entries(t)
	f()
	after := m.entries(t)
	if len(before) == 0 || len(after) != len(before) {
		t.Errorf("entries before: %d, after: %d", len(before), len(after))
	}
	for name, fi := range before {
		if !os.SameFile(fi, after[name]) {
			t.Errorf("entry %s was stored again", name)
		}
	}
}

// TestBinariesAreTheGoCommandsOwn builds a test binary without the cache, into it and out of it: all must be the same,
// byte for byte, the build ID too.
func TestBinariesAreTheGoCommandsOwn(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{}, {"-cover"}, {"-covermode=atomic", "-coverpkg=./..."}, {"-trimpath"}, {"-ldflags=-s -w"}, {"-ldflags=-X example.com/p.V=set"},
		{"-race"}, {"-buildmode=pie"}, {"-ldflags=-compressdwarf=false"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			m := newModule(t)
			if slices.Contains(args, "-race") {
				needRace(t)
			}
			plain := filepath.Join(t.TempDir(), "p.test")
			cmd := command(m.dir, []string{"GOFLAGS=", "GOWORK=off"}, slices.Concat([]string{"go", "test", "-c", "-o", plain}, args)...)
			mustRun(t, cmd)
			want := read(t, plain)
			if m.build(t, args...) != want {
				t.Error("linked into the cache: the binary differs from go test's")
			}
			m.mustHit(t, func() {
				if m.build(t, args...) != want {
					t.Error("copied out of the cache: the binary differs from go test's")
				}
			})
		})
	}
}

// needRace skips a test where the race detector does not work (no C compiler, another architecture).
func needRace(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("go", "build", "-race", "-o", os.DevNull, "errors").CombinedOutput(); err != nil {
		t.Skipf("go build -race: %v\n%s", err, out)
	}
}

func TestChangesReachTheTest(t *testing.T) {
	t.Parallel()
	m := newModule(t)
	steps := []struct {
		name   string
		change func()
		args   []string
		want   string
		hit    bool
	}{
		{name: "first", want: "F is one unset"},
		{name: "again", want: "F is one unset", hit: true},
		{name: "-X", args: []string{"-ldflags=-X example.com/p.V=a"}, want: "F is one a"},
		{name: "another -X", args: []string{"-ldflags=-X=example.com/p.V=b"}, want: "F is one b"},
		{name: "the first -X", args: []string{"-ldflags=-X example.com/p.V=a"}, want: "F is one a", hit: true},
		{name: "source", want: "F is two unset", change: func() {
			write(t, filepath.Join(m.dir, "p.go"), strings.Replace(sampleSource, "one", "two", 1))
		}},
		{name: "source with -X", args: []string{"-ldflags=-X example.com/p.V=a"}, want: "F is two a"},
		{name: "test source", want: "now F is two unset", change: func() {
			write(t, filepath.Join(m.dir, "p_test.go"), strings.Replace(sampleTest, "F is", "now F is", 1))
		}},
		{name: "-cover", args: []string{"-cover"}, want: "coverage: 100.0% of statements"},
		{name: "-cover again", args: []string{"-cover"}, want: "coverage: 100.0% of statements", hit: true},
		{name: "all as at first", want: "F is one unset", hit: true, change: func() {
			write(t, filepath.Join(m.dir, "p.go"), sampleSource)
			write(t, filepath.Join(m.dir, "p_test.go"), sampleTest)
		}},
	}
	for _, s := range steps {
		if s.change != nil {
			s.change()
		}
		run := func() {
			if out := m.test(t, s.args...); !strings.Contains(out, s.want) {
				t.Errorf("%s: want %q in:\n%s", s.name, s.want, out)
			}
		}
		before := len(m.entries(t))
		if s.hit {
			m.mustHit(t, run)
		} else if run(); len(m.entries(t)) != before+1 {
			t.Errorf("%s: %d entries, then %d: want one more", s.name, before, len(m.entries(t)))
		}
	}
}

// TestChangedCLibraryReachesTheTest holds what "go help cache" warns about: no key knows a static C library.
func TestChangedCLibraryReachesTheTest(t *testing.T) {
	t.Parallel()
	m := newModule(t)
	for _, tool := range []string{"cc", "ar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	lib := func(answer string) {
		write(t, filepath.Join(m.dir, "lib", "answer.c"), "int answer(void) { return "+answer+"; }\n")
		mustRun(t, command(filepath.Join(m.dir, "lib"), nil, "cc", "-c", "answer.c"))
		mustRun(t, command(filepath.Join(m.dir, "lib"), nil, "ar", "rc", "libanswer.a", "answer.o"))
	}
	write(t, filepath.Join(m.dir, "p.go"),
		"package p\n\n// #cgo LDFLAGS: -L${SRCDIR}/lib -lanswer\n// int answer(void);\nimport \"C\"\n\nfunc F() int { return int(C.answer()) }\n")
	for _, answer := range []string{"41", "42"} {
		lib(answer)
		cmd := m.goCommand("test", "-count=1")
		cmd.Env = append(cmd.Env, "CGO_ENABLED=1")
		if out := mustRun(t, cmd); !strings.Contains(out, "F is "+answer) {
			t.Errorf("library changed to %s:\n%s", answer, out)
		}
	}
	if n := len(m.entries(t)); n != 0 {
		t.Errorf("%d entries stored for what the C linker made", n)
	}
}

func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	m := newModule(t)
	const packages = 4
	for i := range packages {
		for _, f := range []string{"p.go", "p_test.go"} {
			write(t, filepath.Join(m.dir, fmt.Sprint("q", i), f), read(t, filepath.Join(m.dir, f)))
		}
	}
	var wg sync.WaitGroup // waits for the go commands, which end by themselves
	for range 2 {
		wg.Go(func() {
			out, err := m.goCommand("test", "-count=1", "-vet=off", "./...").CombinedOutput()
			if err != nil || strings.Count(string(out), "\nok ") != packages {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	if n := len(m.entries(t)); n != packages+1 {
		t.Errorf("%d entries, want %d", n, packages+1)
	}
	m.mustHit(t, func() { m.test(t, "./...") })
}

// TestBuildCacheIsShared checks that the wrapper leaves the go command's build cache keys alone: what was compiled with
// it is not compiled again without it, nor the other way round.
func TestBuildCacheIsShared(t *testing.T) {
	t.Parallel()
	m := newModule(t)
	env := []string{"GOFLAGS=", "GOWORK=off"}
	for _, withFirst := range []bool{true, false} {
		// Source that no one compiled before.
		write(t, filepath.Join(m.dir, "p.go"), sampleSource+"\n// "+m.dir+fmt.Sprint(withFirst)+"\n")
		with, without := m.goCommand("test", "-count=1", "-x"), command(m.dir, env, "go", "test", "-count=1", "-x")
		first, second := with, without
		if !withFirst {
			first, second = without, with
		}
		if out := mustRun(t, first); !strings.Contains(out, "compile -o ") {
			t.Errorf("with first %v: nothing compiled at first:\n%s", withFirst, out)
		}
		if out := mustRun(t, second); strings.Contains(out, "compile -o ") {
			t.Errorf("with first %v: compiled again:\n%s", withFirst, out)
		}
	}
}

func TestPathOfCohortMayHoldSpacesAndQuotes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b", "it's", `"x"`, "$HOME `x` *"} {
		m := newModule(t)
		exe := filepath.Join(t.TempDir(), name, "cohort")
		installSelf(t, exe)
		m.toolexec = toolexec(t, exe)
		m.test(t)
		if len(m.entries(t)) != 1 {
			t.Errorf("%s: nothing stored", name)
		}
	}
}

// TestCoverageOfPackageWithoutTests: the go command runs "go tool covdata", no tool of its own folder, through the wrapper.
func TestCoverageOfPackageWithoutTests(t *testing.T) {
	t.Parallel()
	m := newModule(t)
	write(t, filepath.Join(m.dir, "q", "q.go"), "package q\n\nfunc G() int { return 1 }\n")
	if out := m.test(t, "-cover", "./..."); !strings.Contains(out, "example.com/p/q\t\tcoverage: 0.0% of statements") {
		t.Errorf("want 0.0%% for q in:\n%s", out)
	}
}
