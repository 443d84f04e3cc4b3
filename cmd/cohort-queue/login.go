package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
)

// login is how a client shows who it is, and how it knows the server: all of it in files, so that
// no command line holds a secret.
type login struct {
	creds     string // a NATS credentials file, an nkey seed, or user:password
	tokenFile string
	ca        string // certificates of those who may have signed the server's
	cert, key string // the client's own certificate
	insecure  bool   // TLS is not asked for
}

func (l *login) problems() (all []string) {
	if (l.cert == "") != (l.key == "") {
		all = append(all, "--queue-cert and --queue-key belong together")
	}
	if l.creds != "" && l.tokenFile != "" {
		all = append(all, "--queue-creds and --queue-token-file exclude each other")
	}
	return all
}

// options reads the files and makes the options of a connection.
func (l *login) options(secure bool) ([]nats.Option, error) {
	who, err := l.who()
	if err != nil {
		return nil, err
	}
	if !secure && l.ca == "" && l.cert == "" {
		return who, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if l.ca != "" {
		data, err := os.ReadFile(l.ca)
		if err != nil {
			return nil, fmt.Errorf("read --queue-ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("read --queue-ca %s: no certificate in it", l.ca)
		}
	}
	if l.cert != "" {
		pair, err := tls.LoadX509KeyPair(l.cert, l.key)
		if err != nil {
			return nil, fmt.Errorf("read --queue-cert %s and --queue-key %s: %w", l.cert, l.key, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return append(who, nats.Secure(config)), nil
}

// who returns the options that say who the client is.
func (l *login) who() ([]nats.Option, error) {
	if l.tokenFile != "" {
		token, err := readSecret("--queue-token-file", l.tokenFile)
		return []nats.Option{nats.Token(token)}, err
	}
	if l.creds == "" {
		return nil, nil
	}
	data, err := os.ReadFile(l.creds)
	if err != nil {
		return nil, fmt.Errorf("read --queue-creds: %w", err)
	}
	option, err := credentials(l.creds, data)
	if err != nil {
		return nil, fmt.Errorf("read --queue-creds %s: %w", l.creds, err)
	}
	return []nats.Option{option}, nil
}

// credentials tells the three forms of a credentials file apart. Errors do not repeat what is in
// it.
func credentials(file string, data []byte) (nats.Option, error) {
	word := string(bytes.TrimSpace(data))
	user, password, pair := strings.Cut(word, ":")
	switch {
	case strings.Contains(word, "-----BEGIN NATS USER JWT-----"):
		return nats.UserCredentialBytes(data), nil
	case strings.HasPrefix(word, "SU") && !strings.ContainsAny(word, " \t\r\n:"):
		option, err := nats.NkeyOptionFromSeed(file)
		if err != nil {
			return nil, errors.New("it is no seed of a user")
		}
		return option, nil
	case pair && user != "" && password != "" && !strings.ContainsAny(word, "\r\n"):
		return nats.UserInfo(user, password), nil
	}
	return nil, errors.New("it must hold NATS credentials, the seed of a user, or user:password in one line")
}
