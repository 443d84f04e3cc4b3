// Package contend serves on a fixed port.
package contend

import (
	"cmp"
	"net"
	"os"
	"time"
)

// hold is how long a server is up at least: the part of a test in which two collide.
const hold = 20 * time.Millisecond

// Serve listens on the port for a short while, or for FLAKES_HOLD if that is longer.
func Serve() error {
	longer, err := time.ParseDuration(cmp.Or(os.Getenv("FLAKES_HOLD"), "0"))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+cmp.Or(os.Getenv("FLAKES_PORT"), "47613"))
	if err != nil {
		return err
	}
	time.Sleep(max(longer, hold))
	return l.Close()
}
