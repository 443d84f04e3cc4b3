package main

import (
	"os"
	"os/exec"
)

// restart starts the program self in dir and waits for it. Signals reach it by themselves: they are
// sent to all processes of the console.
func (c *command) restart(self, dir string, args, env []string) error {
	cmd := exec.Command(self, args[1:]...)
	cmd.Args[0] = args[0]
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.stdin, c.stdout, c.stderr
	return statusOf(cmd.Run())
}

// isStarter reports whether a process is the one that called restart for this one.
func isStarter(pid int) bool { return pid == os.Getppid() }
