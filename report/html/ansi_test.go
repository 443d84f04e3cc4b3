package html

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSpans(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                      "",
		"plain\n":                               "[ plain|]",
		"\x1b[31mred\x1b[0m no":                 "[f1 red][  no]",
		"\x1b[1;4;97;41mx\x1b[m":                "[b u f15 k1 x]",
		"\x1b[1mb\x1b[22mn\x1b[7mv\x1b[27mn":    "[b b][ n][v v][ n]",
		"\x1b[38;5;9mx\x1b[38;5;200my\x1b[39mz": "[f9 x][ yz]",
		"\x1b[38;2;1;2;3mrgb\x1b[48;5;2mk":      "[ rgb][k2 k]",
		"\x1b[38mx\x1b[48;5mx":                  "[ xx]",
		"\x1b[2K\x1b[1Ax":                       "[ x]",
		"\x1b]0;title\x07x\x1b]8;;u\x1b\\y":     "[ xy]",
		"\x1b]never ends\nx":                    "[ctl ESC][ ]never ends|x]",
		"\x1b":                                  "[ctl ESC]",
		"\x1b[31":                               "",
		"\x1b[3\nx":                             "[ |x]",
		"10%\r20%\r\nx":                         "[ 10%|20%|x]",
		"a\x00b\u202ec\xffd\tt":                 "[ a][ctl U+0000][ b][ctl U+202E][ c][ctl \\xff][ d\tt]",
		"<b>&\u00fc":                            "[ <b>&\u00fc]",
	} {
		var got strings.Builder
		for _, s := range spans(in) {
			fmt.Fprintf(&got, "[%s %s]", s.Class, strings.ReplaceAll(s.Text, "\n", "|"))
		}
		if got.String() != want {
			t.Errorf("%q: %q, want %q", in, got.String(), want)
		}
	}
}

// FuzzSpans checks that text without escapes comes out whole, and that nothing hidden ever does.
func FuzzSpans(f *testing.F) {
	for _, s := range append(hostile(), "\x1b[1;31mx\x1b[0m", "\x1b[38;5", "a\r\nb\rc") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var text strings.Builder
		for _, one := range spans(s) {
			if one.Text == "" || !utf8.ValidString(one.Text) {
				t.Errorf("%q: span %q", s, one)
			}
			text.WriteString(one.Text)
		}
		if strings.ContainsFunc(text.String(), func(r rune) bool { return hidden(r) && r != '\n' && r != '\t' }) {
			t.Errorf("%q: hidden characters in %q", s, text.String())
		}
		if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return hidden(r) && r != '\n' && r != '\t' }) && text.String() != s {
			t.Errorf("%q became %q", s, text.String())
		}
	})
}
