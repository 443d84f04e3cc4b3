// Package shared has what the tests of this module share with other processes without need: a
// port, a file, a lock that is taken without waiting.
package shared

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// least is how long a test has what it shares at least.
const least = 150 * time.Millisecond

// hold is how long a test has what it shares, so that another one that runs at the same time meets
// it there: on a busy machine, where two processes that are started together begin far apart,
// twice as long as the process took to begin.
var hold = max(least, 2*age())

// age is how old the process is, 0 where that cannot be known: it is read as Linux writes it, in
// hundredths of a second since the machine was started.
func age() time.Duration {
	stat, _ := os.ReadFile("/proc/self/stat") // nothing is read elsewhere
	up, _ := os.ReadFile("/proc/uptime")      // likewise
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var now float64
	if n, err := fmt.Sscan(string(up), &now); n != 1 || err != nil || len(fields) < 20 {
		return 0
	}
	begin, err := strconv.ParseFloat(fields[19], 64)
	if err != nil {
		return 0
	}
	return time.Duration((now - begin/100) * float64(time.Second))
}

// dir is where files are. ADOPT_DIR keeps runs on one machine apart.
func dir() string {
	if dir := os.Getenv("ADOPT_DIR"); dir != "" {
		return dir
	}
	return os.TempDir()
}

// Port listens on a port (ADOPT_PORT) for a while, and fails if another process has it.
func Port() error {
	port := os.Getenv("ADOPT_PORT")
	if port == "" {
		port = "47617"
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	time.Sleep(hold)
	return l.Close()
}

// File writes a file, and fails if something else is in it a while later.
func File(name, text string) error {
	path := filepath.Join(dir(), "adopt-"+name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	time.Sleep(hold)
	got, err := os.ReadFile(path)
	if err == nil && string(got) != text {
		err = fmt.Errorf("%s has %q, want %q", path, got, text)
	}
	return err
}

// Only does what may be done in one process at a time, and fails if another one does it.
func Only(name string) (release func() error, err error) {
	l, err := net.Listen("unix", filepath.Join(dir(), "adopt-"+name))
	if err != nil {
		return nil, errors.Join(errors.New("another process is at it"), err)
	}
	return l.Close, nil
}
