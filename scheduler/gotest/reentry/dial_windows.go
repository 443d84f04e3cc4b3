package reentry

import (
	"io"
	"net"
)

// dial connects to the socket.
func dial(path string) (io.ReadWriteCloser, error) { return net.Dial("unix", path) }
