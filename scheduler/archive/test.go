package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
	"github.com/gotestcohort/cohort/scheduler/scratch"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// goTest is a go test -json that is under way. It does what the go command does with binaries that
// it has built: see runTestActor in cmd/go/internal/test/test.go.
type goTest struct {
	*Extracted
	archive *Archive
	args    *gotest.Args
	env     []string
	out     *lockedWriter
	// dir is where the command was started, work a folder for binaries.
	dir, work string
	profile   *profile // nil: none is asked for
	meta      string   // what binaries are told of the coverage of other packages

	failed atomic.Bool // a package has failed
	mu     sync.Mutex
	broken []error // what kept it from being done
}

// test is go test with these words.
func (e *Extracted) test(ctx context.Context, file string, words, env []string, stdout io.Writer) (err error) {
	// Whoever has made the words has read the user's own settings.
	args, err := gotest.ParseArgs(words, []string{"GOENV=off"})
	if err != nil {
		return err
	}
	numbers, err := e.Match(e.SourceFolder(), args.Packages)
	if err != nil {
		return err
	}
	t := &goTest{Extracted: e, args: args, env: env, out: &lockedWriter{out: stdout}}
	if t.archive, err = Open(file); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.archive.Close()) }()
	if t.dir, err = os.Getwd(); err != nil {
		return err
	}
	if t.work, err = os.MkdirTemp(gotest.GoEnv(env, "GOTMPDIR"), "go-build"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scratch.RemoveAll(t.work)) }()
	if t.meta, err = t.archive.extractMeta(t.work); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if t.profile, err = createProfile(args.Profile(""), e.Cover); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.profile.close()) }()
	return t.run(ctx, numbers)
}

// run runs packages, each begun after the one before it, as many at a time as -p says.
func (t *goTest) run(ctx context.Context, numbers []int) error {
	turns := make(chan struct{}, max(1, orDefault(t.args.P, runtime.GOMAXPROCS(0))))
	var wg sync.WaitGroup
	for _, n := range numbers {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			t.failed.Store(true) // nothing is said of what did not begin
			break
		}
		if t.args.FailFast && t.failed.Load() || t.isBroken() {
			break
		}
		events := testbin.NewEncoder(t.out, t.Packages[n].ImportPath, time.Now)
		wg.Go(func() { // ends with the package; run waits for it
			defer func() { <-turns }()
			t.pkg(n, events)
		})
	}
	wg.Wait()
	switch {
	case len(t.broken) > 0:
		return errors.Join(t.broken...)
	case t.failed.Load():
		return exitStatus(1)
	}
	return nil
}

func orDefault(n, def int) int {
	if n > 0 {
		return n
	}
	return def
}

// breaks notes what keeps the command from being done.
func (t *goTest) breaks(err error) {
	if err == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = append(t.broken, err)
}

func (t *goTest) isBroken() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.broken) > 0
}

// pkg runs the package with that number.
func (t *goTest) pkg(n int, events *testbin.Encoder) {
	p := t.Packages[n]
	var result error
	if p.Binary == nil {
		_, err := io.WriteString(events, p.Said)
		t.breaks(err)
		if p.Profile {
			t.breaks(t.addProfile(n))
		}
	} else if result = t.binary(n, events); result != nil {
		t.failed.Store(true)
	}
	events.Exited(result)
	t.breaks(events.Close())
}

// addProfile adds what a package without tests adds to the profile.
func (t *goTest) addProfile(n int) error {
	if t.profile == nil {
		return nil
	}
	var text bytes.Buffer
	entry := binEntry(n, profileFile)
	size := int64(0)
	if f, ok := t.archive.entries[entry]; ok {
		size = int64(f.UncompressedSize64)
	}
	if _, err := t.archive.copy(&text, entry, size); err != nil {
		return err
	}
	return t.profile.add(&text)
}

// binary runs a test binary, and writes what the go command writes of it. It returns an error if the
// package failed.
func (t *goTest) binary(n int, events io.Writer) error {
	p := t.Packages[n]
	var said bytes.Buffer
	out := io.MultiWriter(events, &said)
	dir := filepath.Join(t.work, fmt.Sprintf("b%03d", n+1))
	hello, err := t.prepare(n, dir)
	if err != nil {
		t.breaks(err)
		// An encoder keeps its first error for its end.
		_, _ = fmt.Fprintf(events, "cohort: %v\n\x16FAIL\t%s [setup failed]\n", err, p.ImportPath)
		return err
	}
	begun := time.Now()
	code, err := reentry.HandOver(hello, out)
	if err != nil {
		_, _ = fmt.Fprintf(out, "cohort %s: %v\n", reentry.ExecTestCommand, err)
		code = 1
	}
	took := time.Since(begun)
	if t.profile != nil {
		t.breaks(t.profile.addFile(profileOf(dir)))
	}
	_, _ = io.WriteString(events, ending(p.ImportPath, said.Bytes(), code, took, t.Cover != ""))
	t.breaks(scratch.RemoveAll(dir))
	if code != 0 {
		return exitStatus(code)
	}
	return nil
}

func profileOf(dir string) string { return filepath.Join(dir, "_cover_.out") }

// prepare puts a binary into the folder dir, and says how it is to be run.
func (t *goTest) prepare(n int, dir string) (hello reentry.Hello, err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return hello, err
	}
	binary, err := t.archive.extractBinary(n, dir)
	if err != nil {
		return hello, fmt.Errorf("%s: %w", t.archive.name, err)
	}
	hello.Dir = t.path(t.Packages[n].Dir)
	hello.Env = with(t.env, "PWD", hello.Dir)
	hello.Args = []string{binary, "-test.paniconexit0"}
	if t.Cover != "" {
		covers := filepath.Join(dir, "gocoverdir")
		if err := t.makeCoverDir(covers); err != nil {
			return hello, err
		}
		hello.Args = append(hello.Args, "-test.gocoverdir="+covers)
		hello.Env = with(hello.Env, "GOCOVERDIR", covers)
	}
	hello.Args = append(hello.Args, t.args.ForBinary(t.dir, profileOf(dir))...)
	return hello, nil
}

// with returns an environment in which a variable has that value.
func with(env []string, name, value string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	return append(env, name+"="+value)
}

// ending is what the go command writes behind what a binary has said.
func ending(pkg string, said []byte, code int, took time.Duration, covers bool) string {
	newline := ""
	if len(said) > 0 && said[len(said)-1] != '\n' {
		newline = "\n" // before the line of the package
	}
	if code != 0 {
		if len(said) == 0 {
			newline = fmt.Sprintf("exit status %d\n", code)
		}
		return fmt.Sprintf("%s\x16FAIL\t%s\t%.3fs\n", newline, pkg, took.Seconds())
	}
	return fmt.Sprintf("%sok  \t%s\t%.3fs%s%s\n", newline, pkg, took.Seconds(), percentage(said, covers), notRun(said))
}

// percentage is what the line of a package says of its coverage.
func percentage(said []byte, covers bool) string {
	if !covers {
		return ""
	}
	found := regexp.MustCompile(`coverage: (.*)\n`).FindSubmatch(said)
	if found == nil {
		return ""
	}
	return fmt.Sprintf("\tcoverage: %s", found[1])
}

// notRun is what the line of a package says if there was nothing to run.
func notRun(said []byte) string {
	const none = "testing: warning: no tests to run\n"
	if bytes.HasPrefix(said, []byte(none)) || bytes.Contains(said, []byte("\n"+none)) {
		return " [no tests to run]"
	}
	return ""
}

// lockedWriter writes events of several packages, each whole.
type lockedWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *lockedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(b)
}
