package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestConnectAgain: a server that is there and not ready yet is asked again, and the connection that
// was in vain does not end the one that was not.
func TestConnectAgain(t *testing.T) {
	t.Parallel()
	server, _ := serving(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	t.Cleanup(func() { _ = l.Close() })
	var times atomic.Int32
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if times.Add(1) == 1 {
				go notReady(c) // ends with its client
			} else {
				go through(c, server) // so does this
			}
		}
	}()
	e := engineAt(t, "nats://"+l.Addr().String(), "r1", "n1")
	if _, err := e.Lead(limit(t), remote.Facts{Protocol: remote.Protocol}); err != nil {
		t.Error(err)
	}
	if times.Load() != 2 {
		t.Errorf("%d connections", times.Load())
	}
}

// notReady is a server whose JetStream is not ready.
func notReady(c net.Conn) {
	defer c.Close() //nolint:errcheck // the client has gone
	fmt.Fprint(c, "INFO {\"server_id\":\"X\",\"version\":\"2.15.2\",\"proto\":1,\"headers\":true,\"max_payload\":1048576}\r\n")
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		switch {
		case len(words) > 0 && words[0] == "PING":
			fmt.Fprint(c, "PONG\r\n")
		case len(words) > 2 && strings.Contains(words[0], "PUB") && words[1] == "$JS.API.INFO":
			const answer = `{"type":"io.nats.jetstream.api.v1.account_info_response","error":{"code":503,"err_code":10008,"description":"JetStream system temporarily unavailable"}}`
			fmt.Fprintf(c, "MSG %s 1 %d\r\n%s\r\n", words[2], len(answer), answer)
		}
	}
}

// through connects a client with a server.
func through(c net.Conn, server string) {
	far, err := net.Dial("tcp", strings.TrimPrefix(server, "nats://"))
	if err != nil {
		_ = c.Close()
		return
	}
	go func() { // ends with either connection
		_, _ = io.Copy(far, c)
		_ = far.Close()
	}()
	_, _ = io.Copy(c, far)
	_ = c.Close()
}
