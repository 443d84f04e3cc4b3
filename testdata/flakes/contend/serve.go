// Package contend serves on a fixed port.
package contend

import (
	"cmp"
	"net"
	"os"
	"time"
)

// hold is how long a server is up: the part of a test in which two collide. FLAKES_HOLD can make it longer.
func hold() time.Duration {
	longer, _ := time.ParseDuration(os.Getenv("FLAKES_HOLD")) // 0 if it is not set
	return max(longer, 20*time.Millisecond)
}

// Serve listens on the port for a short while.
func Serve() error {
	l, err := net.Listen("tcp", "127.0.0.1:"+cmp.Or(os.Getenv("FLAKES_PORT"), "47613"))
	if err != nil {
		return err
	}
	time.Sleep(hold())
	return l.Close()
}
