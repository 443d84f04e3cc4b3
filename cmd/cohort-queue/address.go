package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// address is a server's, as the command line names it.
type address struct {
	host, port string
	tls        bool // its scheme asks for TLS
}

// readAddresses reads the addresses of a queue, separated by commas. Errors do not repeat what may
// be a secret.
func readAddresses(raw string) ([]address, error) {
	var all []address
	for _, word := range strings.Split(raw, ",") {
		a, err := readAddress(strings.TrimSpace(word))
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func readAddress(word string) (address, error) {
	u, err := url.Parse(word)
	switch {
	case strings.Contains(word, "@"):
		return address{}, errors.New("must not hold a password or token: it belongs into a file, see --queue-token-file and --queue-creds")
	case err != nil: // its text repeats the address
		return address{}, errors.New("must be an address such as nats://ci:4222")
	case u.Scheme != "nats" && u.Scheme != "tls":
		return address{}, fmt.Errorf("%q must begin with nats:// or tls://", word)
	case u.Hostname() == "":
		return address{}, fmt.Errorf("%q names no host", word)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return address{}, fmt.Errorf("%q has something after the port", word)
	}
	a := address{host: u.Hostname(), port: u.Port(), tls: u.Scheme == "tls"}
	if a.port == "" {
		a.port = "4222"
	}
	return a, nil
}

func (a address) String() string {
	scheme := "nats"
	if a.tls {
		scheme = "tls"
	}
	return scheme + "://" + net.JoinHostPort(a.host, a.port)
}

// needTLS reports whether the connection must be encrypted: off this machine it is unless the user
// says otherwise, whatever the server offers.
func needTLS(all []address, insecure bool) bool {
	for _, a := range all {
		if a.tls || !insecure && !isLoopback(a.host) {
			return true
		}
	}
	return false
}
