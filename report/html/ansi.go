package html

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// span is a piece of output that looks the same throughout. Class is empty or names of the style sheet.
type span struct{ Class, Text string }

// look is what escape sequences have set.
type look struct {
	bold, dim, italic, underline, inverse bool
	fore, back                            int // 1 to 16; 0: the default
}

func (l look) class() string {
	if l == (look{}) {
		return ""
	}
	var names []string
	for _, one := range []struct {
		on   bool
		name string
	}{{l.bold, "b"}, {l.dim, "d"}, {l.italic, "i"}, {l.underline, "u"}, {l.inverse, "v"}} {
		if one.on {
			names = append(names, one.name)
		}
	}
	if l.fore > 0 {
		names = append(names, fmt.Sprintf("f%d", l.fore-1))
	}
	if l.back > 0 {
		names = append(names, fmt.Sprintf("k%d", l.back-1))
	}
	return strings.Join(names, " ")
}

// spans turns a terminal's text into spans: colours become classes, other escape sequences go, and what
// cannot be seen or would change how the text around it is read is named.
func spans(s string) []span {
	p := &spanner{}
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == 0x1b:
			size = p.escape(s)
		case r == utf8.RuneError && size == 1:
			p.mark(fmt.Sprintf("\\x%02x", s[0]))
		case r == '\r':
			if !strings.HasPrefix(s, "\r\n") {
				p.text.WriteByte('\n') // a progress line that was written over
			}
		case r == '\n' || r == '\t':
			p.text.WriteRune(r)
		case hidden(r):
			p.mark(visible(r))
		default:
			p.text.WriteRune(r)
		}
		s = s[size:]
	}
	p.cut()
	return p.all
}

type spanner struct {
	all  []span
	look look
	text strings.Builder
}

// cut ends the span that is being collected.
func (p *spanner) cut() {
	if p.text.Len() == 0 {
		return
	}
	one := span{p.look.class(), p.text.String()}
	p.text.Reset()
	if n := len(p.all); n > 0 && p.all[n-1].Class == one.Class {
		p.all[n-1].Text += one.Text
		return
	}
	p.all = append(p.all, one)
}

// mark adds the name of something that cannot be shown.
func (p *spanner) mark(name string) {
	p.cut()
	p.all = append(p.all, span{"ctl", name})
}

// escape reads the sequence that s begins with and returns its length.
func (p *spanner) escape(s string) int {
	if len(s) < 2 {
		p.mark("ESC")
		return 1
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			switch c := s[i]; {
			case c >= 0x40 && c <= 0x7e:
				if c == 'm' {
					p.cut()
					p.look.set(s[2:i])
				}
				return i + 1
			case c < 0x20 || c > 0x7e:
				return i // no sequence: what it has swallowed was none of the test's words
			}
		}
		return len(s)
	case ']', 'P', '_', '^', 'X': // up to a bell or ESC \: titles, links and the like
		for i := 2; i < len(s) && s[i] != '\n'; i++ {
			if s[i] == 0x07 {
				return i + 1
			}
			if strings.HasPrefix(s[i:], "\x1b\\") {
				return i + 2
			}
		}
	}
	p.mark("ESC")
	return 1
}

// set applies the numbers of a colour sequence.
func (l *look) set(numbers string) {
	words := strings.FieldsFunc(numbers, func(r rune) bool { return r == ';' || r == ':' })
	if len(words) == 0 {
		*l = look{}
	}
	for i := 0; i < len(words); i++ {
		n, err := strconv.Atoi(words[i])
		if err != nil {
			continue
		}
		if n == 38 || n == 48 {
			colour, used := extended(words[i+1:])
			i += used
			if n == 38 {
				l.fore = colour
			} else {
				l.back = colour
			}
			continue
		}
		l.one(n)
	}
}

func (l *look) one(n int) {
	switch {
	case n == 0:
		*l = look{}
	case n == 1:
		l.bold = true
	case n == 2:
		l.dim = true
	case n == 3:
		l.italic = true
	case n == 4:
		l.underline = true
	case n == 7:
		l.inverse = true
	case n == 22:
		l.bold, l.dim = false, false
	case n == 23:
		l.italic = false
	case n == 24:
		l.underline = false
	case n == 27:
		l.inverse = false
	case n == 39:
		l.fore = 0
	case n == 49:
		l.back = 0
	case n >= 30 && n <= 37:
		l.fore = n - 30 + 1
	case n >= 40 && n <= 47:
		l.back = n - 40 + 1
	case n >= 90 && n <= 97:
		l.fore = n - 90 + 9
	case n >= 100 && n <= 107:
		l.back = n - 100 + 9
	}
}

// extended reads what follows 38 or 48: one of 256 colours, of which the first sixteen are shown, or
// red, green and blue. It returns how many words it has used.
func extended(words []string) (colour, used int) {
	if len(words) == 0 {
		return 0, 0
	}
	switch words[0] {
	case "5":
		if len(words) > 1 {
			if n, err := strconv.Atoi(words[1]); err == nil && n >= 0 && n < 16 {
				return n + 1, 2
			}
		}
		return 0, min(2, len(words))
	case "2":
		return 0, min(4, len(words))
	}
	return 0, 1
}

// hidden reports whether r is a control character, or one that changes the direction of the text around
// it, or has no width.
func hidden(r rune) bool {
	switch {
	case unicode.IsControl(r):
		return true
	case r == 0x061c, r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x2069, r == 0xfeff:
		return true
	}
	return false
}

func visible(r rune) string { return fmt.Sprintf("U+%04X", r) }

// plain returns s, a name, with all that is hidden named.
func plain(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return hidden(r) || r == utf8.RuneError }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			b.WriteString("<" + visible(r) + ">")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
