package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// TestAddRules has files before and after. + stands for the two entries that are added.
func TestAddRules(t *testing.T) {
	t.Parallel()
	yes := true
	rules := []Rule{
		{Match: Match{Package: "./cart", Test: "^(TestA|TestB)$"}, Lock: []string{"cart-a"}, Reason: "adopted: it's TestA: no"},
		{Match: Match{Package: "."}, Serial: &yes, Group: "off", Dist: "loadpackage", Shuffle: "off"},
	}
	entries := func(indent string) string {
		lines := []string{
			"- match: {test: '^(TestA|TestB)$', package: ./cart}", "  lock: [cart-a]", "  reason: 'adopted: it''s TestA: no'",
			"- match: {package: '.'}", "  group: 'off'", "  serial: true", "  dist: loadpackage", "  shuffle: 'off'",
		}
		return indent + strings.Join(lines, "\n"+indent) + "\n"
	}
	for _, tt := range []struct{ name, before, after string }{
		{"nothing", "", "version: 1\n\ntests:\n" + entries("  ")},
		{"blank", "\n", "\nversion: 1\n\ntests:\n" + entries("  ")},
		{"no section", "# ours\nversion: 1 # first\n", "# ours\nversion: 1 # first\n\ntests:\n" + entries("  ")},
		{"no last newline", "version: 1", "version: 1\n\ntests:\n" + entries("  ")},
		{
			"last section", "tests:\n  # why\n  - match: {test: X} # x\n    serial: true\n",
			"tests:\n  # why\n  - match: {test: X} # x\n    serial: true\n" + entries("  "),
		},
		{
			"not indented", "tests:\n- match:\n    test: X\n  serial: true\nlocks: {a: 1}\n",
			"tests:\n- match:\n    test: X\n  serial: true\n" + entries("") + "locks: {a: 1}\n",
		},
		{
			"before another section", "tests:\n    - {match: {test: X}, serial: true}\n    # end\n\n# locks\nlocks:\n  a: 1\n",
			"tests:\n    - {match: {test: X}, serial: true}\n    # end\n" + entries("    ") + "\n# locks\nlocks:\n  a: 1\n",
		},
		{
			"Windows", "version: 1\r\ntests:\r\n  - match: {test: X}\r\n    serial: true\r\nlocks: {a: 1}\r\n",
			"version: 1\r\ntests:\r\n  - match: {test: X}\r\n    serial: true\r\n" + strings.ReplaceAll(entries("  "), "\n", "\r\n") + "locks: {a: 1}\r\n",
		},
		{
			"Windows with comments", "version: 1\r\n# a\r\ntests: # b\r\n  # c\r\n  - match: {test: X} # d\r\n    serial: true\r\n# e\r\nlocks: {a: 1}\r\n",
			"version: 1\r\n# a\r\ntests: # b\r\n  # c\r\n  - match: {test: X} # d\r\n    serial: true\r\n" +
				strings.ReplaceAll(entries("  "), "\n", "\r\n") + "# e\r\nlocks: {a: 1}\r\n",
		},
		{"a return alone", "# a\r# b\r# c\rtests:\n  - match: {test: X}\n    serial: true\nlocks: {a: 1}\n", ""},
		{"in one line", "tests: [{match: {test: X}, serial: true}]\n", ""},
		{"all in one line", "{version: 1}\n", ""},
		{
			"an anchor", "tests: &t\n  - match: {test: X}\n    serial: true\n",
			"tests: &t\n  - match: {test: X}\n    serial: true\n" + entries("  "),
		},
		{"document end", "version: 1\n...\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := AddRules("f", []byte(tt.before), nil, rules)
			if tt.after == "" {
				if !errors.Is(err, ErrNoPlace) {
					t.Errorf("%v\n%s", err, got)
				}
				return
			}
			if err != nil || string(got) != tt.after {
				t.Errorf("%v, got\n%s\nwant\n%s", err, got, tt.after)
			}
		})
	}
	if got, err := AddRules("f", []byte("versoin: 1"), nil, rules); err == nil || errors.Is(err, ErrNoPlace) {
		t.Errorf("a wrong file: %v\n%s", err, got)
	}
}

// FuzzAddRules adds a rule to any file that can be read: its old text stays, in order.
func FuzzAddRules(f *testing.F) {
	for _, text := range []string{"", "version: 1\n", "tests:\n  - match: {test: X}\n    serial: true\nlocks: {a: 1}\n", "\ufefflocks:\n  a: 1 # x\n",
		"# a\r\ntests:\r\n  - match: {test: X} # b\r\n    serial: true\r\n# c\r\nlocks: {a: 1}\r\n", "# a\r# b\rtests:\n- match: {test: X}\n  serial: true\nlocks: {a: 1}\n"} {
		f.Add(text, "^(TestA)$")
	}
	f.Fuzz(func(t *testing.T, text, test string) {
		rule := Rule{Match: Match{Test: test}, Group: "g"}
		got, err := AddRules("f", []byte(text), []usage.Flag{}, []Rule{rule})
		if err != nil {
			return
		}
		n := 0
		for n < len(text) && n < len(got) && got[n] == text[n] {
			n++
		}
		if !strings.HasSuffix(string(got), text[n:]) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
