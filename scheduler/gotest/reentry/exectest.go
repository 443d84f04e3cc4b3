package reentry

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
)

// CacheKeyFlag and TimeoutFlag begin arguments of exec-test that are there for the go command's
// cache key alone: they make results another entry of its cache.
const (
	CacheKeyFlag = "-key="
	TimeoutFlag  = "-timeout="
)

// ExecTest is the `cohort exec-test` command: it tells the cohort that started the go command which
// binary is to run, copies to stdout what it is sent, and returns the exit status it is told. args
// are the words after "exec-test"; its own flags come first. install, unless it is nil, is called
// with the binary's path and env before anyone starts it.
func ExecTest(args, env []string, stdout, stderr io.Writer, install func(binary string, env []string) error) int {
	for len(args) > 0 && (strings.HasPrefix(args[0], TimeoutFlag) || strings.HasPrefix(args[0], CacheKeyFlag)) {
		args = args[1:]
	}
	exit, err := execTest(args, env, stdout, install)
	if err != nil {
		// stderr is the last resort.
		_, _ = fmt.Fprintf(stderr, "cohort %s: %v\n", ExecTestCommand, err)
		return 1
	}
	return exit
}

// IgnoreStops makes this process ignore the signals that end a run, for exec-test: they go to the
// whole process group, cohort decides what becomes of the tests, and exec-test ends when it is told
// their result.
func IgnoreStops() { signal.Ignore(stopSignals()...) }

func execTest(args, env []string, stdout io.Writer, install func(string, []string) error) (int, error) {
	if len(args) == 0 {
		return 0, errors.New("no test binary given")
	}
	if install != nil {
		if err := install(args[0], env); err != nil {
			return 0, err
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	return HandOver(Hello{Dir: dir, Args: args, Env: env}, stdout)
}

// HandOver lets the cohort that h.Env leads to run a binary. It copies its output to stdout, and
// returns its exit status. h needs no token.
func HandOver(h Hello, stdout io.Writer) (int, error) {
	address, rest := takeEnv(h.Env, ExecEnv)
	token, path, ok := strings.Cut(address, "@")
	if !ok {
		return 0, fmt.Errorf("%s is not set: this command is for the go command that cohort starts", ExecEnv)
	}
	h.Token, h.Env = token, rest
	conn, err := dial(path)
	if err != nil {
		return 0, fmt.Errorf("reach cohort: %w", err)
	}
	defer conn.Close() //nolint:errcheck // everything has been read, or the run is lost
	if err := WriteFrame(conn, FrameHello, h.Encode()); err != nil {
		return 0, fmt.Errorf("reach cohort: %w", err)
	}
	return copyOutput(conn, stdout)
}

// copyOutput copies output frames to stdout until the exit frame.
func copyOutput(conn io.Reader, stdout io.Writer) (int, error) {
	r := bufio.NewReaderSize(conn, 64<<10)
	var buf []byte
	for {
		kind, payload, grown, err := ReadFrame(r, buf)
		buf = grown
		if err != nil {
			return 0, fmt.Errorf("cohort is gone, this package's results are lost: %w", err)
		}
		switch kind {
		case FrameOutput:
			if _, err := stdout.Write(payload); err != nil {
				return 0, err
			}
		case FrameExit:
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

// takeEnv returns the value of key in env, and env without it.
func takeEnv(env []string, key string) (value string, rest []string) {
	rest = make([]string, 0, len(env))
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, key+"="); ok {
			value = v
			continue
		}
		rest = append(rest, kv)
	}
	return value, rest
}
