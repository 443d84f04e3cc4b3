package owners

import (
	"fmt"
	"strings"
	"testing"
)

// TestPatterns are patterns with files that they match and files that they do not, as GitHub and
// gitignore describe them.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ pattern, yes, no string }{
		{"*", "a a/b a/b/c.go", ""},
		{"*.go", "x.go a/x.go a/b/x_test.go", "x.js x.go.txt"},
		{"*.js", "x.js a/b.js", "x.jsx"},
		{"/build/logs/", "build/logs/a build/logs/a/b", "build/logs a/build/logs/x"},
		{"docs/*", "docs/getting-started.md", "docs/build-app/troubleshooting.md a/docs/x docs"},
		{"/docs/*", "docs/a.md", "docs/a/b.md"},
		{"apps/", "apps/a a/apps/b a/apps/b/c", "apps a/apps"},
		{"/docs/", "docs/a docs/a/b", "a/docs/b docs"},
		{"/scripts/", "scripts/x.sh", "scripts"},
		{"**/logs", "logs build/logs a/b/logs a/logs/x logs/y", "alogs logsx"},
		{"/apps/github", "apps/github apps/github/x", "apps/githubx a/apps/github"},
		{"apps/github", "apps/github/x", "a/apps/github/x"},
		{"foo/**/bar", "foo/bar foo/a/bar foo/a/b/bar foo/a/bar/x", "bar foo/abar foobar"},
		{"foo/**", "foo/a foo/a/b", "foo a/foo/b"},
		{"/**", "a a/b", ""},
		{"**", "a a/b", ""},
		{"**/foo/*.go", "foo/x.go a/foo/x.go a/b/foo/x.go", "foo/a/x.txt foo/a/x.go"},
		{"x?.go", "x1.go a/xx.go", "x.go x/.go"},
		{"a*b", "ab axxb d/axb/f", "a/b axc"},
		{`a\*b`, "a*b", "axb"},
		{"a.b", "a.b", "axb"},
		{"a+(b)|c$", "a+(b)|c$", "aab c"},
		{"e2e", "e2e e2e/x a/e2e/x", "e2ex xe2e"},
		{"/e2e", "e2e e2e/x", "a/e2e"},
		{"/e2e/*_test.go", "e2e/a_test.go", "e2e/a/b_test.go e2e/a.go"},
		{"E2E", "E2E/x", "e2e/x"},
		{"*/x", "a/x a/x/y", "x a/b/x"},
		{"a/*/c", "a/b/c a/b/c/d", "a/c a/b/b/c"},
		{"ü*.go", "über.go", "uber.go"},
		{"**/", "a/b a/b/c", ""},
		{"*/", "a/b a/b/c", "a"},
	} {
		b, problems := Parse(tc.pattern + " @o\n")
		if len(problems) > 0 {
			t.Errorf("%s: %v", tc.pattern, problems)
			continue
		}
		for want, list := range map[bool]string{true: tc.yes, false: tc.no} {
			for _, path := range strings.Split(list, " ") {
				if path != "" && (b.Of(path) != nil) != want {
					t.Errorf("%s matches %s: %v", tc.pattern, path, !want)
				}
			}
		}
	}
}

func TestLastMatchWins(t *testing.T) {
	t.Parallel()
	b, problems := Parse(`# everyone
*       @all
*.go    @gophers  dev@example.com # inline
/e2e/	@org/qa
/e2e/generated/
/a\ b/  @space
/docs/#x @hash

`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for path, want := range map[string]string{
		"README": "[@all]", "a/x.go": "[@gophers dev@example.com]", "e2e/x.go": "[@org/qa]", "e2e/generated/x.go": "[]",
		"a b/x.txt": "[@space]", "docs/#x": "[@hash]",
	} {
		if got := fmt.Sprint(b.Of(path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := (&Book{}).Of("x"); got != nil {
		t.Errorf("an empty book: %v", got)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"!*.go @o":      "begin with !",
		"[Section]":     "sections",
		"^[Section] @o": "sections",
		"a[bc] @o":      "no [ ]",
		"/ @o":          "no file",
		"* owner":       "owner is no owner",
		"* @":           "@ is no owner",
		"* a@b@c":       "is no owner",
		`a\`:            "backslash",
	} {
		b, problems := Parse("# one\n" + line + "\n* @last\n")
		if len(problems) != 1 || problems[0].Line != 2 || !strings.Contains(problems[0].Text, want) {
			t.Errorf("%s: %v", line, problems)
		}
		if got := fmt.Sprint(b.Of("x.go")); got != "[@last]" {
			t.Errorf("%s: the rest of the file is not read: %s", line, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("* @all\n/docs/* @d # c\napps/ a@b\n**/x/** @y\n", "docs/a.md")
	f.Add("a\\ b\\", "a b")
	f.Fuzz(func(t *testing.T, text, path string) {
		b, problems := Parse(text)
		lines := strings.Count(text, "\n") + 1
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Text == "" {
				t.Errorf("%+v", p)
			}
		}
		if len(b.rules)+len(problems) > lines {
			t.Errorf("%d rules and %d problems in %d lines", len(b.rules), len(problems), lines)
		}
		for _, owner := range b.Of(path) {
			if !isOwner(owner) {
				t.Errorf("%q is no owner", owner)
			}
		}
	})
}
