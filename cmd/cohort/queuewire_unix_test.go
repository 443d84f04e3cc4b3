//go:build unix

package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// wire is a connection to a server of NATS that somebody else than cohort has.
type wire struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

// newWire connects to a server that asks for nothing.
func newWire(t *testing.T, url string) *wire {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "nats://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	w := &wire{t, c, bufio.NewReader(c)}
	w.line("INFO ")
	w.send("CONNECT {\"verbose\":false}\r\nSUB answers 1\r\n")
	return w
}

func (w *wire) send(text string) {
	w.t.Helper()
	if _, err := io.WriteString(w.c, text); err != nil {
		w.t.Fatal(err)
	}
}

// line reads lines until one begins with some text, and returns what follows in it.
func (w *wire) line(begin string) string {
	w.t.Helper()
	for {
		text, err := w.r.ReadString('\n')
		if err != nil {
			w.t.Fatal(err)
		}
		if after, ok := strings.CutPrefix(text, begin); ok {
			return strings.TrimSpace(after)
		}
	}
}

// publish publishes a message and waits until the server has it.
func (w *wire) publish(subject string, data []byte) {
	w.t.Helper()
	w.send(fmt.Sprintf("PUB %s %d\r\n%s\r\nPING\r\n", subject, len(data), data))
	w.line("PONG")
}

// ask makes a request and returns its answer.
func (w *wire) ask(subject, data string) []byte {
	w.t.Helper()
	w.send(fmt.Sprintf("PUB %s answers %d\r\n%s\r\n", subject, len(data), data))
	words := strings.Fields(w.line("MSG "))
	var size int
	if _, err := fmt.Sscan(words[len(words)-1], &size); err != nil {
		w.t.Fatal(err)
	}
	answer := make([]byte, size)
	if _, err := io.ReadFull(w.r, answer); err != nil {
		w.t.Fatal(err)
	}
	return answer
}

// exchange puts something else in the place of all files that the server stores.
func (w *wire) exchange(content string) {
	w.t.Helper()
	var info struct {
		State struct{ Subjects map[string]int }
	}
	if err := json.Unmarshal(w.ask("$JS.API.STREAM.INFO.OBJ_COHORT_B", `{"subjects_filter":"$O.COHORT_B.M.>"}`), &info); err != nil {
		w.t.Fatal(err)
	}
	if len(info.State.Subjects) == 0 {
		w.t.Fatal("no file is stored")
	}
	var packed bytes.Buffer
	z, err := zstd.NewWriter(&packed)
	if err == nil {
		_, err = io.WriteString(z, content)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	for subject := range info.State.Subjects {
		w.publish("$O.COHORT_B.C.other", packed.Bytes())
		w.publish(subject, fmt.Appendf(nil, `{"name":%q,"bucket":"COHORT_B","nuid":"other","size":%d,"chunks":1}`, path.Ext(subject)[1:], packed.Len()))
	}
}

// oldServer says that it is a server of a version, and no more.
func oldServer(t *testing.T, version string) (url string) {
	t.Helper()
	return listening(t, func(c net.Conn) {
		fmt.Fprintf(c, "INFO {\"server_id\":\"X\",\"version\":%q,\"proto\":1,\"headers\":true,\"max_payload\":1048576}\r\n", version)
		r := bufio.NewReader(c)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if strings.HasPrefix(line, "PING") {
				fmt.Fprint(c, "PONG\r\n")
			}
		}
	})
}

// listening serves connections until the end of the test, and returns the address as a URL of NATS.
func listening(t *testing.T, serve func(net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the connection
				defer c.Close() //nolint:errcheck // its client has gone
				serve(c)
			}()
		}
	}()
	return "nats://" + l.Addr().String()
}

// mutual is in front of a server without TLS, and asks clients for the certificate that it has
// itself. It counts those that had it.
func mutual(t *testing.T, server, cert, key string) (url string, had *atomic.Int32) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	had = new(atomic.Int32)
	return listening(t, func(near net.Conn) {
		far, err := net.Dial("tcp", strings.TrimPrefix(server, "nats://"))
		if err != nil {
			return
		}
		defer far.Close() //nolint:errcheck // its client has gone
		r := bufio.NewReader(far)
		info, err := r.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Fprint(near, strings.Replace(info, "INFO {", `INFO {"tls_required":true,"tls_verify":true,`, 1))
		secured := tls.Server(near, config)
		if secured.Handshake() != nil {
			return
		}
		had.Add(1)
		go func() { // ends with either connection
			_, _ = io.Copy(far, secured) // the client may go at any time
			_ = far.Close()
		}()
		_, _ = io.Copy(secured, r) // so may the server
	}), had
}

// certificate writes a certificate for an address, good for both ends of a connection and signed by
// itself, and its key.
func certificate(t *testing.T, addr string) (cert, key string) {
	t.Helper()
	self := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, IPAddresses: []net.IP{net.ParseIP(addr)},
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte, err error) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := errors.Join(err, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)); err != nil {
			t.Fatal(err)
		}
		return file
	}
	der, err := x509.CreateCertificate(rand.Reader, self, self, own.Public(), own)
	cert = write("cert.pem", "CERTIFICATE", der, err)
	der, err = x509.MarshalECPrivateKey(own)
	return cert, write("key.pem", "EC PRIVATE KEY", der, err)
}
