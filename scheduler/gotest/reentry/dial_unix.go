//go:build unix

package reentry

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// dial connects to the socket. It does without package net, whose initialisation takes longer than
// all else that exec-test does.
func dial(path string) (io.ReadWriteCloser, error) {
	fd, err := connect(path)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), path), nil
}

// connect returns a socket that programs which replace this one inherit. It blocks while the
// listener's queue is full.
func connect(path string) (int, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	err = syscall.EINTR
	for err == syscall.EINTR {
		err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: path})
	}
	if err != nil {
		// The descriptor is of no use to anybody.
		_ = syscall.Close(fd)
		return -1, fmt.Errorf("connect %s: %w", path, err)
	}
	return fd, nil
}
