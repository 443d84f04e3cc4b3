package linkcache

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	idA         = "AAAAAAAAAAAAAAAAAAAA"
	idB         = "BBBBBBBBBBBBBBBBBBBB"
	idC         = "CCCCCCCCCCCCCCCCCCCC"
	testBuildID = idA + "/" + idB + "/" + idC + "/" + idA
)

func TestParseRequestTakesOnlyWhatItUnderstands(t *testing.T) {
	t.Parallel()
	base := []string{"/go/link", "-o", "/w/b001/p.test", "-importcfg", "/w/b001/importcfg.link", "-buildmode=exe",
		"-buildid=" + testBuildID, "-extld=gcc"}
	tests := []struct {
		name string
		argv []string
		want bool
	}{
		{"plain", append(slices.Clone(base), "/w/b001/_pkg_.a"), true},
		{"usual flags", append(slices.Clone(base), "-s", "-w", "-race", "-X", "a.b=c", "-X=a.b=-v", "--installsuffix", "race",
			"-extldflags=-static -L/x", "-checklinkname=0", "-linkmode=internal", "main.a"), true},
		{"pie", append(slices.Clone(base), "-buildmode=pie", "main.a"), true},
		{"no archive", base, false},
		{"two archives", append(slices.Clone(base), "a.a", "b.a"), false},
		{"response file", []string{"/go/link", "@/tmp/args"}, false},
		{"archive is a response file", append(slices.Clone(base), "@/tmp/args"), false},
		{"value missing", append(slices.Clone(base), "-X"), false},
		{"unknown flag", append(slices.Clone(base), "-brandnew", "main.a"), false},
		{"prints", append(slices.Clone(base), "-v", "main.a"), false},
		{"writes another file", append(slices.Clone(base), "-cpuprofile=x", "main.a"), false},
		{"own tmpdir", append(slices.Clone(base), "-tmpdir=x", "main.a"), false},
		{"own buildid", append(slices.Clone(base), "-buildid=", "main.a"), false},
		{"shared library", append(slices.Clone(base), "-buildmode=c-shared", "main.a"), false},
		{"plugin", append(slices.Clone(base), "-buildmode=plugin", "main.a"), false},
		{"linkshared", append(slices.Clone(base), "-linkshared", "main.a"), false},
		{"C linker", append(slices.Clone(base), "-linkmode=external", "main.a"), false},
		{"no output", slices.Concat(base[:1], base[3:], []string{"main.a"}), false},
		{"no importcfg", slices.Concat(base[:3], base[5:], []string{"main.a"}), false},
		{"no build ID", slices.Concat(base[:6], base[7:], []string{"main.a"}), false},
		{"finished build ID", slices.Concat(base[:6], []string{"-buildid=" + idA + "/" + idB + "/" + idC + "/" + idC, "main.a"}), false},
		{"build ID of two parts", slices.Concat(base[:6], []string{"-buildid=" + idA + "/" + idA, "main.a"}), false},
		{"version", []string{"/go/link", "-V=full"}, false},
		{"nothing", []string{"/go/link"}, false},
	}
	for _, tt := range tests {
		if _, got := parseRequest(tt.argv); got != tt.want {
			t.Errorf("%s: parseRequest(%q) = %v, want %v", tt.name, tt.argv, got, tt.want)
		}
	}
}

// A linkCall is what decides a key; tests change one thing in it.
type linkCall struct {
	dir       string
	tool, cfg string
	args      []string
	env       []string
	ldso      []string
}

func newLinkCall(t *testing.T) *linkCall {
	dir := t.TempDir()
	c := &linkCall{dir: dir, tool: filepath.Join(dir, "link"), cfg: filepath.Join(dir, "importcfg.link"), env: []string{"GOROOT=/go", "PATH=/bin"}}
	write(t, c.tool, "the linker")
	write(t, filepath.Join(dir, "cc"), "the C compiler")
	write(t, c.cfg, "packagefile fmt=/cache/1-d\npackagefile os=/w/b002/_pkg_.a\nmodinfo \"v1\"\n")
	at := time.Unix(1e9, 0)
	for _, f := range []string{c.tool, filepath.Join(dir, "cc")} {
		if err := os.Chtimes(f, at, at); err != nil {
			t.Fatal(err)
		}
	}
	c.args = []string{"-buildmode=exe", "-buildid=" + testBuildID, "-extld=" + filepath.Join(dir, "cc")}
	return c
}

func (c *linkCall) key(t *testing.T, out, archive string) key {
	t.Helper()
	argv := slices.Concat([]string{c.tool, "-o", out, "-importcfg", c.cfg}, c.args, []string{archive})
	r, ok := parseRequest(argv)
	if !ok {
		t.Fatalf("parseRequest(%q) refused it", argv)
	}
	k, err := makeKey(r, c.env, c.ldso)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyChangesWithAllThatDecidesTheOutput(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*testing.T, *linkCall){
		"build ID":          func(_ *testing.T, c *linkCall) { c.args[1] = "-buildid=" + idC + "/" + idB + "/" + idC + "/" + idC },
		"main's content ID": func(_ *testing.T, c *linkCall) { c.args[1] = "-buildid=" + idA + "/" + idB + "/" + idB + "/" + idA },
		"build mode":        func(_ *testing.T, c *linkCall) { c.args[0] = "-buildmode=pie" },
		"-s":                func(_ *testing.T, c *linkCall) { c.args = append(c.args, "-s") },
		"-X":                func(_ *testing.T, c *linkCall) { c.args = append(c.args, "-X=a.b=c") },
		"-extldflags":       func(_ *testing.T, c *linkCall) { c.args = append(c.args, "-extldflags=-static") },
		"C compiler's name": func(_ *testing.T, c *linkCall) { c.args[2] = "-extld=elsewhere" },
		"C compiler's file": func(t *testing.T, c *linkCall) { write(t, filepath.Join(c.dir, "cc"), "another C compiler") },
		"linker's size":     func(t *testing.T, c *linkCall) { write(t, c.tool, "a linker with a fix") },
		"linker's time": func(t *testing.T, c *linkCall) {
			if err := os.Chtimes(c.tool, time.Time{}, time.Unix(1e9, 1000)); err != nil {
				t.Fatal(err)
			}
		},
		"linker's place": func(t *testing.T, c *linkCall) {
			other := filepath.Join(c.dir, "other", "link")
			write(t, other, "the linker")
			if err := os.Chtimes(other, time.Time{}, time.Unix(1e9, 0)); err != nil {
				t.Fatal(err)
			}
			c.tool = other
		},
		"module information": func(t *testing.T, c *linkCall) {
			write(t, c.cfg, strings.Replace(read(t, c.cfg), "v1", "v2", 1))
		},
		"dynamic linker": func(_ *testing.T, c *linkCall) { c.ldso = []string{"/lib/ld-musl-x86_64.so.1"} },
		"a package more": func(t *testing.T, c *linkCall) { write(t, c.cfg, read(t, c.cfg)+"packagefile net=/cache/2-d\n") },
	}
	for _, name := range linkerEnv() {
		changes[name] = func(_ *testing.T, c *linkCall) { c.env = append(c.env, name+"=other") }
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newLinkCall(t)
			before := c.key(t, "/w/p.test", "/w/_pkg_.a")
			change(t, c)
			if c.key(t, "/w/p.test", "/w/_pkg_.a") == before {
				t.Error("the key stayed the same")
			}
		})
	}
}

func TestKeyIgnoresWhereTheGoCommandWorks(t *testing.T) {
	t.Parallel()
	c := newLinkCall(t)
	before := c.key(t, "/tmp/go-build1/b001/p.test", "/tmp/go-build1/b001/_pkg_.a")
	c.env = append(c.env, "GOCACHE=/other", "TMPDIR=/other", "HOME=/other")
	other := filepath.Join(c.dir, "b007", "importcfg.link")
	write(t, other, strings.NewReplacer("/cache/1-d", "/w2/b003/_pkg_.a", "/w/b002/_pkg_.a", "/cache/2-d").Replace(read(t, c.cfg)))
	c.cfg = other
	if after := c.key(t, "/tmp/go-build2/b007/p.test", "/cache/3-d"); after != before {
		t.Error("the key changed")
	}
}

func TestDynamicLinkers(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	want := []string{filepath.Join(root, "lib", "ld-musl-x86_64.so.1"), filepath.Join(root, "lib64", "ld-linux-x86-64.so.2")}
	for _, name := range append(want, filepath.Join(root, "lib", "libc.so.6"), filepath.Join(root, "usr", "lib", "ld-x.so")) {
		write(t, name, "")
	}
	if got := dynamicLinkers(root); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := dynamicLinkers(filepath.Join(root, "absent")); len(got) != 0 {
		t.Errorf("nothing there: got %q", got)
	}
}

func TestKeyRefusesWhatItCannotCover(t *testing.T) {
	t.Parallel()
	c := newLinkCall(t)
	r := &request{tool: c.tool, importcfg: c.cfg, buildID: testBuildID}
	write(t, c.cfg, "packageshlib fmt=/lib/libstd.so\n")
	if _, err := makeKey(r, c.env, c.ldso); err == nil {
		t.Error("shared library: no error")
	}
	r.importcfg = filepath.Join(c.dir, "absent")
	if _, err := makeKey(r, c.env, c.ldso); err == nil {
		t.Error("no import configuration: no error")
	}
	r.importcfg, r.tool = c.cfg, filepath.Join(c.dir, "absent")
	if _, err := makeKey(r, c.env, c.ldso); err == nil {
		t.Error("no linker: no error")
	}
}
