package gotest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// cacheKeyFlag begins an argument of exec-test that makes results another entry of
// the go command's cache.
const cacheKeyFlag = "-key="

// ExecTest is the `cohort exec-test` command: it tells the cohort that started
// the go command which binary is to run, copies to stdout what it is sent, and
// returns the exit status it is told. args are the words after "exec-test";
// its own flags come first. install, unless it is nil, is called with the
// binary's path and env before anyone starts it.
func ExecTest(args, env []string, stdout, stderr io.Writer, install func(binary string, env []string) error) int {
	for len(args) > 0 && (strings.HasPrefix(args[0], "-timeout=") || strings.HasPrefix(args[0], cacheKeyFlag)) {
		args = args[1:] // there for the go command's cache key alone
	}
	exit, err := execTest(args, env, stdout, install)
	if err != nil {
		fmt.Fprintf(stderr, "cohort %s: %v\n", ExecTestCommand, err)
		return 1
	}
	return exit
}

func execTest(args, env []string, stdout io.Writer, install func(string, []string) error) (int, error) {
	if len(args) == 0 {
		return 0, errors.New("no test binary given")
	}
	address, rest := takeEnv(env, ExecEnv)
	token, path, ok := strings.Cut(address, "@")
	if !ok {
		return 0, fmt.Errorf("%s is not set: this command is for the go command that cohort starts", ExecEnv)
	}
	if install != nil {
		if err := install(args[0], env); err != nil {
			return 0, err
		}
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		return 0, fmt.Errorf("reach cohort: %w", err)
	}
	defer conn.Close() //nolint:errcheck // everything has been read, or the run is lost
	dir, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	forward, stop := forwardSignals(conn)
	defer stop()
	greeting, err := json.Marshal(hello{Token: token, Dir: []byte(dir), Args: toBytes(args), Env: toBytes(rest)})
	if err != nil {
		return 0, err
	}
	if err := writeFrame(conn, frameHello, greeting); err != nil {
		return 0, fmt.Errorf("reach cohort: %w", err)
	}
	go forward()
	return copyOutput(conn, stdout)
}

// copyOutput copies output frames to stdout until the exit frame.
func copyOutput(conn io.Reader, stdout io.Writer) (int, error) {
	r := bufio.NewReaderSize(conn, 64<<10)
	var buf []byte
	for {
		kind, payload, grown, err := readFrame(r, buf)
		buf = grown
		if err != nil {
			return 0, fmt.Errorf("cohort is gone, this package's results are lost: %w", err)
		}
		switch kind {
		case frameOutput:
			if _, err := stdout.Write(payload); err != nil {
				return 0, err
			}
		case frameExit:
			code, err := strconv.Atoi(string(payload))
			if err != nil {
				return 0, fmt.Errorf("read exit frame: %w", err)
			}
			return code, nil
		default:
			return 0, fmt.Errorf("unknown frame %q from cohort", kind)
		}
	}
}

// forwardSignals takes the signals that would end this process. forward sends
// each to cohort, which decides what becomes of the tests; it ends when stop
// is called.
func forwardSignals(conn io.Writer) (forward, stop func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, stopSignals()...)
	forward = func() {
		for s := range signals {
			if num, ok := s.(syscall.Signal); ok {
				// If cohort is gone, copyOutput says so.
				_ = writeFrame(conn, frameSignal, []byte(strconv.Itoa(int(num))))
			}
		}
	}
	return forward, func() {
		signal.Stop(signals)
		close(signals)
	}
}

// takeEnv returns the value of key in env, and env without it.
func takeEnv(env []string, key string) (value string, rest []string) {
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, key+"="); ok {
			value = v
			continue
		}
		rest = append(rest, kv)
	}
	return value, rest
}
