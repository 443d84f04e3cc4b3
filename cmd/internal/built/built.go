// Package built builds the programs that tests start, each once for all tests of a test binary. It is
// for tests.
//
// The programs are files, not variables, so that all packages of a test binary share them: the tests
// of a command, and the external ones beside it.
package built

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// envFolder is the environment variable that names the folder of the programs.
const envFolder = "BUILT_FOR_TESTS"

// M is a testing.M whose tests have a folder for programs, which is removed behind them.
type M struct {
	Tests interface{ Run() int }
	// Commands is a program that all tests find in PATH under each of the Names; it is built before
	// they begin. Without Names there is none.
	Commands Program
	Names    []string
}

// Run runs the tests and returns their exit code. What they start has GOGC=1000 unless GOGC is set.
func (m M) Run() int {
	code, err := m.run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "programs of the tests:", err)
		return max(code, 1)
	}
	return code
}

func (m M) run() (code int, err error) {
	heedSignals()
	folder, err := os.MkdirTemp("", "cohort-programs-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	// Most of what tests start ends before it has made much garbage: to collect it took a tenth of
	// its processor time.
	if err := errors.Join(os.Setenv(envFolder, folder), os.Setenv("GOGC", cmp.Or(os.Getenv("GOGC"), "1000"))); err != nil {
		return 1, err
	}
	if len(m.Names) > 0 {
		if err := m.install(folder); err != nil {
			return 1, err
		}
	}
	return m.Tests.Run(), nil
}

// heedSignals has programs that tests start end by a signal though whoever has started the tests ignores it,
// as nohup does: a signal that is heard here is not ignored in them.
func heedSignals() {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTERM} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
}

// Folder returns a folder of that name, which the tests share and which is removed behind them all. It
// fails t as Path does.
func Folder(t testing.TB, name string) string {
	t.Helper()
	folder := filepath.Join(os.Getenv(envFolder), "folders", name)
	if err := os.MkdirAll(folder, 0o700); err != nil || !filepath.IsAbs(folder) {
		t.Fatalf("folder %s: %v", folder, err)
	}
	return folder
}

// install puts the commands into PATH.
func (m M) install(folder string) error {
	program, err := m.Commands.build(folder)
	if err != nil {
		return err
	}
	for _, name := range m.Names {
		if err := os.Link(program, filepath.Join(filepath.Dir(program), name+filepath.Ext(program))); err != nil {
			return err
		}
	}
	return os.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// Program is a command of a module.
type Program struct {
	// Name is the name of its file, without the suffix that it has on Windows. Two programs of one
	// name and Race must be the same.
	Name string
	// Package is its package as for go build, in Dir, which is the current directory if empty.
	Package string
	Dir     string
	// Race builds it with the race detector.
	Race bool
}

// Path returns the absolute path of the program, which is in a folder of its own. The first call
// builds it, and others wait for that. It fails t if the program cannot be built, or if the tests do
// not run by way of M. It is safe for concurrent use.
func (p Program) Path(t testing.TB) string {
	t.Helper()
	path, err := p.build(os.Getenv(envFolder))
	if err != nil {
		t.Fatalf("build %s: %v", p.Name, err)
	}
	return path
}

func (p Program) build(folder string) (path string, err error) {
	if folder == "" {
		return "", errors.New("TestMain does not run the tests by way of built.M")
	}
	args := []string{"build", Trimmed}
	if p.Race {
		folder, args = filepath.Join(folder, "race"), append(args, "-race")
	}
	path = filepath.Join(folder, p.Name, p.Name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	unlock, err := lockedfile.MutexAt(filepath.Dir(path) + ".lock").Lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	cmd := exec.Command("go", append(args, "-o", path, p.Package)...)
	cmd.Dir = p.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	return path, nil
}
