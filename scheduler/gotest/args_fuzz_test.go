package gotest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// FuzzArgs checks that the go command reads in cohort's command what it would
// have read in the user's: packages, its own flags, and the test binary's words.
func FuzzArgs(f *testing.F) {
	for _, s := range []string{
		"", "./...", "-run A -v ./a ./b", "-count=2 ./... -user x", "-tags a,b -race -cover -coverpkg=./... .",
		"-args ./x", "./a -args -run B", "-- x", "-short -user -v", "-timeout 5s -p 3 -failfast=false", "-C dir ./x",
		"-test.run=A -test.short", "-exec 'a -b' -toolexec x", "-x", "-run", "-bench .", "--run=A", "-json -o=", "-shuffle on",
		"-unknown ./a", "./a x.go -v y.go", "-covermode=count -coverprofile c.out", "-cpu 1,2 -parallel 3 -vet=off",
	} {
		f.Add(s)
	}
	env := []string{"GOENV=off"}
	f.Fuzz(func(t *testing.T, s string) {
		words := strings.Fields(s)
		a, err := ParseArgs(words, env)
		if err != nil || a.PassThrough != "" {
			return
		}
		command, err := a.Command(CommandOptions{Self: "/cohort", Workers: 2})
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		if !slices.Equal(command[:2], []string{"go", "test"}) {
			t.Fatalf("%q: %q", words, command)
		}
		again, err := ParseArgs(command[2:], env)
		if err != nil || again.PassThrough != "" {
			t.Fatalf("%q: %q: %v, passed through because of %q", words, command, err, again.PassThrough)
		}
		if g, w := binaryWords(again), binaryWords(a); !slices.Equal(g, w) {
			t.Errorf("%q: with %q the binary gets %q, want %q", words, command, g, w)
		}
		if g, w := again.flags(ownFlags...), a.flags(); !slices.Equal(g, w) {
			t.Errorf("%q: with %q go test gets %q, want %q", words, command, g, w)
		}
		if g, w := meaning(*again), meaning(*a); !reflect.DeepEqual(g, w) {
			t.Errorf("%q: %q is read as %+v, want %+v", words, command, g, w)
		}
	})
}

// binaryWords are those of the test binary, less the -args before them, which
// the go command takes out.
func binaryWords(a *Args) []string {
	words := a.rest()
	if i := slices.IndexFunc(words, func(w string) bool { return w == "-args" || w == "--args" }); i >= 0 {
		words = slices.Delete(slices.Clone(words), i, i+1)
	}
	return words
}

// meaning leaves out what cohort gives itself, and how things were written.
func meaning(a Args) Args {
	a.Exec, a.P, a.Timeout = nil, 0, 0
	a.known, a.unknown, a.tail = nil, nil, nil
	return a
}
