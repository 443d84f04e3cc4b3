package linkcache

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// usageError is the exit code for a command line that is wrong, as everywhere in cohort.
const usageError = 3

// Main is the command "cohort exec-tool [-stand-in] TOOL ARGS...", which the go command starts in place of each of its
// tools; the flag allows a stand-in in place of a test binary. env is the environment (as from os.Environ) for the tool and for this package's own settings. It returns the exit code. On
// Unix a tool that is not answered from the cache replaces this process, and Main does not return.
//
// It prints nothing of its own to stdout, and to stderr only when a tool cannot be started: the go command reads both as
// the tool's words. The go command gives its tools no input, so there is no stdin.
func Main(args, env []string, stdout, stderr io.Writer) int {
	standIn := len(args) > 0 && args[0] == standInFlag
	if standIn {
		args = args[1:]
	}
	if len(args) == 0 {
		return report(stderr, usageError, "cohort exec-tool: want a tool and its arguments (the go command calls this, by -toolexec)")
	}
	t := tool{argv: args, standIn: standIn, env: env, stdout: stdout, stderr: stderr}
	if isLink(args) {
		// A setting that is wrong was reported when cohort began; here it means no cache.
		if c, err := FromEnv(env); err == nil && !c.Off() {
			return t.link(newStore(c))
		}
	}
	return t.replace()
}

// A tool is the call of one of the go command's tools.
type tool struct {
	argv           []string // the tool and its arguments
	standIn        bool     // exec-test will run what is linked
	env            []string
	stdout, stderr io.Writer
}

// link answers a call of the linker from the store, or runs it and keeps its output.
func (t *tool) link(s *store) int {
	r, ok := parseRequest(t.argv)
	if !ok {
		return t.replace()
	}
	t.standIn = t.standIn && isTestBinary(r.out)
	if t.standIn {
		r.keyed = append(r.keyed, standInFlag) // the go command has been at these entries
	}
	k, err := makeKey(r, t.env, dynamicLinkers("/"))
	if err != nil {
		return t.replace()
	}
	get := s.copyTo
	if t.standIn {
		get = s.linkTo
	}
	if get(k, r.out) == nil {
		return 0
	}
	// Whatever the reason was, the linker makes the output; what it cannot do either, it reports.
	return t.runLink(s, k, r)
}

// runLink runs the linker and stores its output if it is one to keep: an executable made by the Go linker alone, without
// a word to the user.
func (t *tool) runLink(s *store, k key, r *request) int {
	// The linker writes to its temporary folder exactly when it calls the C linker, and leaves a folder alone that was
	// given to it: so what is in there afterwards tells which linker made the output. The folder is made beside the
	// output, in the go command's own work folder, which the go command removes in any case.
	dir, err := os.MkdirTemp(filepath.Dir(r.out), "cohort-link-")
	if err != nil {
		return t.replace()
	}
	code, silent := t.run(append([]string{r.tool, "-tmpdir=" + dir}, r.args...))
	left, err := os.ReadDir(dir)
	keep := code == 0 && silent && err == nil && len(left) == 0
	// As above: the go command removes it if this does not.
	_ = os.RemoveAll(dir)
	switch {
	case keep && t.standIn:
		// Without the file there will be no entry, which is as good as a store that cannot take it (full, read-only): the
		// link itself is done.
		_ = os.WriteFile(r.out+keySuffix, []byte(k.String()), 0o600)
	case keep:
		_ = s.put(k, r.out)
	}
	return code
}

// linkGC has the linker collect no garbage. It makes little, and most of its memory is not in its heap: for binaries of 5 to
// 24 MB it takes 10 to 14% less CPU time so, and 13 to 16% more memory (go1.26, Linux on two cores). What it writes is the
// same. A user's own GOGC counts.
const linkGC = "GOGC=off"

// run runs argv as a child and returns its exit code and whether it printed nothing. The child stays in this process's
// group, where a signal for the go command and its tools reaches both.
func (t *tool) run(argv []string) (code int, silent bool) {
	stdout, stderr := &counter{w: t.stdout}, &counter{w: t.stderr}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = t.env
	if isLink(argv) && lookup(t.env, "GOGC") == "" {
		cmd.Env = append(slices.Clip(t.env), linkGC)
	}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), stdout.n+stderr.n == 0
	}
	if err != nil {
		return report(t.stderr, 1, "cohort exec-tool: %s: %v", argv[0], err), false
	}
	return 0, stdout.n+stderr.n == 0
}

// A counter passes on what is written to it and counts it. It is for one goroutine.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.w.Write(p)
}

// report prints a line to w and returns code.
func report(w io.Writer, code int, format string, args ...any) int {
	// stderr is the last resort: there is nowhere to report that it cannot be written.
	_, _ = fmt.Fprintf(w, format+"\n", args...)
	return code
}
