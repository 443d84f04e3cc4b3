package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// growPipe makes the pipe that r reads hold size bytes, and reports whether it does.
func growPipe(r io.Reader, size int) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	got := 0
	// Fd would make the pipe a blocking one.
	err = conn.Control(func(fd uintptr) { got, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, size) })
	return err == nil && got >= size
}
