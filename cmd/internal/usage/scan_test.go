package usage

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// testCommand has a flag of each kind.
func testCommand() Command {
	return Command{Name: "cohort", Help: "cohort help flags", Words: []string{"help"}, Flags: []Flag{
		{Name: "workers", Short: "n", Takes: "N|auto"},
		{Name: "format", Short: "f", Kind: Choice, Choices: []string{"dots", "plain"}},
		{Name: "rerun-fails", Kind: Number, Bare: "2"},
		{Name: "max-fails", Kind: Number},
		{Name: "debug", Kind: Switch},
		{Name: "raw-command", Kind: Switch},
		{Name: "junitfile", Path: OutputFile},
		{Name: "packages", Repeat: true},
		{Name: "last-failed", Bare: "history", Path: InputFile},
	}}
}

func testInput(args []string) Input {
	return Input{Command: testCommand(), Args: args, Binary: []string{"v", "run"},
		GoTest: map[string]bool{"race": false, "v": false, "run": true, "count": true, "n": false, "failfast": false},
		File:   func(word string) bool { return strings.HasPrefix(word, "run.") }}
}

// byPflag reads args as pflag does.
func byPflag(args []string) (settings []Setting, rest []string, err error) {
	cmd := testCommand()
	set := pflag.NewFlagSet("cohort", pflag.ContinueOnError)
	set.SetInterspersed(false)
	set.Usage = func() {}
	for _, f := range cmd.Flags {
		set.StringP(f.Name, f.Short, "", "")
		set.Lookup(f.Name).NoOptDefVal = f.Bare
		if f.Kind == Switch {
			set.Lookup(f.Name).NoOptDefVal = "true"
		}
	}
	err = set.ParseAll(args, func(flag *pflag.Flag, value string) error {
		settings = append(settings, Setting{flag.Name, value})
		return nil
	})
	return settings, set.Args(), err
}

// FuzzScan checks that a command line without problems is read as pflag, which gotestsum
// uses, reads it; and that what was meant by one with problems has none.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		"", "./...", "-n 4 ./a", "-n4", "-n=4", "-fdots -- -v", "--format=plain ./a -race", "--rerun-fails ./...", "--debug=false x",
		"--rerun-fails 3", "-race ./...", "--junitfile --debug", "--", "-", "--packages a --packages b c", "-h", "--help", "-test.v",
		"./a -- -run X", "test ./...", "--raw-command -- a --debug", "-nf dots", "--worker 3 -count=1 ./p", "./... --rerun-fails=1",
		"--max-fails=x", "--last-failed run.x ./a", "--last-failed run.go", "--last-failed ./a", "-j4", "--reruns 2", "-args x", "-f= x", "--=", "---", "-failfast", "-n= x", "-fn 3",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		args := strings.Fields(s)
		got := Scan(testInput(slices.Clone(args)))
		settings, rest, err := byPflag(args)
		if len(got.Problems) > 0 {
			checkMeant(t, args, got)
			return
		}
		if got.Help != errors.Is(err, pflag.ErrHelp) {
			t.Fatalf("%q: help %v, pflag says %v", args, got.Help, err)
		}
		if got.Help {
			return
		}
		if err != nil || !slices.Equal(got.Settings, settings) || !slices.Equal(got.Rest, rest) {
			t.Errorf("%q: got %q and %q, pflag %q and %q, %v", args, got.Settings, got.Rest, settings, rest, err)
		}
	})
}

// checkMeant checks that the command line in the answer is right.
func checkMeant(t *testing.T, args []string, got Result) {
	t.Helper()
	if len(got.Type) < 2 || slices.Contains(got.Type, "tool") || slices.Contains(got.Type, "help") {
		return
	}
	again := Scan(testInput(slices.Clone(got.Type[1:])))
	for _, p := range again.Problems {
		// A value that has to be filled in is a problem still.
		if !strings.Contains(p, "=N:") && !strings.Contains(p, "=TEXT:") && !strings.Contains(p, "=FILE:") {
			t.Errorf("%q: %q is to be typed, and has: %s", args, got.Type, p)
		}
	}
}

// TestFileAstray: a file that is there, behind a flag that takes one after an equals sign only, is its
// value and no package.
func TestFileAstray(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"--last-failed run.cohort ./a": "--last-failed run.cohort: --last-failed takes its value after an equals sign; cohort --last-failed=run.cohort ./a",
		"--last-failed run.cohort":     "--last-failed run.cohort: --last-failed takes its value after an equals sign; cohort --last-failed=run.cohort",
		"--last-failed run.go":         "; ",
		"--last-failed gone.cohort":    "; ",
		"--last-failed ./a":            "; ",
		"--last-failed --debug run.x":  "; ",
	} {
		got := Scan(testInput(strings.Fields(line)))
		if text := strings.Join(got.Problems, "|") + "; " + strings.Join(got.Type, " "); text != want {
			t.Errorf("%s: got %q, want %q", line, text, want)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"workers", "rerun-fails", "rerun-delay", "junitfile", "watch", "dist"}
	for word, want := range map[string]string{
		"worker": "workers", "wrokers": "workers", "junit": "junitfile", "rerun": "", "rerunfails": "rerun-fails",
		"wtach": "watch", "dits": "dist", "d": "", "zzz": "", "": "", "rerun-f": "rerun-fails", "jobs": "", "distance": "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ba", 1}, {"abc", "abd", 1}, {"kitten", "sitting", 3}, {"list", "lists", 1}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%s %s: got %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a); got != c.want {
			t.Errorf("%s %s: not symmetric: %d", c.b, c.a, got)
		}
	}
}

// TestPeersAreOnce checks that no flag of another tool is answered in two ways.
func TestPeersAreOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range peers() {
		answers := 0
		for _, a := range []string{p.own, p.goTest, p.command, p.note} {
			if a != "" {
				answers++
			}
			if strings.Contains(a, "%s") && !p.takes {
				t.Errorf("%s: no value to fill in", p.flags)
			}
		}
		if answers != 1 {
			t.Errorf("%s: %d answers", p.flags, answers)
		}
		for name := range strings.FieldsSeq(p.flags) {
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d flags", len(seen))
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	flags := []Flag{
		{Name: "workers", Short: "n", Takes: "N|auto", Help: "how many processes", Default: "auto"},
		{Name: "a-name-that-is-far-too-long", Kind: Switch, Help: "one two three four five six seven eight"},
		{Name: "hidden", Hidden: true},
	}
	for width, want := range map[int]string{
		60: `  -n, --workers N|auto  how many processes (default auto)
      --a-name-that-is-far-too-long
                        one two three four five six seven
                        eight
`,
		30: `  -n, --workers N|auto
      how many processes
      (default auto)
      --a-name-that-is-far-too-long
      one two three four five
      six seven eight
`,
	} {
		if got := Describe(flags, width); got != want {
			t.Errorf("width %d:\n%s\nwant:\n%s", width, got, want)
		}
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	c := &Command{Flags: []Flag{{Name: "a", Needs: "x"}, {Name: "b", Needs: "x"}, {Name: "c", Needs: "y"}, {Name: "x"}, {Name: "y"}}}
	for given, want := range map[string]string{
		"":        "",
		"a":       "--a has no effect without --x",
		"a b c":   "--a and --b have no effect without --x|--c has no effect without --y",
		"x a b":   "",
		"a y c a": "--a has no effect without --x",
		"nothing": "",
	} {
		names := strings.Fields(given)
		got := Idle(c, names, func(name string) bool { return slices.Contains(names, name) })
		if text := strings.Join(got, "|"); text != want {
			t.Errorf("%s: got %s, want %s", given, text, want)
		}
	}
}
