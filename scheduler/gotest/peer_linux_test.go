package gotest

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// nobody is a user without rights; the number needs no entry anywhere.
const nobody = 65534

// TestOtherUser has another user of the machine, who has even learned the
// token, try to feed results.
func TestOtherUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can act as another user")
	}
	l, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // the folder is removed, which the other tests check
	address, _ := strings.CutPrefix(l.Env(), ExecEnv+"=")
	token, path, _ := strings.Cut(address, "@")
	greeting := reentry.Hello{Token: token, Dir: "/", Args: []string{"/bin/true"}}.Encode()

	if err := as(nobody, func() error { return knock(path, greeting) }); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("the socket's folder lets another user in: %v", err)
	}
	// A folder that was opened up by mistake.
	for name, mode := range map[string]fs.FileMode{l.Dir: 0o755, path: 0o777} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := as(nobody, func() error { return knock(path, greeting) }); !errors.Is(err, errTurnedAway) {
		t.Errorf("another user's greeting was taken: %v", err)
	}
	select {
	case r := <-l.Requests():
		t.Errorf("another user's request arrived: %+v", r)
	default:
	}
	// The same words of the right user are taken.
	go func() { _ = knock(path, greeting) }() // ends with the listener at the latest
	if err := (<-l.Requests()).Exit(0); err != nil {
		t.Error(err)
	}
}

var errTurnedAway = errors.New("turned away")

// knock says hello, and returns errTurnedAway if the answer is a closed connection.
func knock(path string, greeting []byte) error {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing more is wanted of it
	// The other side may have hung up by now; what it answers tells.
	_ = reentry.WriteFrame(conn, reentry.FrameHello, greeting)
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("answered, or kept waiting")
	}
	return errTurnedAway
}

// as runs f as another user: on a thread that then ends, since users are the
// thread's in Linux and this one cannot go back.
func as(uid uintptr, f func() error) error {
	result := make(chan error, 1)
	go func() { // ends with f
		runtime.LockOSThread()
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uid, uid, uid); errno != 0 {
			result <- errno
			return
		}
		result <- f()
	}()
	return <-result
}
