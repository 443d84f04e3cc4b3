package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gotestcohort/cohort/scheduler/procgroup"
)

// queueProgram is the program that talks to the queue's server. cohort itself starts twice for each
// package, and cannot afford to know how.
const queueProgram = "cohort-queue"

// queueEnd is how long the program may take to end once nobody talks to it.
const queueEnd = 5 * time.Second

// bridge is the running program, as a connection to it.
type bridge struct {
	io.Reader
	io.WriteCloser
	cmd   *exec.Cmd
	ended chan error // takes one
}

// findQueueProgram returns the path of the program: beside cohort itself, or in PATH.
func findQueueProgram() (string, error) {
	name := queueProgram
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("--queue needs the program %s next to cohort or in PATH: go install github.com/gotestcohort/cohort/cmd/%s@latest", name, queueProgram)
	}
	return path, nil
}

// startBridge starts the program.
func (c *command) startBridge(words []string) (*bridge, error) {
	program, err := findQueueProgram()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, append([]string{"bridge"}, words...)...)
	cmd.Env, cmd.Stderr = c.env.list, c.stderr
	procgroup.Own(cmd) // Ctrl-C is for cohort, which has to tell the other machines
	b := &bridge{cmd: cmd, ended: make(chan error, 1)}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.log.debugf("exec: %s", cmd.Args)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	b.Reader, b.WriteCloser = stdout, stdin
	return b, nil
}

// Close ends the connection, and with it the program.
func (b *bridge) Close() error {
	err := b.WriteCloser.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	go func() { b.ended <- b.cmd.Wait() }() // ends with the program; received below
	select {
	case <-b.ended: // what is wrong with it has been said over the connection
	case <-time.After(queueEnd):
		err = errors.Join(err, procgroup.Kill(b.cmd.Process))
		<-b.ended
	}
	return err
}
