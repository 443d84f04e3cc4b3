//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// restart replaces this process by the program self, started in dir. It returns only if that fails.
func (c *command) restart(self, dir string, args, env []string) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	err = syscall.Exec(self, args, env)
	if err := os.Chdir(here); err != nil {
		return err
	}
	return fmt.Errorf("start %s again: %w", self, err)
}

// isStarter reports whether a process is the one that called restart for this one.
func isStarter(pid int) bool { return pid == os.Getpid() }
