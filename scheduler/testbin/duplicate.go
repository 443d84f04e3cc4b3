package testbin

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Duplicate gives the program at from a second name, to, which must not exist: a link to the same
// file, or where there are no links, as on another file system, a copy.
func Duplicate(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	return clone(from, to)
}

// clone copies a program.
func clone(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", from, errors.Join(err, os.Remove(to)))
	}
	return nil
}
