package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// flaw is a way to a server that breaks the first connections once a client has sent so much.
type flaw struct {
	listener net.Listener
	server   string
	after    int64 // bytes

	mu     sync.Mutex
	breaks int // guarded by mu: how many connections are still to be broken
}

// newFlaw begins to listen. It ends with the test.
func newFlaw(t *testing.T, server string, after int64, breaks int) *flaw {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	f := &flaw{listener: l, server: strings.TrimPrefix(server, "nats://"), after: after, breaks: breaks}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // it is closed
			}
			all.Go(func() { f.pass(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close() // all connections have ended with their clients
		all.Wait()
	})
	return f
}

// pass passes on what a connection carries, until one side ends it.
func (f *flaw) pass(client net.Conn) {
	defer client.Close() //nolint:errcheck // it may be broken
	server, err := net.Dial("tcp", f.server)
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() { _, _ = io.Copy(client, server) })
	n, _ := io.CopyN(server, client, f.after)
	if n == f.after && !f.breaksNow() {
		_, _ = io.Copy(server, client)
	} else if tcp, ok := client.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // the client gets an error at once, even if it is sending
	}
	_ = client.Close()
	_ = server.Close()
	back.Wait()
}

// breaksNow reports whether a connection is to be broken.
func (f *flaw) breaksNow() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.breaks--
	return f.breaks >= 0
}

// TestUploadBroken: a file is stored although connections break while it is sent.
func TestUploadBroken(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	led(t, address, "r1")
	f := newFlaw(t, address, 2<<20, 3)
	e := engineAt(t, "nats://"+f.listener.Addr().String(), "r1", "n1")
	content := make([]byte, 24<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(content) // never fails
	name := filepath.Join(t.TempDir(), "binary")
	ok(t, os.WriteFile(name, content, 0o600))
	ok(t, e.PutBlob(limit(t), sumOf(content), name))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.breaks >= 0 {
		t.Errorf("%d connections were not broken", f.breaks)
	}
}

// TestPassing: what the library says of a connection that breaks is no answer of the server.
func TestPassing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want bool
	}{
		{&net.OpError{Op: "write", Err: syscall.EPIPE}, true},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, true},
		{&net.OpError{Op: "write", Err: net.ErrClosed}, true},
		{net.ErrClosed, true},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, false},
		{&os.PathError{Op: "open", Path: "binary", Err: os.ErrNotExist}, false},
		{errors.New("its SHA-256 is another"), false},
	} {
		if got := passing(fmt.Errorf("store it: %w", tc.err)); got != tc.want {
			t.Errorf("%v passes: %v", tc.err, got)
		}
	}
}
