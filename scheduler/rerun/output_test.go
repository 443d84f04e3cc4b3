package rerun

import (
	"regexp"
	"strings"
	"testing"
)

// TestOutput: which tests' output an expression matches, line by line.
func TestOutput(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxLine/2)
	for name, tc := range map[string]struct {
		lines []string // "test: text"; a text without a final newline is a piece
		re    string
		want  string // the tests
	}{
		"nothing":                  {nil, "", ""},
		"a line":                   {[]string{"A: no route to host\n", "B: ok\n"}, "no route", "A"},
		"a subtest":                {[]string{"A/x/y: no route\n"}, "no route", "A"},
		"of the package":           {[]string{": no route\n"}, "no route", "package"},
		"the end of a line":        {[]string{"A: it is down\n", "B: down it is\n", "C: down\r\n"}, "down$", "A C"},
		"the beginning of a line":  {[]string{"A: it is down\n", "B: down it is\n"}, "^down", "B"},
		"no line matches another":  {[]string{"A: one\n", "A: two\n"}, "(?s)one.*two", ""},
		"pieces":                   {[]string{"A: no ro", "A: ute to ", "A: host\n"}, "^no route to host$", "A"},
		"pieces of two tests":      {[]string{"A: no ro", "B: ute\n"}, "no route", ""},
		"a piece is a line, too":   {[]string{"A: no ro", "B: ute\n"}, "^no ro$", "A"},
		"a last piece":             {[]string{"A: no route"}, "no route", "A"},
		"a piece before a line":    {[]string{"A: no ro", "B: no route\n"}, "no route", "B"},
		"long pieces":              {[]string{"A: " + long, "A: " + long, "A: no route\n"}, "no route", "A"},
		"across the longest piece": {[]string{"A: " + long, "A: " + long + "no ", "A: route\n"}, "no route", ""},
		"short of it":              {[]string{"A: " + long, "A: no ", "A: route\n"}, "xno route$", "A"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			re := regexp.MustCompile(tc.re)
			o := NewOutput([]*regexp.Regexp{re})
			buffer := make([]byte, 0, maxLine)
			for _, line := range tc.lines {
				test, text, _ := strings.Cut(line, ": ")
				buffer = append(buffer[:0], text...)
				o.Add(test, buffer, !strings.HasSuffix(text, "\n"))
				for i := range buffer {
					buffer[i] = '!' // it is not kept
				}
			}
			o.End()
			merged := NewOutput(nil)
			merged.Merge(NewOutput(nil))
			merged.Merge(o)
			var got []string
			for _, test := range []string{"A", "B", "C", ""} {
				if merged.Matches([]string{"Z", test}, re) {
					got = append(got, map[bool]string{true: "package", false: test}[test == ""])
				}
			}
			if text := strings.Join(got, " "); text != tc.want {
				t.Errorf("got %s, want %s", text, tc.want)
			}
			if len(o.line) > 0 || cap(o.line) > 2*maxLine {
				t.Errorf("%d bytes are kept, of %d", len(o.line), cap(o.line))
			}
		})
	}
}

// TestTerms: why something does not run again.
func TestTerms(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		only, except, matching string // expressions, separated by spaces
		want                   string
	}{
		"no terms":                {"", "", "a b", ""},
		"only, and it matches":    {"a b", "", "b", ""},
		"only, and nothing does":  {"a b", "", "", "its output does not match rerun-only 'a' or 'b'"},
		"except, and it matches":  {"", "a b", "b", "its output matches rerun-except 'b'"},
		"except, and nothing":     {"", "a b", "c", ""},
		"except wins":             {"a", "b", "a b", "its output matches rerun-except 'b'"},
		"only, and except is not": {"a", "b", "a", ""},
		"neither matches":         {"a", "b", "", "its output does not match rerun-only 'a'"},
	} {
		compile := func(texts string) (all []*regexp.Regexp) {
			for _, text := range strings.Fields(texts) {
				all = append(all, regexp.MustCompile(text))
			}
			return all
		}
		terms := Terms{Only: compile(tc.only), Except: compile(tc.except)}
		got := terms.Bar(func(re *regexp.Regexp) bool { return strings.Contains(" "+tc.matching+" ", " "+re.String()+" ") })
		if got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
		if n := len(terms.Patterns()); n != len(strings.Fields(tc.only+" "+tc.except)) {
			t.Errorf("%s: %d patterns", name, n)
		}
	}
}
