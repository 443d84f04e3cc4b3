package grouping

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLabelExpr(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		expr    string
		matches []string // sets of labels, separated by spaces; "" is no label
		refuses []string
	}{
		{"e2e", []string{"e2e", "e2e slow"}, []string{"", "slow", "e2e2"}},
		{"!slow", []string{"", "e2e"}, []string{"slow", "e2e slow"}},
		{"e2e && !slow", []string{"e2e", "e2e net"}, []string{"", "slow", "e2e slow"}},
		{"e2e&&!slow", []string{"e2e"}, []string{"e2e slow"}},
		{"e2e || slow", []string{"e2e", "slow"}, []string{"", "net"}},
		{"a || b && c", []string{"a", "b c"}, []string{"b", "c"}},
		{"(a || b) && c", []string{"a c", "b c"}, []string{"a", "b", "c"}},
		{"!(a || b)", []string{"", "c"}, []string{"a", "b", "a b"}},
		{"!(a && b)", []string{"", "a", "b"}, []string{"a b"}},
		{"!a && !b", []string{"c"}, []string{"a", "b"}},
		{"  e2e\t&& net ", []string{"e2e net"}, []string{"e2e"}},
		{"((a))", []string{"a"}, []string{"b"}},
		{"go1.26", []string{"go1.26"}, []string{"go1"}},
		{"snake_case", []string{"snake_case"}, []string{"snake"}},
		{"медленно", []string{"медленно"}, []string{"slow"}},
		{"linux", []string{"linux"}, []string{""}}, // a label like another, not the system
		{"7", []string{"7"}, []string{""}},
		{"a && !a", nil, []string{"", "a"}},
		{"a || !a", []string{"", "a"}, nil},
	} {
		e, err := ParseLabelExpr(tt.expr)
		if err != nil {
			t.Errorf("%q: %v", tt.expr, err)
			continue
		}
		if e.String() != tt.expr {
			t.Errorf("%q: String is %q", tt.expr, e)
		}
		for _, labels := range tt.matches {
			if !e.Match(strings.Fields(labels)) {
				t.Errorf("%q does not match %q", tt.expr, labels)
			}
		}
		for _, labels := range tt.refuses {
			if e.Match(strings.Fields(labels)) {
				t.Errorf("%q matches %q", tt.expr, labels)
			}
		}
	}
	var zero LabelExpr
	if zero.Match(nil) || zero.Match([]string{"a"}) || len(zero.Labels()) > 0 {
		t.Error("the zero value matches something")
	}
}

func TestLabelExprWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		expr   string
		column int
		reason string
	}{
		{"", 1, "an expression is missing, as in e2e && !slow"},
		{" \t", 3, "an expression is missing, as in e2e && !slow"},
		{"!", 2, "a label is missing"},
		{"e2e &&", 7, "a label is missing"},
		{"e2e ||  ", 7, "a label is missing"},
		{"(e2e", 1, "this ( has no )"},
		{"((a) && b", 1, "this ( has no )"},
		{"e2e)", 4, "unexpected token )"},
		{"()", 2, "unexpected token )"},
		{"&& a", 1, "a label is missing before &&"},
		{"a && || b", 6, "a label is missing before ||"},
		{"a & b", 3, "write && for and"},
		{"a | b", 3, "write || for or"},
		{"  a & b", 5, "write && for and"},
		{"a b", 3, "write && or || before b"},
		{"a !b", 3, "unexpected token !"},
		{"a and b", 3, "write && or || before and"},
		{"a, b", 2, "write && or || between labels, not a comma"},
		{"!!a", 2, "a second ! takes the first one back: write neither"},
		{"long-running", 5, `a label has no "-": only letters, digits and _ . are allowed, as in //go:build`},
		{"a/b", 2, `a label has no "/": only letters, digits and _ . are allowed, as in //go:build`},
		{"db:postgres", 3, `a label has no ":": only letters, digits and _ . are allowed, as in //go:build`},
		{"é && -", 6, `a label has no "-": only letters, digits and _ . are allowed, as in //go:build`},
		{"a == b", 3, "invalid syntax at ="},
		{"'e2e'", 1, "invalid syntax at '"},
		{"a\nb", 2, "a character that no expression has"},
		{"a\x00", 2, "a character that no expression has"},
		{"a\xff", 2, "a character that no expression has"},
		{"\u00a0a", 1, "white space that is neither a space nor a tab"},
		{"a && b\u2003", 7, "white space that is neither a space nor a tab"},
		{"a && \u00a0b", 6, "invalid syntax at \u00a0"},
		{strings.Repeat("(", 2000) + "a", 0, "build expression too large"},
	} {
		_, err := ParseLabelExpr(tt.expr)
		wrong, ok := errors.AsType[*LabelError](err)
		if !ok || wrong.Reason != tt.reason || tt.column != 0 && wrong.Column != tt.column || wrong.Text != tt.expr {
			t.Errorf("%.20q: error %v, want column %d: %s", tt.expr, err, tt.column, tt.reason)
		}
	}
	_, err := ParseLabelExpr("a & b")
	if want := `label expression "a & b", column 3: write && for and`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestLabelExprLabels(t *testing.T) {
	t.Parallel()
	e, err := ParseLabelExpr("(b || !a) && c && (a || b)")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := e.Labels(), []string{"a", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("labels %q, want %q", got, want)
	}
}

func FuzzLabelExpr(f *testing.F) {
	for _, text := range []string{"e2e && !slow", "(a||b)&&!c", "a b", "!!a", "(", "", "\u00a0a", "a\n", "é-", "a & b", "!(a)", "//", "a//b", "\tx\t"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseLabelExpr(text)
		if err != nil {
			wrong, ok := errors.AsType[*LabelError](err)
			if !ok || wrong.Column < 1 || wrong.Column > utf8.RuneCountInString(text)+1 || wrong.Reason == "" {
				t.Fatalf("%q: error %#v", text, err)
			}
			return
		}
		for _, label := range e.Labels() {
			if !validName(label, labelMarks) {
				t.Fatalf("%q: label %q could not be given to a test", text, label)
			}
		}
		// Written out by the library and read again it says the same.
		again, err := ParseLabelExpr(e.expr.String())
		if err != nil {
			t.Fatalf("%q is %q, which is not one: %v", text, e.expr, err)
		}
		labels := e.Labels()
		for pick := range 1 << min(len(labels), 6) {
			var set []string
			for i, label := range labels {
				if pick&(1<<min(i, 6)) != 0 {
					set = append(set, label)
				}
			}
			if e.Match(set) != again.Match(set) {
				t.Fatalf("%q and %q differ for %q", text, e.expr, set)
			}
		}
	})
}
