package scheduler

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/procgroup"
	"github.com/gotestcohort/cohort/scheduler/scratch"
)

// goCommand is the `go test -json` of a run.
type goCommand struct {
	cmd    *exec.Cmd
	stdout *os.File // wait closes it
	stderr io.Reader
	work   *scratch.Dir // a folder for its work directory, or nil
	user   []string     // the environment that the user gave
	ended  atomic.Bool  // its process group's number may be another's now
}

// workEnv begins the setting of where the go command makes its work directory.
const workEnv = "GOTMPDIR="

// startGo starts the go command. Its test binaries find the listener by the variable in listen.
// The caller calls removeWork in the end, also after an error.
func startGo(c *Config, listen string) (*goCommand, error) {
	options := gotest.CommandOptions{Self: c.Self, Workers: max(c.Workers, c.Packages), Toolexec: c.Toolexec, Modes: c.modes()}
	if c.SeedChosen {
		options.Seed = fmt.Sprint(c.Seed)
	}
	words, err := c.GoTest.Command(options)
	g := &goCommand{user: c.Env}
	if err != nil {
		return g, err
	}
	g.cmd = exec.Command(words[0], words[1:]...)
	g.cmd.Env = append(c.Env[:len(c.Env):len(c.Env)], listen)
	if !c.GoTest.Work { // the user wants to look into it afterwards
		g.work = workDir(c.Env)
	}
	if g.work != nil {
		g.cmd.Env = append(g.cmd.Env, workEnv+g.work.Path)
	}
	g.cmd.Dir = c.Dir
	procgroup.Own(g.cmd)
	if g.stderr, err = g.cmd.StderrPipe(); err != nil {
		return g, err
	}
	if err := g.start(); err != nil {
		return g, fmt.Errorf("start go test: %w", err)
	}
	return g, nil
}

// start starts the go command with a pipe for its stdout.
func (g *goCommand) start() error {
	r, w, err := newPipe()
	if err != nil {
		return err
	}
	g.stdout, g.cmd.Stdout = r, w
	err = g.cmd.Start()
	_ = w.Close() // the go command has it, and nothing was written
	if err != nil {
		err = errors.Join(err, r.Close())
	}
	return err
}

// workDir makes a directory for the go command's work directory, which an
// interrupted build leaves behind, as does a go command that is killed. Without
// it (nil) the go command does as ever, and says what is wrong.
func workDir(env []string) *scratch.Dir {
	dir, err := scratch.Make(gotest.GoEnv(env, "GOTMPDIR"), "work-")
	if err != nil {
		return nil
	}
	return dir
}

// wait waits for the go command, after its output has been read.
func (g *goCommand) wait() error {
	err := g.cmd.Wait()
	g.ended.Store(true)
	// It was only read.
	_ = g.stdout.Close()
	return err
}

// interrupt asks the go command to end, which it does as soon as the packages under way have
// their results. It may have ended already, so the error says nothing.
func (g *goCommand) interrupt() {
	if !g.ended.Load() {
		_ = procgroup.Signal(g.cmd.Process, os.Interrupt)
	}
}

// kill ends it at once.
func (g *goCommand) kill() {
	if !g.ended.Load() {
		_ = procgroup.Kill(g.cmd.Process) // it may be gone already
	}
}

// testEnv returns the environment of a test as the user's go command would set it, given that of
// an exec-test.
func (g *goCommand) testEnv(env []string) []string {
	if g.work == nil {
		return env
	}
	env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, workEnv) })
	for _, kv := range g.user {
		if strings.HasPrefix(kv, workEnv) {
			env = append(env, kv)
		}
	}
	return env
}

// removeWork removes the work directory.
func (g *goCommand) removeWork() error {
	if g.work == nil {
		return nil
	}
	if err := g.work.Remove(); err != nil {
		return fmt.Errorf("remove the go command's work directory: %w", err)
	}
	return nil
}
