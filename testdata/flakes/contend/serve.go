// Package contend serves on a fixed port.
package contend

import (
	"cmp"
	"net"
	"os"
	"time"
)

// hold is how long a server is up: the part of a test in which two collide.
const hold = 20 * time.Millisecond

// Serve listens on the port for a short while.
func Serve() error {
	l, err := net.Listen("tcp", "127.0.0.1:"+cmp.Or(os.Getenv("FLAKES_PORT"), "47613"))
	if err != nil {
		return err
	}
	time.Sleep(hold)
	return l.Close()
}
