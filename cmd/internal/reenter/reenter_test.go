package reenter

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// allowed are the packages that the re-entry commands may import, internal ones aside. Each was
// looked at: with GODEBUG=inittrace=1 a program says what the initialisation of its packages takes.
// One that has to be initialised and whose path is late in the alphabet (path/filepath, os/exec,
// net by way of vendor/golang.org/x/net) lets all others come first that are ready, which is half
// of cohort.
var allowed = strings.Fields(`bufio bytes cmp context crypto crypto/cipher crypto/fips140 crypto/sha256 crypto/subtle
	encoding/binary encoding/hex errors fmt hash hash/crc32 io io/fs iter math math/bits os os/signal path reflect runtime
	slices strconv strings sync sync/atomic syscall time unicode unicode/utf8 unsafe
	github.com/gotestcohort/cohort/scheduler/gotest/reentry github.com/gotestcohort/cohort/scheduler/linkcache
	github.com/gotestcohort/cohort/cmd/internal/reenter`)

func TestImports(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there the socket needs package net")
	}
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		std := !strings.HasPrefix(name, "github.com/")
		if std && slices.Contains(strings.Split(name, "/"), "internal") || slices.Contains(allowed, name) {
			continue
		}
		t.Errorf("the re-entry commands import %s", name)
	}
}

// TestStart starts cohort as the go command does and has Go say which packages it initialises:
// those of the re-entry commands, and few that happen to come before.
func TestStart(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds cohort")
	}
	cohort := filepath.Join(t.TempDir(), "cohort.exe")
	// As the tests of cmd/cohort build theirs, so that each package is compiled once for both.
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-w", "-o", cohort, "../../cohort").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, command := range []string{"exec-test", "exec-tool"} {
		var stderr bytes.Buffer
		cmd := exec.Command(cohort, command)
		cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
		cmd.Stderr = &stderr
		if err := cmd.Run(); err == nil {
			t.Errorf("%s without a word: no error", command)
		}
		text := stderr.String()
		if !strings.Contains(text, "cohort "+command+": ") || !strings.Contains(text, "init os ") {
			t.Errorf("%s: %s", command, text)
		}
		for _, late := range []string{"net", "go/build", "golang.org/x/tools/go/packages", "gotest.tools/gotestsum/testjson", "os/exec"} {
			if runtime.GOOS != "windows" && strings.Contains(text, "init "+late+" ") {
				t.Errorf("%s: %s is initialised before it", command, late)
			}
		}
	}
}
