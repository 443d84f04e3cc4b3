package linkcache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// TestCarriesTrailer has the formats of all targets that go tool dist list names.
func TestCarriesTrailer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		head string
		want bool
	}{
		{"\x7fELF\x02\x01\x01", true}, // linux, android, freebsd, netbsd, openbsd, dragonfly, illumos, solaris
		{"\x00asm\x01\x00\x00\x00", false},
		{"\xcf\xfa\xed\xfe\x0c\x00", false}, // Mach-O: darwin, ios
		{"MZ\x90\x00", false},               // PE: windows
		{"\x01\xf7\x00\x05", false},         // XCOFF: aix/ppc64
		{"\x00\x00\x8a\x97", false},         // plan9/amd64
		{"\x00\x00\x01\xeb", false},         // plan9/386
		{"\x00\x00\x06\x47", false},         // plan9/arm
		{"\x7fEL", false},
		{"", false},
	} {
		if got, err := carriesTrailer(strings.NewReader(tt.head)); got != tt.want || err != nil {
			t.Errorf("%q: %v, %v; want %v", tt.head, got, err, tt.want)
		}
	}
	if _, err := carriesTrailer(brokenReader{}); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("a disk that cannot be read: %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) ReadAt([]byte, int64) (int, error) { return 0, iotest.ErrTimeout }

// TestBinaryWithoutTrailer: where no trailer may be, the binary is the linker's output and nothing
// more, each time.
func TestBinaryWithoutTrailer(t *testing.T) {
	t.Parallel()
	const program = "\xcf\xfa\xed\xfe a program for macOS"
	f := newFake(t)
	f.env = append(f.env, "FAKE_LINK_OUTPUT="+program)
	for _, name := range []string{"into the cache", "out of it", "and again"} {
		out := f.linkStandIn(t, name)
		f.called(t, 1)
		f.install(t, out, program)
		if got := read(t, out); got != program {
			t.Errorf("%s: %q, want %q", name, got, program)
		}
	}
}

// TestWasm has the go command link a test for wasm, with stand-ins, into the cache and out of it.
// What exec-test would start must be a module up to its last byte, and pass where there is a
// JavaScript engine.
func TestWasm(t *testing.T) {
	t.Parallel()
	m := newModule(t)
	m.toolexec = toolexec(t, self(t), reentry.StandInFlag)
	write(t, filepath.Join(m.dir, "p_test.go"), "package p\n\nimport \"testing\"\n\nfunc TestF(*testing.T) {}\n")
	test := func() {
		cmd := m.goCommand("test", "-count=1", "-vet=off", "-v", "-exec="+self(t)+" "+runWasmCommand)
		cmd.Env = append(cmd.Env, "GOOS=js", "GOARCH=wasm")
		if out := mustRun(t, cmd); !strings.Contains(out, "ok  \texample.com/p") || strings.Contains(out, "FAIL") {
			t.Errorf("%s", out)
		}
	}
	test()
	if n := len(m.entries(t)); n != 1 {
		t.Fatalf("%d entries, want 1", n)
	}
	m.mustHit(t, test)
}

// runWasmCommand is what this test binary does for TestWasm in the place of exec-test.
const runWasmCommand = "run-wasm"

// runWasm installs the test binary args[0], checks that it is a wasm module, and runs it if there
// is an engine.
func runWasm(args []string) int {
	if err := errors.Join(Install(args[0], os.Environ()), checkModule(args[0])); err != nil {
		fmt.Println(err)
		return 1
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return 0
	}
	script := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec_node.js")
	cmd := exec.Command(node, append([]string{"--stack-size=8192", script}, args...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// Node is given what the test needs: a large environment is an error to Go's wasm_exec.js.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	if err := cmd.Run(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// checkModule reads the sections of a wasm module. By its format each of them, from byte 8 on, has
// a number from 0 to 13, its size and its content, and the last one ends with the file.
func checkModule(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	rest, ok := bytes.CutPrefix(data, []byte("\x00asm\x01\x00\x00\x00"))
	if !ok {
		return fmt.Errorf("%s is no wasm module", name)
	}
	r := bytes.NewReader(rest)
	for r.Len() > 0 {
		id, err := r.ReadByte()
		if err != nil {
			return err
		}
		size, err := binary.ReadUvarint(r) // the format's LEB128 is the same
		if err != nil || id > 13 || size > uint64(r.Len()) {
			return fmt.Errorf("%s: %d bytes before its end: section %d of %d bytes (%v)", name, r.Len(), id, size, err)
		}
		if _, err := r.Seek(int64(size), io.SeekCurrent); err != nil {
			return err
		}
	}
	return nil
}
