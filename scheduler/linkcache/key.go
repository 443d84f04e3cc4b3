package linkcache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
)

// A key names an entry. Equal keys mean equal output of the linker.
type key [sha256.Size]byte

func (k key) String() string { return hex.EncodeToString(k[:]) }

// format is part of each key. It changes when the meaning of keys or entries does: old entries are then never found, and
// go when their time comes.
const format = "cohort link 1"

// errShared is returned for a link against shared Go libraries, whose files the key would not cover.
var errShared = errors.New("import configuration names a shared library")

// linkerEnv are the variables that the linker, by way of internal/buildcfg, makes part of what it does. The go command's
// build ID covers most of them; they are cheap to add.
func linkerEnv() []string {
	return []string{
		"GOROOT", "GOOS", "GOARCH", "GOEXPERIMENT", "GOFIPS140", "GO_EXTLINK_ENABLED",
		"GO386", "GOAMD64", "GOARM", "GOARM64", "GOMIPS", "GOMIPS64", "GOPPC64", "GORISCV64", "GOWASM",
	}
}

// dynamicLinkers returns the dynamic linkers installed under root, sorted. The Go linker looks whether glibc's or musl's is
// there and writes its path into the executable, so that containers of both kinds with one cache need different keys.
func dynamicLinkers(root string) []string {
	var found []string
	// The paths in cmd/link/internal/*/obj.go: /lib/ld-linux.so.2, /lib64/ld64.so.1,
	// /lib/ld-musl-x86_64.so.1, ...
	for _, name := range []string{"lib", "lib64"} {
		dir := within(root, name)
		f, err := os.Open(dir)
		if err != nil {
			continue // not there
		}
		// What cannot be read, the linker does not find either.
		names, _ := f.Readdirnames(-1)
		_ = f.Close()
		slices.Sort(names)
		for _, name := range names {
			if strings.HasPrefix(name, "ld") && strings.Contains(name, ".so") {
				found = append(found, within(dir, name))
			}
		}
	}
	return found
}

// makeKey computes the key of a link from everything that decides its output. interpreters are from dynamicLinkers.
func makeKey(r *request, env, interpreters []string) (key, error) {
	h := sha256.New()
	// A hash never returns an error from Write, so those of Fprintf below carry none.
	fmt.Fprintf(h, "%s %s/%s\n", format, runtime.GOOS, runtime.GOARCH)
	tool, err := fileIdentity(r.tool)
	if err != nil {
		return key{}, err
	}
	fmt.Fprintf(h, "tool %s\n", tool)
	if r.extld != "" {
		fmt.Fprintf(h, "extld %s\n", extldIdentity(r.extld, env))
	}
	for _, a := range r.keyed {
		fmt.Fprintf(h, "arg %q\n", a)
	}
	for _, name := range interpreters {
		fmt.Fprintf(h, "interpreter %q\n", name)
	}
	for _, name := range linkerEnv() {
		fmt.Fprintf(h, "env %s=%q\n", name, lookup(env, name))
	}
	if err := hashImportcfg(h, r.importcfg); err != nil {
		return key{}, err
	}
	return key(h.Sum(nil)), nil
}

// hashImportcfg adds what an import configuration says, but for the paths of the archives: they differ between the run
// that compiled a package and later ones, and the build ID covers their content.
func hashImportcfg(h io.Writer, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(data) {
		text := strings.TrimSuffix(string(line), "\n")
		if pkg, ok := strings.CutPrefix(text, "packagefile "); ok {
			name, _, _ := strings.Cut(pkg, "=")
			text = "packagefile " + name
		}
		if strings.HasPrefix(text, "packageshlib ") {
			return fmt.Errorf("%s: %w", file, errShared)
		}
		fmt.Fprintf(h, "importcfg %q\n", text)
	}
	return nil
}

// fileIdentity describes the program in a file: where it is, its size and when it was written. A release of Go gives its
// linker's version as the linker's identity, so a linker rebuilt in place would go unnoticed without this.
func fileIdentity(path string) (string, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%q %d %d", path, fi.Size(), fi.ModTime().UnixNano()), nil
}

// extldIdentity describes the C compiler that -extld names. The linker asks it for its support library, even when it does
// not link with it. One that is not there cannot be asked, and then its name is all there is to know.
func extldIdentity(name string, env []string) string {
	path := name
	if base(name) == name {
		if p, err := lookPath(name, lookup(env, "PATH")); err == nil {
			path = p
		}
	}
	id, err := fileIdentity(path)
	if err != nil {
		return fmt.Sprintf("%q absent in %q", name, lookup(env, "PATH"))
	}
	return id
}
