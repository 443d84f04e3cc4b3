package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/scratch"
)

// ErrNoDelve is returned when dlv cannot be found. Its text says what to do.
var ErrNoDelve = errors.New("dlv (delve) is not in PATH, install it with: " +
	"go install github.com/go-delve/delve/cmd/dlv@latest")

// Delve debugs the tests of one package with `dlv test`, as the key d asks for.
type Delve struct {
	// Package is the pattern of the package's directory, in which its tests run.
	Package string
	// BuildFlags are flags of go build that the test binary is to be built with.
	BuildFlags []string
	// Args are arguments for the test binary: its flags have the prefix "-test.".
	Args []string
	// Tests are names of tests to stop at, with or without subtests. The debugger
	// runs until the first of them, or until the end if there is none.
	Tests []string
	// Dir is the directory dlv is started in. Empty: the current one.
	Dir string
	// Stdin, Stdout and Stderr are the debugger's: the terminal.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Run runs the debugger until its user leaves it, which is no error whatever its
// exit code, or ctx is done. It returns [ErrNoDelve] if dlv is not installed.
func (d Delve) Run(ctx context.Context) (err error) {
	dlv, err := exec.LookPath("dlv")
	if err != nil {
		return ErrNoDelve
	}
	// The binary goes there as well: gotestsum leaves it in the user's directory.
	tmp, err := scratch.Make("", "delve-")
	if err != nil {
		return fmt.Errorf("start dlv: %w", err)
	}
	defer func() { err = errors.Join(err, tmp.Remove()) }()

	init := filepath.Join(tmp.Path, "init")
	if err := os.WriteFile(init, []byte(d.script()), 0o600); err != nil {
		return fmt.Errorf("start dlv: %w", err)
	}
	cmd := exec.CommandContext(ctx, dlv, d.arguments(tmp.Path, init)...)
	cmd.Dir = d.Dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = d.Stdin, d.Stdout, d.Stderr
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	cmd.WaitDelay = 5 * time.Second // to kill what it debugs, before it is killed itself
	err = cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); ok || ctx.Err() != nil {
		return nil
	}
	return err
}

func (d Delve) arguments(tmp, init string) []string {
	args := []string{"test", "--wd", d.Package, "--output", filepath.Join(tmp, "debug.test"), "--init", init}
	if len(d.BuildFlags) > 0 {
		args = append(args, "--build-flags", quoteFields(d.BuildFlags))
	}
	args = append(args, d.Package, "--")
	return append(args, d.Args...)
}

// quoteFields joins words as dlv will split them: at spaces, but for those between
// single quotes. A word with both a space and a single quote cannot be written.
func quoteFields(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		if strings.Contains(word, " ") {
			word = "'" + word + "'"
		}
		quoted[i] = word
	}
	return strings.Join(quoted, " ")
}

// script is what dlv does first: it breaks at the functions of the tests.
func (d Delve) script() string {
	var b strings.Builder
	var done []string
	for _, test := range d.Tests {
		root, _, _ := strings.Cut(test, "/")
		if !slices.Contains(done, root) {
			done = append(done, root)
			fmt.Fprintf(&b, "break %s\n", root)
		}
	}
	b.WriteString("continue\n")
	return b.String()
}
