//go:build unix

package reentry

import (
	"fmt"
	"syscall"
)

// replace makes this process the tool. It returns, with an exit code, only if that fails.
func (t *tool) replace() int {
	// The go command names its own tools by path, but asks C compilers for their version by name.
	path, err := lookPath(t.argv[0], t.env)
	if err == nil {
		err = syscall.Exec(path, t.argv, t.env)
	}
	return t.report(1, fmt.Errorf("%s: %w", t.argv[0], err))
}

// askToInherit waits for this tool's turn, and leaves the connection open for the program that
// replaces this one: the kernel closes it when that has ended, however it ends. Otherwise it is as
// begin.
func askToInherit(env []string, tool string) {
	path, greeting, ok := ask(env, tool)
	if !ok {
		return
	}
	fd, err := connect(path)
	if err != nil {
		return
	}
	if _, err := syscall.Write(fd, greeting); err != nil {
		return
	}
	answer := make([]byte, frameHead)
	err = syscall.EINTR
	for err == syscall.EINTR {
		_, err = syscall.Read(fd, answer)
	}
}
