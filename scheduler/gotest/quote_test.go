package gotest

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestShellQuote(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell here")
	}
	var every strings.Builder
	for c := byte(1); c < 0xff; c++ {
		every.WriteByte(c)
	}
	words := []string{
		"go", "", "a b", "'", "''", `"`, `\`, `\'`, "$HOME", "`id`", "a;b|c&d", "*", "?[a]", "~", "#x", "!1", "{a,b}", "-n",
		"^(TestA|TestB)$", "a\nb\n", "\t", "ü", "\xff", "a=b", "%s", "<x>", "(y)", "x@y+z%", every.String(),
	}
	out, err := exec.Command(sh, "-c", `printf '%s\0' `+ShellQuote(words)).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if !slices.Equal(got, words) {
		t.Errorf("the shell reads\n%q\nwant\n%q", got, words)
	}
	if got, want := ShellQuote([]string{"go", "test", "-run", "^A$", "-shuffle=7", "./a/..."}), "go test -run '^A$' -shuffle=7 ./a/..."; got != want {
		t.Errorf("%s, want only what needs quotes in them: %s", got, want)
	}
}

func FuzzQuoteWords(f *testing.F) {
	f.Add("a", "b c", "")
	f.Add("'", `"`, "\t")
	f.Add("a'b", `c "d"`, "\u00a0x\r")
	f.Add(`a"`, "'b", "\n")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		words := []string{a, b, c}
		both := func(s string) bool { return strings.Contains(s, "'") && strings.Contains(s, `"`) }
		s, err := QuoteWords(words...)
		if err != nil {
			if !slices.ContainsFunc(words, both) {
				t.Errorf("%q: %v", words, err)
			}
			return
		}
		if got, err := splitQuoted(s); err != nil || !slices.Equal(got, words) {
			t.Errorf("%q: the go command reads %q as %q, %v", words, s, got, err)
		}
	})
}

func TestSplitQuoted(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][]string{
		"":            nil,
		" \t\r\n":     nil,
		"a b":         {"a", "b"},
		`'a'b`:        {"a", "b"}, // as cmd/internal/quoted has it
		`a'b'`:        {"a'b'"},
		`"a 'b'" c`:   {"a 'b'", "c"},
		`'' ""`:       {"", ""},
		`a\ b`:        {`a\`, "b"},
		"a\u00a0b\vc": {"a\u00a0b\vc"},
	} {
		if got, err := splitQuoted(s); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v, want %q", s, got, err, want)
		}
	}
	for _, s := range []string{"'", `"`, `a 'b`, `"a'`} {
		if got, err := splitQuoted(s); err == nil {
			t.Errorf("%q: %q, want an error", s, got)
		}
	}
}
