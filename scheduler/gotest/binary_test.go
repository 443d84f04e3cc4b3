package gotest

import (
	"flag"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestParseBinaryArgs(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]BinaryArgs{
		"":                                {Count: 1, CPUs: 1},
		"-test.run=A|B -test.skip=C":      {Count: 1, CPUs: 1, Run: "A|B", Skip: "C"},
		"-test.count=3 -test.cpu=1,2,4":   {Count: 3, CPUs: 3},
		"-test.cpu=":                      {Count: 1, CPUs: 1},
		"-test.shuffle=on -test.failfast": {Count: 1, CPUs: 1, Shuffle: "on", FailFast: true},
		"-test.failfast=true":             {Count: 1, CPUs: 1, FailFast: true},
		"-test.failfast=false":            {Count: 1, CPUs: 1},
		"--test.run=A":                    {Count: 1, CPUs: 1, Run: "A"},
		"-test.run A -test.count 2 x":     {Count: 2, CPUs: 1, Run: "A"}, // behind -args
		"-test.coverprofile=/p -test.gocoverdir=/d": {Count: 1, CPUs: 1, CoverProfile: "/p", CoverDir: "/d"},
		"-test.timeout=0s -x= -test.timeout=5s":     {Count: 1, CPUs: 1, Timeout: "5s"},
		"-test.timeout=0s":                          {Count: 1, CPUs: 1},
		"-test.bench=.":                             {Count: 1, CPUs: 1, Opaque: true},
		"-test.bench= -test.fuzz=":                  {Count: 1, CPUs: 1},
		"-foo bar -test.run=A":                      {Count: 1, CPUs: 1, Opaque: true},
		"-foo -test.run=A":                          {Count: 1, CPUs: 1, Opaque: true}, // it may be -foo's value
		"-foo=1 -test.run=A":                        {Count: 1, CPUs: 1, Run: "A"},
		"-- -test.run=A":                            {Count: 1, CPUs: 1, Opaque: true},
		"-run=A":                                    {Count: 1, CPUs: 1},
	} {
		got := *ParseBinaryArgs(strings.Fields(args))
		got.kept, got.tail, got.countSet = nil, nil, false
		if !slices.Equal([]any{got.Run, got.Skip, got.Shuffle, got.Count, got.CPUs, got.FailFast, got.CoverProfile, got.CoverDir, got.Timeout, got.Opaque},
			[]any{want.Run, want.Skip, want.Shuffle, want.Count, want.CPUs, want.FailFast, want.CoverProfile, want.CoverDir, want.Timeout, want.Opaque}) {
			t.Errorf("%q: %+v, want %+v", args, got, want)
		}
	}
}

func TestBinaryArgsProcess(t *testing.T) {
	t.Parallel()
	whole := Process{
		Patterns: Patterns{Run: "^A$"}, Shuffle: "7", FailFast: true, Timeout: "10m0s",
		CoverProfile: "/p", CoverDir: "/d", TestLog: "/l",
	}
	for name, tc := range map[string]struct {
		args    string
		process Process
		want    string
	}{
		"bare": {"", Process{}, "-test.v=test2json"},
		"all": {"-test.paniconexit0 -test.v=test2json -test.timeout=0s -test.run=B -test.short=true -x y", whole,
			"-test.testlogfile=/l -test.v=test2json -test.gocoverdir=/d -test.timeout=10m0s -test.run=^A$ -test.shuffle=7 -test.coverprofile=/p -test.failfast=true -test.paniconexit0 -test.short=true -x y"},
		// The value of an unknown flag must stay beside it.
		"two words":    {"-test.timeout=0s -x y -test.z", Process{Patterns: Patterns{Run: "A"}, Timeout: "1s"}, "-test.v=test2json -test.timeout=1s -test.run=A -x y -test.z"},
		"marked -v":    {"-test.v=test2json -test.v=true", Process{}, "-test.v=test2json"},
		"count":        {"-test.count=3", Process{}, "-test.v=test2json -test.count=3"},
		"count less":   {"-test.count=3", Process{Count: 2}, "-test.v=test2json -test.count=2"},
		"bad count":    {"-test.count=x", Process{}, "-test.v=test2json -test.count=x"},
		"user's limit": {"-test.timeout=0s -test.timeout=5s", Process{Timeout: "10m0s"}, "-test.v=test2json -test.timeout=5s"},
		"artifacts":    {"-test.short", Process{Artifacts: "/a", CoverProfile: "/p"}, "-test.v=test2json -test.coverprofile=/p -test.artifacts=true -test.outputdir=/a -test.short"},
		"joined":       {"-test.skip A -test.short -test.run B -- c", Process{Patterns: Patterns{Run: "B", Skip: "C"}}, "-test.v=test2json -test.run=B -test.skip=C -test.short -- c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(ParseBinaryArgs(strings.Fields(tc.args)).Args(tc.process), " "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// testingFlags returns a flag set as a test binary has it: the testing
// package's own flags and two of the test's, user and verbose.
func testingFlags() *flag.FlagSet {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	flag.VisitAll(func(f *flag.Flag) {
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() && f.Name != "test.v" {
			fs.Bool(f.Name, false, "")
			return
		}
		if strings.HasPrefix(f.Name, "test.") && f.Name != "test.v" {
			fs.String(f.Name, "", "")
		}
	})
	fs.Var(verboseFlag{new(string)}, "test.v", "")
	fs.String("user", "", "")
	fs.Bool("verbose", false, "")
	return fs
}

// verboseFlag is the testing package's -test.v: a bool that takes other values.
type verboseFlag struct{ s *string }

func (verboseFlag) IsBoolFlag() bool     { return true }
func (v verboseFlag) Set(s string) error { *v.s = s; return nil }
func (v verboseFlag) String() string {
	if v.s == nil {
		return ""
	}
	return *v.s
}

// FuzzBinaryArgs checks with the flag package that a binary given Args sees
// what it would have seen in the original arguments, but for what Args states
// anew.
func FuzzBinaryArgs(f *testing.F) {
	for _, s := range []string{
		"-test.v=true -test.run=A -user x -test.skip B y -z", "-verbose x", "-- -x", "-test.run A -test.count=2",
		"-test.timeout=5s --test.short", "-test.count=x", "-user -test.run=A -test.failfast=0", "-user", "-test.run", "-=a", "---",
	} {
		f.Add(s)
	}
	ours := strings.Fields("test.run test.shuffle test.failfast test.count test.coverprofile test.gocoverdir test.testlogfile test.timeout test.v")
	f.Fuzz(func(t *testing.T, s string) {
		args := strings.Fields(s)
		want, got := testingFlags(), testingFlags()
		if want.Parse(args) != nil {
			return // the binary refuses them
		}
		b := ParseBinaryArgs(args)
		out := b.Args(Process{Patterns: Patterns{Run: "R", Skip: b.Skip}})
		if err := got.Parse(out); err != nil {
			t.Fatalf("%q: %q: %v", args, out, err)
		}
		if g, w := got.Args(), want.Args(); !slices.Equal(g, w) {
			t.Errorf("%q: with %q the binary gets %q, want %q", args, out, g, w)
		}
		want.VisitAll(func(w *flag.Flag) {
			if g := got.Lookup(w.Name); g.Value.String() != w.Value.String() && !slices.Contains(ours, w.Name) {
				t.Errorf("%q: with %q the binary has -%s=%s, want %s", args, out, w.Name, g.Value, w.Value)
			}
		})
		if g := got.Lookup("test.v").Value.String(); g != "test2json" {
			t.Errorf("%q: -test.v=%s", args, g)
		}
		if g := got.Lookup("test.run").Value.String(); g != "R" && !b.Opaque {
			t.Errorf("%q: with %q the binary has -test.run=%s", args, out, g)
		}
		if w := want.Lookup("test.run").Value.String(); b.Run != w && !b.Opaque {
			t.Errorf("%q: Run = %q, want %q", args, b.Run, w)
		}
	})
}

func TestLastCPU(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-test.cpu=1,2,4 -user -test.short": "-test.v=test2json -test.cpu=4 -user -test.short",
		"-test.cpu=1,2 --test.cpu 2,8 rest": "-test.v=test2json -test.cpu=8 -test.cpu=8 rest",
		"-test.cpu=3":                       "-test.v=test2json -test.cpu=3",
		"-user -test.cpu=1,2":               "-test.v=test2json -user -test.cpu=1,2", // the value of the test's own flag, perhaps
		"":                                  "-test.v=test2json",
	} {
		b := ParseBinaryArgs(strings.Fields(args))
		before := strings.Join(b.Args(Process{}), " ")
		if got := strings.Join(b.Args(Process{LastCPU: true}), " "); got != want {
			t.Errorf("%q: got %q, want %q", args, got, want)
		}
		if after := strings.Join(b.Args(Process{}), " "); after != before {
			t.Errorf("%q: the arguments have changed from %q to %q", args, before, after)
		}
	}
}
