package gotest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestKnowsEveryFlag reads the help of the installed go command, so that a flag
// of a later Go is noticed.
func TestKnowsEveryFlag(t *testing.T) {
	t.Parallel()
	entry := regexp.MustCompile(`(?m)^\t-([A-Za-z][\w-]*)( .+)?$`)
	found := 0
	for _, topic := range []string{"testflag", "build", "test"} {
		help, err := exec.Command("go", "help", topic).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range entry.FindAllStringSubmatch(string(help), -1) {
			name, kind := m[1], flagBool
			if m[2] != "" {
				kind = flagValue
			}
			if name == "args" {
				kind = flagUnknown // no flag, but a word that ends them
			}
			found++
			if got := goTestFlags[name]; got != kind {
				t.Errorf("go help %s: -%s%s: kind %d, want %d", topic, name, m[2], got, kind)
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d flags found: the help has another form", found)
	}
}

// summary is what cohort acts on, as one line.
func summary(a *Args) string {
	var s []string
	add := func(name string, v any) {
		if text := fmt.Sprint(v); text != "" && text != "0" && text != "false" && text != "[]" {
			s = append(s, name+"="+text)
		}
	}
	add("pass", a.PassThrough)
	add("exec", strings.Join(a.Exec, "|"))
	add("toolexec", strings.Join(a.Toolexec, "|"))
	add("p", a.P)
	if a.Timeout != DefaultTimeout {
		s = append(s, "timeout="+a.Timeout.String())
	}
	add("shuffle", a.Shuffle)
	add("failfast", a.FailFast)
	add("cover", a.Cover)
	add("race", a.Race)
	add("msan", a.Msan)
	add("asan", a.Asan)
	add("short", a.Short)
	add("tags", strings.Join(a.Tags, "|"))
	add("count", a.Count)
	add("dir", a.Dir)
	add("packages", strings.Join(a.Packages, "|"))
	add("unknown", strings.Join(a.unknown, "|"))
	add("tail", strings.Join(a.tail, "|"))
	return strings.Join(s, " ")
}

func TestParseArgs(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                                   "",
		"./...":                              "packages=./...",
		"-race -msan -asan -short -failfast": "failfast=true race=true msan=true asan=true short=true",
		"-race=false -short=0 -failfast=F":   "",
		"-short -short=false":                "",
		"--race --test.short":                "race=true short=true",
		"-test.race":                         "unknown=-test.race",
		"-count 3 -test.count=4":             "count=4",
		"-p 7 -p=8":                          "p=8",
		"-p=0":                               "pass=-p=0",
		"-p x":                               "pass=-p=x",
		"-timeout 90s":                       "timeout=1m30s",
		"-timeout=0":                         "timeout=0s",
		"-timeout=-1s":                       "timeout=0s",
		"-timeout 5":                         "pass=-timeout=5",
		"-tags a,b,,c":                       "tags=a|b|c",
		"-shuffle on":                        "shuffle=on",
		"-cover":                             "cover=true",
		"-cover=false":                       "",
		"-coverpkg ./...":                    "cover=true",
		"-coverprofile=c -covermode atomic":  "cover=true",
		"-C dir ./a":                         "dir=dir packages=./a",
		"-exec=a":                            "exec=a",
		"-toolexec=a":                        "toolexec=a",
		"-toolexec=":                         "",
		"-json":                              "",
		"-json=false":                        "pass=-json=false",
		"-json=1":                            "",
		// What cannot be split.
		"-bench . ./a":                     "pass=-bench packages=./a",
		"-bench=":                          "",
		"-fuzz F":                          "pass=-fuzz",
		"-list .":                          "pass=-list",
		"-c":                               "pass=-c",
		"-c=false":                         "",
		"-o x":                             "pass=-o",
		"-n":                               "pass=-n",
		"-x":                               "pass=-x",
		"-trace=t":                         "pass=-trace",
		"-cpuprofile a -test.memprofile=b": "pass=-memprofile",
		"-blockprofile=b":                  "pass=-blockprofile",
		"-mutexprofile=b":                  "pass=-mutexprofile",
		"-h":                               "pass=-h unknown=-h",
		"--help":                           "pass=--help unknown=--help",
		// Where the packages end.
		"./a ./b -v ./c":   "packages=./a|./b tail=./c",
		"-foo ./a":         "unknown=-foo|./a",
		"-foo=1 ./a":       "packages= unknown=-foo=1 tail=./a",
		"./a -foo x y -v":  "packages=./a unknown=-foo|x tail=y|-v",
		"./a -foo -v x":    "packages=./a unknown=-foo tail=x",
		"./a -foo x -race": "race=true packages=./a unknown=-foo|x",
		"-args -race":      "tail=-args|-race",
		"--args ./a":       "tail=--args|./a",
		"./a -- -race":     "packages=./a tail=--|-race",
		"-run -race ./a":   "packages=./a",
		"./a -run":         "packages=./a tail=-run",
		"- ./a":            "packages=-|./a",
		"---x -=y":         "packages=---x|-=y",
	} {
		want = strings.Replace(want, "packages= ", "", 1)
		a, err := ParseArgs(strings.Fields(args), []string{"GOENV=off"})
		if err != nil {
			t.Errorf("%q: %v", args, err)
			continue
		}
		if got := summary(a); got != want {
			t.Errorf("%q: %s\nwant %s", args, got, want)
		}
	}
}

func TestParseArgsExec(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{
		"wine":              {"wine"},
		" a  b\tc ":         {"a", "b", "c"},
		`'a b' "c 'd'" e`:   {"a b", "c 'd'", "e"},
		`a'b c'd`:           {"a'b", "c'd"},
		`""`:                {""},
		"":                  nil,
		`'a' 'unbalanced`:   nil,
		`"unbalanced 'too'`: nil,
	} {
		a, err := ParseArgs([]string{"-exec", value}, []string{"GOENV=off"})
		if bad := strings.Contains(value, "unbalanced"); bad != (err != nil) {
			t.Errorf("-exec %q: %v", value, err)
		} else if err == nil && !slices.Equal(a.Exec, want) {
			t.Errorf("-exec %q: %q, want %q", value, a.Exec, want)
		}
	}
}

func TestGoflags(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "env")
	text := "# GOFLAGS=-asan\nGOPROXY=off\n GOFLAGS=-msan\nGOFLAGS=-race\nGOFLAGS=-short '-tags=a b'\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		env  []string
		args string
		want string
	}{
		"variable":          {[]string{"GOENV=off", "GOFLAGS=-race -tags=x"}, "", "race=true tags=x"},
		"file":              {[]string{"GOENV=" + file}, "", "short=true tags=a|b"},
		"empty variable":    {[]string{"GOENV=" + file, "GOFLAGS="}, "", "short=true tags=a|b"},
		"variable wins":     {[]string{"GOENV=" + file, "GOFLAGS=-msan"}, "", "msan=true"},
		"no file":           {[]string{"GOENV=" + file + "x"}, "", ""},
		"command wins":      {[]string{"GOENV=off", "GOFLAGS=-short -p=2 -timeout=3s"}, "-short=false -p=4 -timeout=5s", "p=4 timeout=5s"},
		"exec":              {[]string{"GOENV=off", "GOFLAGS='-exec=a b' -json"}, "", "exec=a|b"},
		"test. form":        {[]string{"GOENV=off", "GOFLAGS=-test.count=2 --short=true"}, "", "short=true count=2"},
		"of other commands": {[]string{"GOENV=off", "GOFLAGS=-ldflags=-s -nosuchflag"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := ParseArgs(strings.Fields(tc.args), tc.env)
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(a); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	for _, bad := range []string{"GOFLAGS='-race", `GOFLAGS=-exec="a`, "GOFLAGS=\"-exec='a\""} {
		if _, err := ParseArgs(nil, []string{"GOENV=off", bad}); err == nil || !strings.Contains(err.Error(), "GOFLAGS") {
			t.Errorf("%s: error %v, want one that names GOFLAGS", bad, err)
		}
	}
}

// TestGoflagsAreNotRepeated checks that what the go command reads by itself is
// not given to it again, where it would override what it overrides there.
func TestGoflagsAreNotRepeated(t *testing.T) {
	t.Parallel()
	words := commandWords(t, CommandOptions{Self: "/c", Workers: 1}, []string{"GOFLAGS=-race -tags=x -p=1 -timeout=1m"}, "./a")
	want := "go test -json -exec=/c exec-test -timeout=1m0s -p=1 -timeout=0 ./a"
	if got := strings.ReplaceAll(strings.Join(words, " "), `"`, ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Words for the test binary that make it print its flags and exit 0, which go test calls a pass.
func TestHelpOfTheTestBinary(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"./p -args -h": "-h", "./p -args --help": "--help", "./p -args -x=1 -help y": "-help", "./p -args --h": "--h",
		"./p -args h": "", "./p -args -hh": "", "./p -args": "", "-bench=. ./p -args -h": "-bench",
	} {
		a, err := ParseArgs(strings.Fields(args), []string{"GOENV=off"})
		if err != nil || a.PassThrough != want {
			t.Errorf("%s: PassThrough %q, %v, want %q", args, a.PassThrough, err, want)
		}
	}
}

func TestForeignTarget(t *testing.T) {
	t.Parallel()
	other := "plan9"
	for _, tc := range []struct {
		env  string
		args []string
		want string
	}{
		{"GOOS=" + runtime.GOOS, nil, ""},
		{"GOARCH=" + runtime.GOARCH, nil, ""},
		{"GOOS=", nil, ""},
		{"GOOS=" + other, nil, "GOOS=" + other},
		{"GOARCH=mips", nil, "GOARCH=mips"},
		{"GOOS=" + other, []string{"-exec=emulator"}, ""},
		{"GOOS=" + other, []string{"-c"}, "-c"},
	} {
		a, err := ParseArgs(tc.args, []string{"GOENV=off", tc.env})
		if err != nil || a.PassThrough != tc.want {
			t.Errorf("%s %q: PassThrough %q, %v, want %q", tc.env, tc.args, a.PassThrough, err, tc.want)
		}
	}
	if a, err := ParseArgs(nil, []string{"GOENV=off"}); err != nil || a.Timeout != 10*time.Minute {
		t.Errorf("default timeout %v, %v", a.Timeout, err)
	}
}
