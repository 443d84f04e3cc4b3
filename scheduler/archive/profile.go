package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
)

// profile is the coverage profile of all packages, which are added as they end. A nil one is none.
type profile struct {
	mode string

	mu   sync.Mutex
	file *os.File
}

// createProfile begins the profile at name, nil for "".
func createProfile(name, mode string) (*profile, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	p := &profile{mode: "mode: " + mode + "\n", file: file}
	if _, err := io.WriteString(file, p.mode); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return p, nil
}

// addFile adds the profile of a test binary, which may have left none.
func (p *profile) addFile(name string) error {
	in, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(p.add(in), in.Close())
}

// add adds a profile as the go command does: without its first line.
func (p *profile) add(from io.Reader) error {
	in := bufio.NewReader(from)
	head, err := in.ReadString('\n')
	if head == "" && errors.Is(err, io.EOF) {
		return nil
	}
	if head != p.mode {
		return fmt.Errorf("a test has written a coverage profile that begins with %q, not %q", head, p.mode)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := io.Copy(p.file, in); err != nil {
		return fmt.Errorf("write the coverage profile: %w", err)
	}
	return nil
}

func (p *profile) close() error {
	if p == nil {
		return nil
	}
	return p.file.Close()
}
