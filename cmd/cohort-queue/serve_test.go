package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"
)

// TestServe: the server tells its address, keeps its store from others, and ends cleanly with each
// of the signals that people and CI send.
func TestServe(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" {
				t.Skip("there are no signals to send")
			}
			store := filepath.Join(t.TempDir(), "a", "store")
			p := launch(t, "cohort-queue", "serve", "--listen", "127.0.0.1:0", "--store", store)
			address := p.line(t)
			if !strings.HasPrefix(address, "nats://127.0.0.1:") {
				t.Errorf("it prints %q", address)
			}
			nc, err := nats.Connect(address, nats.Timeout(patience))
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if info, err := os.Stat(store); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the store: %v, %v", info, err)
			}
			if err := p.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if code := p.wait(t); code != 0 || p.stderr.Len() > 0 {
				t.Errorf("exit code %d, stderr %q", code, p.stderr)
			}
		})
	}
}

// TestServeToken: with a token only those who know it get in.
func TestServeToken(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address, p := serving(t, "--token-file="+file)
	if nc, err := nats.Connect(address, nats.Timeout(patience)); err == nil {
		nc.Close()
		t.Error("it lets in who has no token")
	}
	nc, err := nats.Connect(address, nats.Token("geheim"), nats.Timeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	p.kill()
	if strings.Contains(p.stderr.String(), "geheim") {
		t.Errorf("it prints the token: %s", p.stderr)
	}
}

func TestServeUsage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		args []string
		want string
	}{
		"no store":        {nil, "--store is missing"},
		"no port":         {[]string{"--store=x", "--listen=127.0.0.1"}, "--listen=127.0.0.1: must be HOST:PORT"},
		"bad port":        {[]string{"--store=x", "--listen=127.0.0.1:nats"}, "must be HOST:PORT"},
		"all interfaces":  {[]string{"--store=x", "--listen=:4222"}, "without --token-file only this machine may be served"},
		"other interface": {[]string{"--store=x", "--listen=0.0.0.0:4222"}, "without --token-file"},
		"a name":          {[]string{"--store=x", "--listen=ci:4222"}, "without --token-file"},
		"half of TLS":     {[]string{"--store=x", "--tls-cert=c"}, "--tls-cert and --tls-key belong together"},
		"argument":        {[]string{"--store=x", "now"}, `takes flags only, not "now"`},
		"near miss":       {[]string{"--stor=x"}, "did you mean --store?"},
		"no token":        {[]string{"--store=" + dir + "/s", "--token-file=" + dir + "/none"}, "read --token-file"},
		"empty token":     {[]string{"--store=" + dir + "/s", "--token-file=" + empty}, "the file is empty"},
		"no certificate":  {[]string{"--store=" + dir + "/s", "--tls-cert=" + empty, "--tls-key=" + empty}, "read --tls-cert"},
		"open store":      {[]string{"--listen=127.0.0.1:0", "--store=" + open}, "chmod 700"},
		"store in a file": {[]string{"--listen=127.0.0.1:0", "--store=" + empty + "/s"}, "make --store"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(name, "open") && runtime.GOOS == "windows" {
				t.Skip("folders have no modes")
			}
			code, stdout, stderr := runCommand(nil, append([]string{"serve"}, row.args...)...)
			if code != exitError || stdout != "" || !strings.Contains(stderr, row.want) {
				t.Errorf("exit code %d, %q, %q; want %q", code, stdout, stderr, row.want)
			}
			if n := strings.Count(stderr, "\n"); n > 3 {
				t.Errorf("%d lines: %s", n, stderr)
			}
		})
	}
}

// TestServePortTaken: a second server says that the port is taken, and ends.
func TestServePortTaken(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	code, _, stderr := runCommand(nil, "serve", "--store="+filepath.Join(t.TempDir(), "s"), "--listen=127.0.0.1:"+port(t, address))
	if code != exitError || !strings.Contains(stderr, "address already in use") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestServerAddress(t *testing.T) {
	t.Parallel()
	for listens, want := range map[string]string{
		"127.0.0.1:4222": "tls://127.0.0.1:4222", "0.0.0.0:4222": "tls://ci:4222", "[::]:1": "tls://ci:1", "[::1]:1": "tls://[::1]:1", "10.0.0.1:1": "tls://10.0.0.1:1",
	} {
		if got, err := urlOf("tls", listens, "ci"); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", listens, got, err, want)
		}
	}
}
