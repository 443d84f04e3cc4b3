//go:build unix

package linkcache

import (
	"os/exec"
	"syscall"
)

// replace makes this process the tool. It returns, with an exit code, only if that fails.
func (t *tool) replace() int {
	// The go command names its own tools by path, but asks C compilers for their version by name.
	path, err := exec.LookPath(t.argv[0])
	if err == nil {
		err = syscall.Exec(path, t.argv, t.env)
	}
	return report(t.stderr, 1, "cohort exec-tool: %s: %v", t.argv[0], err)
}
