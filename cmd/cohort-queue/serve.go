package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// serve runs the embedded server until a signal comes.
type serve struct {
	listen    string // host:port
	store     string // the folder that holds the queue
	tokenFile string
	cert, key string // files, for TLS
}

func newServe() (*flagTable, runner) {
	s := &serve{listen: "127.0.0.1:4222"}
	t := newTable("serve")
	t.text(&s.listen, usage.Flag{Name: "listen", Takes: "HOST:PORT", Default: s.listen,
		Help: "where to listen; port 0 takes a free one"})
	t.text(&s.store, usage.Flag{Name: "store", Takes: "DIR", Help: "the folder that holds the queue; made if it is not there"})
	t.text(&s.tokenFile, usage.Flag{Name: "token-file", Path: usage.InputFile,
		Help: "the token that clients must know; without one the server listens on loopback only"})
	t.text(&s.cert, usage.Flag{Name: "tls-cert", Path: usage.InputFile, Needs: "tls-key", Help: "certificate of the server"})
	t.text(&s.key, usage.Flag{Name: "tls-key", Path: usage.InputFile, Needs: "tls-cert", Help: "key of the certificate"})
	return t, s
}

func (s *serve) problems() (all []string) {
	host, port, err := net.SplitHostPort(s.listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	switch {
	case err != nil:
		all = append(all, fmt.Sprintf("--listen=%s: must be HOST:PORT, such as 127.0.0.1:4222", s.listen))
	case s.tokenFile == "" && !isLoopback(host):
		all = append(all, fmt.Sprintf("--listen=%s: without --token-file only this machine may be served: listen on 127.0.0.1", s.listen))
	}
	if s.store == "" {
		all = append(all, "--store is missing: the folder that holds the queue")
	}
	if (s.cert == "") != (s.key == "") {
		all = append(all, "--tls-cert and --tls-key belong together")
	}
	return all
}

// isLoopback reports whether a host is certainly this machine: other names are not looked up, as
// they may be another machine's tomorrow.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// The times of the server. The first three only end a wait that would last forever.
const (
	startWait = 30 * time.Second // until it listens: a large store is read before
	tlsWait   = 10 * time.Second // for a client's part of the handshake
	lockWait  = 2 * time.Second  // until it is taken for granted that another server has the store
	tidyEvery = time.Hour
)

func (s *serve) run(ctx context.Context, c *command) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	unlock, err := prepareStore(s.store)
	if err != nil {
		return err
	}
	defer unlock()
	host, _, _ := net.SplitHostPort(s.listen) // it was checked
	if opts.TLSConfig == nil && !isLoopback(host) {
		c.say("WARN without --tls-cert the token and all tests' output cross the network in the clear; clients need --queue-insecure")
	}
	log := &serverLog{c: c}
	srv, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("make the server: %w", err)
	}
	srv.SetLoggerV2(log, false, false, false)
	if err := start(ctx, srv, log); err != nil {
		return fmt.Errorf("serve on %s: %w", s.listen, err)
	}
	address, err := s.url(srv)
	if err == nil {
		_, err = fmt.Fprintln(c.stdout, address)
	}
	if err != nil {
		srv.Shutdown()
		return fmt.Errorf("print the address: %w", err)
	}
	s.tidy(ctx, srv, c)
	srv.Shutdown()
	srv.WaitForShutdown()
	return nil
}

// start has the server listen. It returns when it does, or when it cannot.
func start(ctx context.Context, srv *server.Server, log *serverLog) error {
	srv.Start() // returns at once; ends with Shutdown
	for waited := time.Duration(0); !srv.ReadyForConnections(startStep); waited += startStep {
		if why := log.fatal.Load(); why != nil {
			srv.Shutdown()
			return errors.New(*why)
		}
		if waited >= startWait || ctx.Err() != nil {
			srv.Shutdown()
			return errors.New("it was not ready in time")
		}
	}
	return nil
}

// startStep is how often it is asked whether the server could not start.
const startStep = 100 * time.Millisecond

// options returns what the server is made from. Files are read here, so that what is wrong with
// them is said before anything is served.
func (s *serve) options() (*server.Options, error) {
	host, port, err := net.SplitHostPort(s.listen)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	if number == 0 {
		number = server.RANDOM_PORT
	}
	if host == "" {
		host = "0.0.0.0"
	}
	opts := &server.Options{
		ServerName: "cohort-queue", Host: host, Port: number, NoSigs: true, NoSystemAccount: true,
		JetStream: true, StoreDir: s.store,
	}
	if s.tokenFile != "" {
		if opts.Authorization, err = readSecret("--token-file", s.tokenFile); err != nil {
			return nil, err
		}
	}
	if s.cert != "" {
		pair, err := tls.LoadX509KeyPair(s.cert, s.key)
		if err != nil {
			return nil, fmt.Errorf("read --tls-cert %s and --tls-key %s: %w", s.cert, s.key, err)
		}
		opts.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		opts.TLS, opts.TLSTimeout = true, tlsWait.Seconds()
	}
	return opts, nil
}

// url is what clients reach the server by.
func (s *serve) url(srv *server.Server) (string, error) {
	scheme := "nats"
	if s.cert != "" {
		scheme = "tls"
	}
	name, err := os.Hostname()
	if err != nil {
		return "", err
	}
	return urlOf(scheme, srv.Addr().String(), name)
}

// urlOf is the address of a server. One that listens everywhere is reached by its machine's name.
func urlOf(scheme, listens, machine string) (string, error) {
	host, port, err := net.SplitHostPort(listens)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = machine
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}

// prepareStore makes the folder of the store, for this user alone: it holds test binaries and the
// output of tests. It keeps other servers from it until unlock is called, or the process ends.
func prepareStore(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make --store: %w", err)
	}
	if err := checkPrivate(dir); err != nil {
		return nil, err
	}
	type outcome struct {
		unlock func()
		err    error
	}
	locked, late := make(chan outcome), make(chan struct{})
	go func() { // ends when the lock is there, or with the process
		unlock, err := lockedfile.MutexAt(filepath.Join(dir, "lock")).Lock()
		select {
		case locked <- outcome{unlock, err}:
		case <-late:
			if err == nil {
				unlock()
			}
		}
	}()
	select {
	case o := <-locked:
		if o.err != nil {
			return nil, fmt.Errorf("lock --store: %w", o.err)
		}
		return o.unlock, nil
	case <-time.After(lockWait):
		close(late)
		return nil, fmt.Errorf("--store %s: another server uses it", dir)
	}
}

// tidy removes what old runs have left, from time to time, until ctx ends.
func (s *serve) tidy(ctx context.Context, srv *server.Server, c *command) {
	every := time.NewTicker(tidyEvery)
	defer every.Stop()
	for {
		if err := s.removeOld(ctx, srv); err != nil && ctx.Err() == nil {
			c.say("WARN %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

func (s *serve) removeOld(ctx context.Context, srv *server.Server) error {
	options := []nats.Option{nats.InProcessServer(srv)}
	if s.tokenFile != "" {
		token, err := readSecret("--token-file", s.tokenFile)
		if err != nil {
			return err
		}
		options = append(options, nats.Token(token))
	}
	nc, err := nats.Connect("", options...)
	if err != nil {
		return fmt.Errorf("remove old runs: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("remove old runs: %w", err)
	}
	_, err = removeOld(ctx, js, time.Now())
	return err
}

// serverLog hands on what a user must know of the server's own messages.
type serverLog struct {
	c     *command
	fatal atomic.Pointer[string] // why the server could not start
}

// Fatalf notes why the server cannot go on. The library's own logger ends the process here.
func (l *serverLog) Fatalf(format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	l.fatal.CompareAndSwap(nil, &why)
}

// Errorf prints what went wrong while serving.
func (l *serverLog) Errorf(format string, args ...any) { l.c.say("server: "+format, args...) }

// Warnf prints nothing: what the server warns of (default limits, slow disks) is no user's doing.
func (l *serverLog) Warnf(string, ...any) {}

// Noticef prints nothing.
func (l *serverLog) Noticef(string, ...any) {}

// Debugf prints nothing.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef prints nothing.
func (l *serverLog) Tracef(string, ...any) {}
