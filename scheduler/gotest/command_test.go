package gotest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// sampleModule writes a module with the packages a and b, each with one test.
func sampleModule(t *testing.T) (dir string) {
	dir = t.TempDir()
	files := map[string]string{"go.mod": "module m\n\ngo 1.26\n"}
	for _, name := range []string{"a", "b"} {
		files[name+"/x_test.go"] = "package " + name + "\n\nimport \"testing\"\n\nfunc TestX(*testing.T) {}\n"
	}
	files["x_test.go"] = "package m\n\nimport \"testing\"\n\nfunc TestX(*testing.T) {}\n"
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// execs returns what `go test -n` with these words would run in place of the
// test binaries: for each, its name, its -test flags and its other arguments.
// The flags that cohort changes on purpose are left out.
func execs(t *testing.T, dir string, words []string) string {
	t.Helper()
	// Another -exec of the command's own wins; without any the result cache could
	// make it run nothing.
	cmd := exec.Command("go", slices.Concat([]string{"test", "-n", "-vet=off", "-exec=/bin/true"}, words)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GODEBUG=gotestjsonbuildtext=1", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "an error"
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		before, rest, ok := strings.Cut(line, ".test -test.paniconexit0")
		if !ok {
			continue
		}
		flags, others := apart(strings.Fields(rest))
		found = append(found, fmt.Sprintf("%s %q %q", filepath.Base(before), flags, others))
	}
	slices.Sort(found)
	return strings.Join(found, "\n")
}

// sameForGo checks that the go command reads the words that cohort gives it as
// it reads the user's own.
func sameForGo(t *testing.T, dir string, words []string) {
	t.Helper()
	a, err := ParseArgs(words, []string{"GOENV=off"})
	if err != nil {
		t.Fatalf("%q: %v", words, err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command, err := a.Command(CommandOptions{Self: self, Workers: 2, Toolexec: reentry.ExecToolCommand})
	if err != nil {
		t.Fatal(err)
	}
	want := execs(t, dir, words)
	got := execs(t, dir, command[2:])
	if got != want {
		t.Errorf("%q: with %q the go command runs\n%s\nwant\n%s", words, command, got, want)
	}
	given, err := ParseArgs(command[2:], []string{"GOENV=off"})
	if err != nil {
		t.Fatal(err)
	}
	flags, others := apart(given.ForBinary(dir, "/profile"))
	for line := range strings.Lines(want) {
		if own := fmt.Sprintf("%q %q", flags, others); want != "an error" && !strings.HasSuffix(strings.TrimSpace(line), " "+own) {
			t.Errorf("%q: ForBinary says %s, and the go command %s", words, own, line)
		}
	}
}

// apart takes the -test flags of a binary apart from its other arguments, less those that cohort
// changes on purpose.
func apart(args []string) (flags, others []string) {
	for _, arg := range args {
		switch {
		case strings.HasPrefix(arg, "-test.v=test2json"), strings.HasPrefix(arg, "-test.timeout="):
		case strings.HasPrefix(arg, "-test."):
			flags = append(flags, arg)
		default:
			others = append(others, arg)
		}
	}
	return flags, others
}

func TestCommandMeansTheSame(t *testing.T) {
	t.Parallel()
	dir := sampleModule(t)
	for _, words := range []string{
		"",
		"./...",
		"-v ./a ./b",
		"./a -v ./b",                   // ./b is an argument of the tests
		"./a -v ./b -run X",            // and -run X too
		"./a -run X -short",            //
		"./a -foo bar -run X",          // bar may be the value of -foo
		"./a -foo -v bar -run X",       // here it cannot
		"-foo ./a",                     // no package at all
		"./a -foo=1 ./b",               //
		"./a -foo=1 ./b -v",            //
		"./a -args -v -run X",          //
		"-args",                        //
		"-v -- ./a",                    //
		"./a -- -v",                    //
		"./a -v - -short",              // - is no flag
		"./a -v -=x -short",            // nor is that
		"./a -v ---x -short",           //
		"---x",                         // a package of that name
		"-test.run X --test.short ./a", //
		"-test.race=0 ./a",             // the go command knows no such form of -race
		"--run=X --count 2 ./a",        //
		"./a -run",                     // refused: it has no value
		"-run X ./a -tags",             //
		"./a -foo -count",              //
		"-cpu 1,2 -skip=X -parallel 3 ./a ./b -x1 y",
		"-v=false -short=T -shuffle=on -count=02 -failfast=0 ./a",
		"-outputdir=out -fullpath ./a",
		"-artifacts ./a",
	} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			sameForGo(t, dir, strings.Fields(words))
		})
	}
}

// TestCommandMeansTheSameRandom draws command lines from words that matter to
// the go command's rules.
func TestCommandMeansTheSameRandom(t *testing.T) {
	t.Parallel()
	dir := sampleModule(t)
	vocabulary := strings.Fields("./a ./b -v -short -run X -run=X -count=1 -foo -foo=1 bar -args -- - -test.run=Y -test.skip Z")
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			var words []string
			for range 1 + random.IntN(7) {
				words = append(words, vocabulary[random.IntN(len(vocabulary))])
			}
			sameForGo(t, dir, words)
		})
	}
}

// commandWords returns the words of the command for these arguments.
func commandWords(t *testing.T, o CommandOptions, env []string, args ...string) []string {
	t.Helper()
	a, err := ParseArgs(args, append([]string{"GOENV=off"}, env...))
	if err != nil {
		t.Fatal(err)
	}
	words, err := a.Command(o)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func TestCommandPlacesCohort(t *testing.T) {
	t.Parallel()
	many := CommandOptions{Self: "/c", Workers: 10_000}
	for name, tc := range map[string]struct {
		options CommandOptions
		args    string
		want    string
	}{
		"plain":      {CommandOptions{Self: "/c", Workers: 1}, "./...", "go test -json -exec=/c exec-test -timeout=0 ./..."},
		"workers":    {many, "./...", "go test -json -exec=/c exec-test -p=10000 -timeout=0 ./..."},
		"small -p":   {many, "-p=3", "go test -json -exec=/c exec-test -p=10000 -timeout=0"},
		"large -p":   {many, "-p 20000", "go test -json -exec=/c exec-test -p=20000 -timeout=0"},
		"timeout":    {CommandOptions{Self: "/c"}, "-timeout 90s", "go test -json -exec=/c exec-test -timeout=1m30s -timeout=0"},
		"no timeout": {CommandOptions{Self: "/c"}, "-timeout=0", "go test -json -exec=/c exec-test -timeout=0s -timeout=0"},
		"directory":  {CommandOptions{Self: "/c"}, "-C=x -v", "go test -C=x -json -exec=/c exec-test -timeout=0 -v"},
		"tools":      {CommandOptions{Self: "/c", Toolexec: "exec-tool"}, "", "go test -json -exec=/c exec-test -toolexec=/c exec-tool -timeout=0"},
		"link cache": {CommandOptions{Self: "/c", Toolexec: "exec-tool -links"}, "", "go test -json -exec=/c exec-test -toolexec=/c exec-tool -links -timeout=0"},
		"user's toolexec": {CommandOptions{Self: "/c", Toolexec: "exec-tool"}, "-short -toolexec 't u' -v",
			"go test -json -exec=/c exec-test -toolexec=/c exec-tool -after=2 t u -timeout=0 -short -v"},
		"user's alone": {CommandOptions{Self: "/c"}, "-toolexec=t", "go test -json -exec=/c exec-test -timeout=0 -toolexec=t"},
		"odd toolexec": {CommandOptions{Self: "/c", Toolexec: "exec-tool"}, `-toolexec=t'"`, `go test -json -exec=/c exec-test -timeout=0 -toolexec=t'"`},
		"seed":         {CommandOptions{Self: "/c", Seed: "7"}, "", "go test -json -exec=/c exec-test -timeout=0 -shuffle=7"},
		"user's seed":  {CommandOptions{Self: "/c", Seed: "7"}, "-shuffle=8", "go test -json -exec=/c exec-test -timeout=0 -shuffle=8"},
		"user's -exec": {CommandOptions{Self: "/c"}, "-exec=wine", "go test -json -exec=/c exec-test -key=4a63655639ee40e4 -timeout=0"},
		"modes":        {CommandOptions{Self: "/c", Modes: []string{"dist", "load"}}, "", "go test -json -exec=/c exec-test -key=0454edde922c47cd -timeout=0"},
		"user's -json": {CommandOptions{Self: "/c"}, "-json", "go test -json -exec=/c exec-test -timeout=0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args, err := splitQuoted(tc.args)
			if err != nil {
				t.Fatal(err)
			}
			if tc.options.Toolexec != "" && !WrapsTools(runtime.GOOS) {
				t.Skip("no -toolexec here")
			}
			if got := strings.Join(commandWords(t, tc.options, nil, args...), " "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestCommandQuotesSelf checks that the go command's reading of the -exec flag
// gives the program back, wherever it is installed.
func TestCommandQuotesSelf(t *testing.T) {
	t.Parallel()
	for _, self := range []string{"/c", "/with space/c", "/o'clock/c", `/a "b" c`, "/tab\there"} {
		for _, word := range commandWords(t, CommandOptions{Self: self}, nil, "-timeout=1s") {
			value, ok := strings.CutPrefix(word, "-exec=")
			if !ok {
				continue
			}
			if got, err := splitQuoted(value); err != nil || !slices.Equal(got, []string{self, "exec-test", "-timeout=1s"}) {
				t.Errorf("%q: the go command reads %q, %v", self, got, err)
			}
		}
	}
	a := &Args{Timeout: DefaultTimeout}
	if words, err := a.Command(CommandOptions{Self: `/it's "c"`}); err == nil {
		t.Errorf("a path with both kinds of quotes: %q, want an error", words)
	}
}

// TestCommandRoundTrip checks that what ParseArgs makes of a command's words is
// what it made of the user's.
func TestCommandRoundTrip(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"", "-race -tags=a,b -short -cover ./...", "-C x -failfast -count=3 ./a ./b", "-shuffle=3 -p 1000 -run A|B ./a",
		"./a -foo bar -v baz", "./a -args -race", "-foo -bar", "./a -- b", "-coverprofile=c.out -msan -asan",
	} {
		want, err := ParseArgs(strings.Fields(args), []string{"GOENV=off"})
		if err != nil {
			t.Fatal(err)
		}
		words, err := want.Command(CommandOptions{Self: "/c", Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseArgs(words[2:], []string{"GOENV=off"})
		if err != nil {
			t.Fatal(err)
		}
		// Its own -exec, -timeout=0 and -args are meant to differ.
		got.Exec, got.Timeout = nil, want.Timeout
		if len(got.tail) > 0 && (len(want.tail) == 0 || got.tail[0] != want.tail[0]) {
			got.tail = got.tail[1:]
		}
		if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
			t.Errorf("%q: read back\n%s\nwant\n%s", args, g, w)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args               string
		run, skip, shuffle string
		failFast           bool
		want               string
	}{
		"bare":    {want: "go test PKG"},
		"skip":    {args: "-skip B -race", run: "A", want: "go test -skip B -race -run A PKG"},
		"other":   {args: "-skip B -race", run: "A", skip: "^B$/x", want: "go test -race -run A -skip ^B$/x PKG"},
		"no skip": {args: "-skip B -race", run: "A", skip: "none", want: "go test -race -run A -skip= PKG"},
		"run":     {run: "^TestA$", shuffle: "7", failFast: true, want: "go test -run ^TestA$ -shuffle=7 -failfast PKG"},
		"replace": {args: "-run X -shuffle=on -failfast -race ./...", run: "^TestA$", want: "go test -race -run ^TestA$ PKG"},
		"-test.":  {args: "--test.run X -test.shuffle=on -short", run: "^TestA$", want: "go test -short -run ^TestA$ PKG"},
		"build":   {args: "-tags a,b -C dir -gcflags=-N ./...", want: "go test -C=dir -tags a,b -gcflags=-N PKG"},
		"cohort's": {args: "-json -p=3 -v -coverprofile=c -toolexec=t -cover", run: "X",
			want: "go test -cover -run X PKG"},
		"timeout":   {args: "-timeout 90s", want: "go test -timeout=1m30s PKG"},
		"exec":      {args: "-exec=wine", want: "go test -exec=wine PKG"},
		"args":      {args: "./... -foo bar -args -x", want: "go test PKG -foo bar -args -x"},
		"late args": {args: "./... -v x -run Y", run: "A", want: "go test -run A PKG -args x -run Y"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := ParseArgs(strings.Fields(tc.args), []string{"GOENV=off"})
			if err != nil {
				t.Fatal(err)
			}
			skip := cmp.Or(tc.skip, a.Skip)
			if skip == "none" {
				skip = ""
			}
			if got := strings.Join(a.Plain("PKG", Patterns{Run: tc.run, Skip: skip}, tc.shuffle, tc.failFast), " "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	a := &Args{Timeout: time.Second, Packages: []string{"a_test.go", "b_test.go"}, Exec: []string{"a b", "c"}}
	got := ShellQuote(a.Plain("command-line-arguments", Patterns{}, "", false))
	if want := `go test -timeout=1s '-exec="a b" c' a_test.go b_test.go`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
