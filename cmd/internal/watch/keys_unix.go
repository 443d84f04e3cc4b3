//go:build unix

package watch

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// terminal is a keyboard on a unix terminal. Between start and stop the terminal
// is not canonical and does not echo; signals (Ctrl-C) and output processing stay
// on, which x/term's MakeRaw would turn off.
type terminal struct {
	fd     int
	saved  unix.Termios // as it was found: what stop restores
	ch     chan byte
	wake   [2]int        // a pipe: a byte in it ends the reader
	reader chan struct{} // closed by the reader when it ends; nil: there is none
}

// newKeyboard returns the keyboard of in, or an error that says why it has none. Its
// file descriptors are the first that Watch opens: select takes none over 1023.
func newKeyboard(in *os.File) (keyboard, error) {
	if in == nil {
		return nil, errNoTerminal
	}
	t := &terminal{fd: int(in.Fd()), ch: make(chan byte, typeAhead)}
	saved, err := unix.IoctlGetTermios(t.fd, getTermios)
	if err != nil {
		return nil, err
	}
	t.saved = *saved
	if err := unix.Pipe(t.wake[:]); err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	for _, fd := range t.wake {
		unix.CloseOnExec(fd)
	}
	return t, nil
}

func (t *terminal) keys() <-chan byte { return t.ch }

func (t *terminal) start() error {
	if t.reader != nil || !t.foreground() {
		return nil
	}
	single := t.saved
	single.Lflag &^= unix.ECHO | unix.ICANON
	single.Cc[unix.VMIN] = 1
	single.Cc[unix.VTIME] = 0
	if err := unix.IoctlSetTermios(t.fd, setTermios, &single); err != nil {
		t.restore()
		return fmt.Errorf("set up the terminal: %w", err)
	}
	t.reader = make(chan struct{})
	// It ends when stop writes to the wake pipe, which waits for it, or at the end
	// of input.
	go t.read(t.reader)
	return nil
}

func (t *terminal) stop() {
	if t.reader == nil {
		return
	}
	// A pipe of its own that holds at most one byte takes it at once.
	_, _ = unix.Write(t.wake[1], []byte{0})
	<-t.reader
	t.reader = nil
	var drained [1]byte
	_, _ = unix.Read(t.wake[0], drained[:])
	t.restore()
}

func (t *terminal) close() {
	t.stop()
	for _, fd := range t.wake {
		_ = unix.Close(fd) // nothing is lost
	}
}

// restore puts the terminal back as it was found. It is best effort: a terminal that
// is gone needs nothing, and one that another job has now was restored by its shell.
func (t *terminal) restore() {
	if t.foreground() {
		_ = unix.IoctlSetTermios(t.fd, setTermios, &t.saved)
	}
}

// foreground reports whether this process may use the terminal. A background job
// that tries is stopped by the OS. A terminal that is not this session's knows no
// jobs, and may be used.
func (t *terminal) foreground() bool {
	owner, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP)
	if err != nil {
		return errors.Is(err, unix.ENOTTY)
	}
	group, err := unix.Getpgid(0)
	return err == nil && group == owner
}

// read delivers keys until it is woken, the input ends, or the terminal is another
// job's. It never blocks in a read, so that stop need not wait for a key.
func (t *terminal) read(ended chan<- struct{}) {
	defer close(ended)
	var buf [typeAhead]byte
	for {
		ready := unix.FdSet{}
		ready.Set(t.fd)
		ready.Set(t.wake[0])
		_, err := unix.Select(max(t.fd, t.wake[0])+1, &ready, nil, nil, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil || ready.IsSet(t.wake[0]) || !t.foreground():
			return
		}
		n, err := unix.Read(t.fd, buf[:])
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		for _, key := range typed(buf[:n]) {
			select {
			case t.ch <- key:
			default: // more keys than anyone means
			}
		}
	}
}
