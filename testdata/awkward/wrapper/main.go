// Command wrapper is for go test's -exec: it notes in the file named by
// WRAPPER_MARKS that it was called, then runs the command it is given.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

func main() {
	if err := run(os.Args[1:], os.Getenv("WRAPPER_MARKS")); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			os.Exit(exit.ExitCode())
		}
		fmt.Fprintln(os.Stderr, "wrapper:", err)
		os.Exit(1)
	}
}

// run notes the call in the file marks, unless it is "", and runs args.
func run(args []string, marks string) error {
	if len(args) == 0 {
		return errors.New("no command")
	}
	if marks != "" {
		if err := note(marks); err != nil {
			return err
		}
	}
	command := exec.Command(args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return command.Run()
}

// note appends a line to the file.
func note(file string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, "called"); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
