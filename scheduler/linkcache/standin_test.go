package linkcache

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// linkStandIn calls exec-tool as cohort does, and returns the path of the test binary that was linked.
func (f *fake) linkStandIn(t *testing.T, name string) string {
	t.Helper()
	out := filepath.Join(f.dir, "work", name, "p.test")
	if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
		t.Fatal(err)
	}
	argv := []string{self(t), "exec-tool", reentry.LinkCacheFlag, reentry.StandInFlag, f.link, "-o", out, "-importcfg", filepath.Join(f.dir, "b001", "importcfg.link"),
		"-buildmode=exe", "-buildid=" + testBuildID, "main.a"}
	if code, stdout, stderr := runCommand(t, command(f.dir, f.env, argv...)); code != 0 || stdout != "" || stderr != "" {
		t.Fatalf("exit %d, stdout %q, stderr %q; want 0 and silence", code, stdout, stderr)
	}
	return out
}

// install installs the binary and checks that it is the linker's output, and nothing else is left beside it.
func (f *fake) install(t *testing.T, out, want string) {
	t.Helper()
	for range 2 { // what is installed stays
		if err := Install(out, f.env); err != nil {
			t.Fatal(err)
		}
		if got := read(t, out); got != want && (len(got) != len(want)+trailerSize || !strings.HasPrefix(got, want+magic)) {
			t.Errorf("installed: %q, want %q and a trailer", got, want)
		}
	}
	fi, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	if fi.Mode().Perm()&0o100 == 0 && runtime.GOOS != "windows" {
		t.Errorf("installed: mode %v, want an executable", fi.Mode())
	}
	if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) != 1 {
		t.Errorf("beside the binary: %v (%v)", left, err)
	}
}

func (f *fake) entry(t *testing.T) string {
	t.Helper()
	all, err := newStore(Config{Dir: filepath.Join(f.dir, "cache"), Limit: DefaultLimit}).list()
	if err != nil || len(all) != 1 || all[0].tmp {
		t.Fatalf("entries: %v (%v), want one", all, err)
	}
	return filepath.Join(f.dir, "cache", all[0].name)
}

func (f *fake) called(t *testing.T, want int) {
	t.Helper()
	if got := len(f.calls(t)); got != want {
		t.Errorf("linker called %d times, want %d", got, want)
	}
}

// TestStandIn follows a binary from the linker into the cache, and out of it by way of its stand-in to where exec-test runs
// it. The go command writes to the file meanwhile.
func TestStandIn(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	const final = linked + " with its final build ID"
	out := f.linkStandIn(t, "into the cache")
	if got := read(t, out); got != linked {
		t.Errorf("the go command gets %q from the linker", got)
	}
	write(t, out, final)
	f.install(t, out, final)
	var standIns []string
	for _, name := range []string{"out of it", "and again"} {
		out = f.linkStandIn(t, name)
		f.called(t, 1)
		standIns = append(standIns, read(t, out))
		f.install(t, out, final)
		binary, err := os.Stat(out)
		if err != nil {
			t.Fatal(err)
		}
		if entry, err := os.Stat(f.entry(t)); err != nil || !os.SameFile(binary, entry) {
			t.Errorf("%s: binary and entry are not one file (%v)", name, err)
		}
	}
	if len(standIns[0]) != standInSize || standIns[1] != standIns[0] {
		t.Errorf("stand-ins differ for one link: %q", standIns)
	}
	f.env = append(f.env, "GOROOT=/another")
	f.install(t, f.linkStandIn(t, "another link"), linked)
	if got := read(t, f.linkStandIn(t, "another link again")); got == standIns[0] || len(got) != standInSize {
		t.Errorf("the stand-ins %q and %q for two links", standIns[0], got)
	}
	f.called(t, 2)
	f.check(t, 3) // a link that no exec-test follows is another: the go command was not yet at its output
}

// TestStandInOnlyForTestBinaries: nobody installs what another link makes, and no one but the linker may have to.
func TestStandInOnlyForTestBinaries(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"/w/b001/p.test": true, "/w/b001/p.test.exe": true, "/w/b001/exe/a.out": false, "/w/test": false} {
		if got := isTestBinary(name); got != want {
			t.Errorf("isTestBinary(%s) = %v", name, got)
		}
	}
	f := newFake(t)
	f.env = append(f.env, EnvDir+"=off")
	if got := read(t, f.linkStandIn(t, "without a cache")); got != linked {
		t.Errorf("without a cache: %q", got)
	}
	f = newFake(t)
	write(t, filepath.Join(f.dir, "cache"), "a file where the folder should be")
	for range 2 {
		f.install(t, f.linkStandIn(t, "no cache to write to"), linked)
	}
	f.called(t, 2)
}

// TestBinaryIsAsNew: whatever a run did to the binary's mode and time, the next one gets it as the linker makes it.
func TestBinaryIsAsNew(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	out := f.linkStandIn(t, "first")
	f.install(t, out, linked)
	want, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{want.Mode(), 0o400, 0o500, 0o777} {
		old := want.ModTime().Add(-24 * time.Hour)
		for _, err := range []error{os.Chmod(f.entry(t), mode), os.Chtimes(f.entry(t), old, old)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		out := f.linkStandIn(t, mode.String())
		f.install(t, out, linked)
		got, err := os.Stat(out)
		if err != nil {
			t.Fatal(err)
		}
		if got.Mode() != want.Mode() || got.ModTime().Before(want.ModTime()) {
			t.Errorf("after a test made the binary %v and a day old: %v, %v; it was %v, %v", mode, got.Mode(), got.ModTime(), want.Mode(), want.ModTime())
		}
	}
	f.called(t, 1)
}

// TestEntryThatIsNoFile: a symbolic link to one is as good; what cannot be read is linked again.
func TestEntryThatIsNoFile(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.install(t, f.linkStandIn(t, "first"), linked)
	entry, moved := f.entry(t), filepath.Join(f.dir, "moved")
	for _, err := range []error{os.Rename(entry, moved), os.Symlink(filepath.Join("..", "moved"), entry)} {
		if err != nil {
			t.Skip(err)
		}
	}
	out := f.linkStandIn(t, "symbolic link")
	f.install(t, out, linked)
	f.called(t, 1)
	if fi, err := os.Lstat(out); err != nil || !fi.Mode().IsRegular() {
		t.Errorf("the binary is %v (%v)", fi.Mode(), err)
	}
	for _, err := range []error{os.Remove(entry), os.Mkdir(entry, 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f.install(t, f.linkStandIn(t, "folder"), linked)
	f.called(t, 2)
}

// TestStandInFromAnotherFileSystem: where there can be no second name, there is a copy.
func TestStandInFromAnotherFileSystem(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("/dev/shm", "cohort-test-")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	f := newFake(t)
	if err := os.Link(filepath.Join(f.dir, "b001", "importcfg.link"), filepath.Join(dir, "link")); err == nil {
		t.Skip("one file system")
	}
	f.env = append(f.env, EnvDir+"="+filepath.Join(dir, "cache"))
	for _, name := range []string{"into the cache", "out of it"} {
		f.install(t, f.linkStandIn(t, name), linked)
		f.called(t, 1)
	}
}

func TestInstallErrors(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	out := filepath.Join(f.dir, "p.test")
	if err := Install(out, f.env); err != nil {
		t.Errorf("no binary at all: %v, which its start will say", err)
	}
	write(t, out, standInHead+key{1}.String()+"\n")
	if err := Install(out, f.env); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), out) {
		t.Errorf("nothing to install: %v, want an error with the name", err)
	}
	// What a link left behind that then fell back to the linker.
	write(t, out+linkedSuffix, "another")
	for _, binary := range []string{"a binary", standInHead, standInHead + strings.Repeat("0", 64) + "\nand more"} {
		for _, note := range []string{"", "no key", strings.Repeat("x", 64)} {
			write(t, out, binary)
			write(t, out+keySuffix, note)
			if err := Install(out, f.env); err != nil || read(t, out) != binary {
				t.Errorf("%q was replaced by %q (%v)", binary, read(t, out), err)
			}
		}
	}
	if exists(t, filepath.Join(f.dir, "cache")) {
		t.Error("something was stored without a key")
	}
}

func TestStandIns(t *testing.T) {
	t.Parallel()
	for run, want := range map[Run]bool{{GOOS: "linux"}: true, {GOOS: "darwin"}: false, {GOOS: "linux", Work: true}: false} {
		if got := run.StandIns(); got != want {
			t.Errorf("StandIns of %+v: %v", run, got)
		}
	}
}
