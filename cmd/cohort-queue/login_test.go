package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// certificates writes an authority, and a certificate with its key for 127.0.0.1, for both ends.
func certificates(t *testing.T) (ca, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	end := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "end"}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	write := func(name, kind string, der []byte, err error) string {
		t.Helper()
		ok(t, err)
		file := filepath.Join(dir, name)
		ok(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return file
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, signer.Public(), signer)
	ca = write("ca.pem", "CERTIFICATE", der, err)
	der, err = x509.CreateCertificate(rand.Reader, end, authority, own.Public(), signer)
	cert = write("cert.pem", "CERTIFICATE", der, err)
	der, err = x509.MarshalECPrivateKey(own)
	return ca, cert, write("key.pem", "EC PRIVATE KEY", der, err)
}

// reach connects to a server with a login, and says what came of it.
func reach(t *testing.T, address string, l login) error {
	t.Helper()
	link, err := dial(limit(t), &queueFlags{url: address, runID: "r1", login: l}, "n1")
	if err == nil {
		link.shut()
	}
	return err
}

// file writes a file that one may read.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	ok(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func denies(t *testing.T, what string, err error, say string) {
	t.Helper()
	if !errors.Is(err, remote.ErrDenied) || !strings.Contains(err.Error(), say) {
		t.Errorf("%s: %v, want %q", what, err, say)
	}
}

// TestTLS: the server is known by its certificate, and a client by its own if the server asks.
func TestTLS(t *testing.T) {
	t.Parallel()
	ca, cert, key := certificates(t)
	address, _ := serving(t, "--tls-cert="+cert, "--tls-key="+key)
	if !strings.HasPrefix(address, "tls://127.0.0.1:") {
		t.Fatal(address)
	}
	plain := "nats" + strings.TrimPrefix(address, "tls")
	ok(t, reach(t, address, login{ca: ca}))
	ok(t, reach(t, plain, login{ca: ca}))
	denies(t, "an unknown authority", reach(t, address, login{}), "see --queue-ca")
	denies(t, "an unknown authority, by the server's wish", reach(t, plain, login{}), "see --queue-ca")
	denies(t, "another name", reach(t, strings.Replace(address, "127.0.0.1", "localhost", 1), login{ca: ca}), "x509")

	mutual := natsServer(t, fmt.Sprintf("tls { cert_file: %q, key_file: %q, ca_file: %q, verify: true }", cert, key, ca))
	ok(t, reach(t, mutual, login{ca: ca, cert: cert, key: key}))
	denies(t, "no certificate", reach(t, mutual, login{ca: ca}), "tls")

	none, _ := serving(t)
	denies(t, "a server without TLS", reach(t, "tls"+strings.TrimPrefix(none, "nats"), login{}), "--queue-insecure")
}

// TestLogin: tokens, passwords and keys, right and wrong; none of them appears in a message.
func TestLogin(t *testing.T) {
	t.Parallel()
	token := natsServer(t, "authorization { token: geheim }")
	ok(t, reach(t, token, login{tokenFile: file(t, "geheim\n")}))
	denies(t, "no token", reach(t, token, login{}), "--queue-token-file")
	wrong := reach(t, token, login{tokenFile: file(t, "falsch")})
	denies(t, "a wrong token", wrong, "does not take these credentials")
	if strings.Contains(wrong.Error(), "falsch") {
		t.Error(wrong)
	}
	user, err := nkeys.CreateUser()
	ok(t, err)
	public, err := user.PublicKey()
	ok(t, err)
	seed, err := user.Seed()
	ok(t, err)
	users := natsServer(t, fmt.Sprintf("authorization { users: [ { user: u, password: geheim }, { nkey: %s } ] }", public))
	ok(t, reach(t, users, login{creds: file(t, "u:geheim")}))
	ok(t, reach(t, users, login{creds: file(t, string(seed)+"\n")}))
	denies(t, "a wrong password", reach(t, users, login{creds: file(t, "u:falsch")}), "--queue-creds")
	other, err := nkeys.CreateUser()
	ok(t, err)
	seed, err = other.Seed()
	ok(t, err)
	denies(t, "another key", reach(t, users, login{creds: file(t, string(seed))}), "--queue-creds")
}

// TestNoJetStream: a server, or an account, that stores nothing is refused at once.
func TestNoJetStream(t *testing.T) {
	t.Parallel()
	users := natsServer(t, `no_auth_user: u
		accounts { A { users: [ { user: u, password: p } ] }, B { jetstream: enabled, users: [ { user: v, password: p, permissions { publish: x } } ] } }`)
	denies(t, "the account", reach(t, users, login{}), "no JetStream")
	denies(t, "the permissions", reach(t, users, login{creds: file(t, "v:p")}), "help permissions")
	denies(t, "the server", reach(t, launch(t, "nats-server", file(t, "listen: 127.0.0.1:-1\n")).line(t), login{}), "start it with -js")
}

func TestCredentialFiles(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none")
	for name, row := range map[string]struct {
		login login
		want  string
	}{
		"empty":         {login{creds: file(t, "")}, "must hold NATS credentials"},
		"a word":        {login{creds: file(t, "geheim")}, "must hold NATS credentials"},
		"no password":   {login{creds: file(t, "u:")}, "must hold NATS credentials"},
		"two lines":     {login{creds: file(t, "u:geheim\nv:geheim")}, "must hold NATS credentials"},
		"a broken seed": {login{creds: file(t, "SUgeheim")}, "no seed of a user"},
		"no file":       {login{creds: none}, "read --queue-creds"},
		"no token":      {login{tokenFile: none}, "read --queue-token-file"},
		"two tokens":    {login{tokenFile: file(t, "geheim geheim")}, "one word"},
		"no authority":  {login{ca: none}, "read --queue-ca"},
		"empty ca":      {login{ca: file(t, "geheim")}, "no certificate in it"},
		"no client":     {login{cert: none, key: none}, "read --queue-cert"},
	} {
		if _, err := row.login.options(true); err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v, want %s", name, err, row.want)
		}
	}
	jwt := "-----BEGIN NATS USER JWT-----\nx\n------END NATS USER JWT------\n"
	if _, err := credentials(file(t, jwt), []byte(jwt)); err != nil {
		t.Error(err)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		raw, want          string
		secure, insecurely bool // without and with --queue-insecure
	}{
		{"nats://127.0.0.1:4222", "[nats://127.0.0.1:4222]", false, false},
		{"nats://localhost", "[nats://localhost:4222]", false, false},
		{"nats://[::1]:1", "[nats://[::1]:1]", false, false},
		{"nats://ci:4222", "[nats://ci:4222]", true, false},
		{"tls://ci", "[tls://ci:4222]", true, true},
		{"tls://127.0.0.1", "[tls://127.0.0.1:4222]", true, true},
		{"nats://127.0.0.1, nats://10.0.0.1", "[nats://127.0.0.1:4222 nats://10.0.0.1:4222]", true, false},
		{"nats://127.0.0.1.example.com", "[nats://127.0.0.1.example.com:4222]", true, false},
	} {
		got, err := readAddresses(row.raw)
		if err != nil || fmt.Sprint(got) != row.want || needTLS(got, false) != row.secure || needTLS(got, true) != row.insecurely {
			t.Errorf("%s: %v, %v; TLS %v, %v", row.raw, got, err, needTLS(got, false), needTLS(got, true))
		}
	}
	for raw, want := range map[string]string{
		"": "must begin with nats://", "ci:4222": "nats://", "http://ci": "must begin with nats:// or tls://", "nats://": "names no host",
		"nats://u:geheim@ci": "must not hold a password", "nats://geheim@ci": "must not hold a password", "u:geheim@ci:4222": "must not hold a password",
		"nats://ci/x": "after the port", "nats://ci:x": "nats://", "nats://ci,": "must begin with", "\x00geheim@": "password",
	} {
		if _, err := readAddresses(raw); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v, want %s", raw, err, want)
		}
	}
}

// FuzzAddresses checks that what is taken for an address is one, and that no error repeats what
// stands before an @.
func FuzzAddresses(f *testing.F) {
	for _, s := range []string{"nats://ci:4222", "tls://a,nats://b", "nats://u:p@h", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		all, err := readAddresses(raw)
		if err != nil {
			if secret, _, ok := strings.Cut(raw, "@"); ok && len(secret) > 8 && strings.Contains(err.Error(), secret) {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		var words []string
		for _, a := range all {
			words = append(words, a.String())
		}
		again, err := readAddresses(strings.Join(words, ","))
		if err != nil || fmt.Sprint(again) != fmt.Sprint(all) {
			t.Errorf("%q is %q, which is %v, %v", raw, words, again, err)
		}
	})
}

// FuzzCredentials checks that no error repeats what a file of credentials holds.
func FuzzCredentials(f *testing.F) {
	f.Add([]byte("user:password"))
	f.Add([]byte("SUgeheim"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := credentials("file", data)
		if word := bytes.TrimSpace(data); err != nil && len(word) > 8 && strings.Contains(err.Error(), string(word)) && !strings.Contains("it must hold NATS credentials, the seed of a user, or user:password in one line", string(word)) {
			t.Errorf("%q: %v", data, err)
		}
	})
}
