package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// module is a generated Go module.
type module struct {
	dir string
	err error // the first one; later writes do nothing
}

// newModule starts a module in a folder of that name.
func (b *bench) newModule(name string) *module {
	m := &module{dir: filepath.Join(b.tmp, name)}
	m.file("go.mod", []byte("module example.com/"+name+"\n\ngo 1.26\n"))
	return m
}

// file writes a file below the module's folder.
func (m *module) file(path string, text []byte) {
	if m.err != nil {
		return
	}
	path = filepath.Join(m.dir, filepath.FromSlash(path))
	if m.err = os.MkdirAll(filepath.Dir(path), 0o777); m.err == nil {
		m.err = os.WriteFile(path, text, 0o666)
	}
}

// sleeps adds a package of n tests that take d each.
func (m *module) sleeps(pkg string, n int, d time.Duration) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "package %s\n\nimport (\n\t\"testing\"\n\t\"time\"\n)\n", pkg)
	for i := range n {
		fmt.Fprintf(&text, "\nfunc TestSleep%02d(t *testing.T) { time.Sleep(%d) }\n", i, d)
	}
	m.file(pkg+"/"+pkg+"_test.go", text.Bytes())
}

// splits adds a package of one test that may be split, of n subtests that take d each.
func (m *module) splits(pkg string, n int, d time.Duration) {
	m.file(pkg+"/"+pkg+"_test.go", fmt.Appendf(nil, "package %s\n\nimport (\n\t\"fmt\"\n\t\"testing\"\n\t\"time\"\n)\n\n"+
		"//cohort:split\nfunc TestTable(t *testing.T) {\n\tfor i := range %d {\n"+
		"\t\tt.Run(fmt.Sprint(i), func(t *testing.T) { time.Sleep(%d) })\n\t}\n}\n", pkg, n, d))
}

// trivial adds a package of ten tests that do next to nothing.
func (m *module) trivial(pkg string) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "package %s\n\nimport \"testing\"\n", pkg)
	for i := range 10 {
		fmt.Fprintf(&text, "\nfunc TestTrivial%d(t *testing.T) {\n\tif %d*2 != %d {\n\t\tt.Fail()\n\t}\n}\n", i, i, 2*i)
	}
	m.file(pkg+"/"+pkg+"_test.go", text.Bytes())
}

// warm lets the go command compile and vet packages, so that no contestant does it for the others. args are flags and
// packages. With -trimpath the compiled packages do not depend on the temporary folder: where that takes a minute, the
// next bench finds them in the go command's cache.
func (b *bench) warm(ctx context.Context, m *module, args ...string) error {
	if m.err != nil {
		return m.err
	}
	argv := append([]string{"go", "test", "-run", "^$"}, args...)
	return b.do(ctx, m.dir, argv...)
}

// gotestsumName is the name of that contestant.
const gotestsumName = "gotestsum"

// contestants returns the usual ones: go test, gotestsum, cohort for the first time ever and cohort again.
// own are cohort's flags, args go test's flags and packages.
func (b *bench) contestants(dir string, own, args []string) []contestant {
	again := func() error { return nil }
	return []contestant{
		{name: "go test", dir: dir, argv: append([]string{"go", "test"}, args...)},
		{name: gotestsumName, dir: dir, argv: append([]string{b.gotestsum, "--"}, args...)},
		{name: "cohort, first run ever", dir: dir, argv: b.cohortArgs(own, args), before: b.fresh},
		{name: "cohort, again", dir: dir, argv: b.cohortArgs(own, args), before: again},
	}
}

// pair are the contestants without gotestsum. What go test runs takes it as long as go test, which the
// shorter rows show; the long ones would take minutes to show it again.
func (b *bench) pair(dir string, own, args []string) []contestant {
	return slices.DeleteFunc(b.contestants(dir, own, args), func(c contestant) bool { return c.name == gotestsumName })
}

func (b *bench) cohortArgs(own, args []string) []string {
	argv := append([]string{b.cohort}, own...)
	return append(append(argv, "--"), args...)
}
