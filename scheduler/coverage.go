package scheduler

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// coverSum adds up what the attempts of a package have covered. It may be used concurrently.
type coverSum struct {
	mu sync.Mutex
	// all is of every attempt, reruns of those after the first.
	all, reruns gotest.Profile
	some        bool // there are reruns
}

// first takes the profile of the first attempt.
func (c *coverSum) first(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return ignoreAbsent(addProfile(&c.all, name))
}

// add takes the profile of a rerun. A process that died has left none.
func (c *coverSum) add(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	c.some = true
	return errors.Join(addProfile(&c.all, name), addProfile(&c.reruns, name))
}

// line returns the line with the percentage of all attempts.
func (c *coverSum) line(suffix string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all.Percent(suffix)
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// mergeInto adds the reruns to the profile at name, which go test has written.
func (c *coverSum) mergeInto(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.some {
		return nil
	}
	old, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("add the coverage of reruns: %w", err)
	}
	out, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return errors.Join(fmt.Errorf("add the coverage of reruns: %w", err), old.Close())
	}
	err = errors.Join(c.reruns.MergeInto(out, old), out.Close(), old.Close())
	if err == nil {
		err = copyOver(out.Name(), name)
	}
	if err = errors.Join(err, os.Remove(out.Name())); err != nil {
		return fmt.Errorf("add the coverage of reruns to %s: %w", name, err)
	}
	return nil
}

// copyOver writes the content of one file over that of another, which keeps its mode and may be
// a link.
func copyOver(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close(), in.Close())
}

// addProfile adds the profile in a file.
func addProfile(to *gotest.Profile, name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := to.AddText(string(data)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
