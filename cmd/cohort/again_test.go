package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

func TestAgain(t *testing.T) {
	t.Parallel()
	exec, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: strings.NewReader(
		`{"Action":"fail","Package":"example.com/p","Test":"TestA"}` + "\n" +
			`{"Action":"fail","Package":"example.com/p","Test":"TestB/it's"}` + "\n" +
			`{"Action":"fail","Package":"example.com/p"}` + "\n")})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args, name, want string
		limit            time.Duration
	}{
		{"", "TestA", "go test -count=1 -run '^TestA$' example.com/p", 0},
		{"-tags=a,b -race -run=A|B -shuffle=3 ./...", "TestB", "go test -count=1 -tags=a,b -race -run '^TestB$' example.com/p", 0},
		{"-count=3 ./p -args -x", "TestA", "go test -count=3 -run '^TestA$' example.com/p -args -x", 0},
		{"-C ../other ./p", "TestA", "go test -C=../other -count=1 -run '^TestA$' example.com/p", 0},
		{"", "", "go test -count=1 example.com/p", 0},
		{"", "TestA", "go test -count=1 -timeout=2s -run '^TestA$' example.com/p", 2 * time.Second},
		{"-timeout=1m ./...", "TestA", "go test -count=1 -timeout=300ms -run '^TestA$' example.com/p", 300 * time.Millisecond},
		{"", "checkout", "", 0},
		{"", "TestGroup", "", 0}, // a group of that name: no such test has failed
	} {
		args, err := gotest.ParseArgs(strings.Fields(test.args), nil)
		if err != nil {
			t.Fatal(err)
		}
		s := &scheduledSource{config: &scheduler.Config{GoTest: args}}
		if got := s.again(scheduler.UnitVerdict{Package: "example.com/p", Name: test.name, Limit: test.limit}, exec); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.args, test.name, got, test.want)
		}
	}
}

// A package is typed as a path only where that path leads to it.
func TestPackageArg(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pkg := "github.com/gotestcohort/cohort/report"
	check := func(want, pkg string) {
		t.Helper()
		if got := packageArg(dir, pkg); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	write := func(name string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	check(pkg, pkg)
	write("report/report_test.go")
	check(pkg, pkg) // a directory of another module
	write("go.mod")
	check("./report", pkg)
	check("example.com/report", "example.com/report")
	write("root_test.go")
	check(".", "github.com/gotestcohort/cohort")
}

func TestAgainOfAPlainRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string
		raw  bool
		root string
		want string
	}{
		{"-bench . -json ./...", false, "TestA", "go test '-run=^TestA$' -bench . example.com/p"},
		{"-bench . -run X ./...", false, "TestA", "go test '-run=^TestA$' -bench . example.com/p"},
		{"-bench . ./...", false, "BenchmarkA", ""},
		{"-fuzz F -tags x ./p", false, "", "go test -fuzz F -tags x example.com/p"},
		{"./run-tests", true, "TestA", ""},
	} {
		s := &plainSource{opts: &options{args: strings.Fields(test.args), rawCommand: test.raw}}
		if got := s.again(&plainUnit{pkg: "example.com/p", root: test.root}); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.args, test.root, got, test.want)
		}
	}
}
