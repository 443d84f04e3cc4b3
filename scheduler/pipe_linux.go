package scheduler

import (
	"os"
	"syscall"
)

// newPipe returns a pipe whose reader waits in the kernel and not in Go's poller. The go command
// writes each event by itself, some 100,000 a second. The poller asks to be woken for each of them,
// also while the reader sleeps to let them gather, and each time takes the processor from the go
// command. In return a Close does not end a Read.
func newPipe() (r, w *os.File, err error) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	return os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe"), nil
}
