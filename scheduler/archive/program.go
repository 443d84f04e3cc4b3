package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

// Command is the name of the command with which cohort starts itself in the place of the go command.
const Command = "archived-go"

// extractedManifest is the name of the manifest in the folder that an archive is extracted to.
const extractedManifest = "manifest.json"

// Program returns the words that start the go command's part for an archive that has been extracted,
// for [gotest.Args]. self is the path of the cohort program.
func (e *Extracted) Program(self, file string) []string {
	return []string{self, Command, e.Dir, file}
}

// OpenExtracted returns the archive that has been extracted to dir.
func OpenExtracted(dir string) (*Extracted, error) {
	text, err := os.ReadFile(filepath.Join(dir, extractedManifest))
	if err != nil {
		return nil, fmt.Errorf("open the extracted archive: %w", err)
	}
	m, err := ParseManifest(text)
	if err != nil {
		return nil, fmt.Errorf("open the extracted archive %s: %w", dir, err)
	}
	return &Extracted{Manifest: m, Dir: dir}, nil
}

// exitBroken is the exit status of a go command that could not do what it was asked.
const exitBroken = 3

// Main is the command that [Extracted.Program] starts: args are the words after its name, up to those
// of go. It returns the exit status.
func Main(args, env []string, stdout, stderr io.Writer) int {
	if err := run(args, env, stdout); err != nil {
		var status exitStatus
		if errors.As(err, &status) {
			return int(status)
		}
		_, _ = fmt.Fprintf(stderr, "cohort: %v\n", err) // the last resort
		return exitBroken
	}
	return 0
}

// exitStatus is an exit status other than 0, of which all has been said.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func run(args, env []string, stdout io.Writer) error {
	if len(args) < 3 {
		return fmt.Errorf("the command %s is for the cohort that runs an archive", Command)
	}
	dir, file, verb, words := args[0], args[1], args[2], args[3:]
	e, err := OpenExtracted(dir)
	if err != nil {
		return err
	}
	switch verb {
	case "list":
		return e.list(words, stdout)
	case "test":
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		return e.test(ctx, file, words, env, stdout)
	}
	return fmt.Errorf("go %s: an archive knows go test and go list", verb)
}
