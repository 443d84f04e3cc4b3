package grouping

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rule makes a rule of a short text: conditions (l, t, p, g), then what it sets.
func rule(t *testing.T, conditions string, set map[string]any) Rule {
	t.Helper()
	r := Rule{Set: set, Source: "x.yaml:" + conditions}
	for _, c := range strings.Fields(conditions) {
		kind, value, _ := strings.Cut(c, "=")
		switch kind {
		case "l":
			r.Match.Label = expr(t, value)
		case "t":
			r.Match.Test = regexp.MustCompile(value)
		case "p":
			r.Match.Package = value
		case "g":
			r.Match.Group = regexp.MustCompile(value)
		default:
			t.Fatalf("condition %q", c)
		}
	}
	return r
}

// newRules makes rules that must be right.
func newRules(t *testing.T, rules ...Rule) *Rules {
	t.Helper()
	r, err := NewRules("example.com/m", rules)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRulesMatch(t *testing.T) {
	t.Parallel()
	pay := Subject{Package: "example.com/m/shop/e2e", Tests: []string{"TestPay", "TestCart"}, Group: "buy", Labels: []string{"net", "slow"}}
	loose := Subject{Package: "example.com/m", Tests: []string{"TestFree"}}
	for _, tt := range []struct {
		conditions string
		pay, loose bool
	}{
		{"", true, true},
		{"l=net", true, false},
		{"l=!net", false, true},
		{"l=net&&!slow", false, false},
		{"t=Pay", true, false},
		{"t=^TestCart$", true, false},
		{"t=Test", true, true},
		{"t=^Pay", false, false},
		{"g=buy", true, false},
		{"g=^b", true, false},
		{"g=.*", true, false}, // a test in no group has none to match
		{"p=./shop/e2e", true, false},
		{"p=./shop", false, false},
		{"p=./shop/...", true, false},
		{"p=./shop/e2e/...", true, false},
		{"p=./...", true, true},
		{"p=.", false, true},
		{"p=./", false, true},
		{"p=...", true, true},
		{"p=example.com/m/shop/e2e", true, false},
		{"p=example.com/m", false, true},
		{"p=example.com/.../e2e", true, false},
		{"p=.../e2e", true, false},
		{"p=exampleXcom/m", false, false},
		{"p=./sh...", true, false},
		{"l=net t=Pay p=./shop/... g=buy", true, false},
		{"l=net t=Free", false, false},
		{"t=Free p=.", false, true},
	} {
		r := newRules(t, rule(t, tt.conditions, map[string]any{"retries": 1}))
		if got := len(r.Settings(pay)) == 1; got != tt.pay {
			t.Errorf("%q and a group: %v", tt.conditions, got)
		}
		if got := len(r.Settings(loose)) == 1; got != tt.loose {
			t.Errorf("%q and a single test: %v", tt.conditions, got)
		}
	}
}

func TestRulesFirstWins(t *testing.T) {
	t.Parallel()
	r := newRules(t,
		rule(t, "t=Cart", map[string]any{"retries": 5}),
		rule(t, "l=net", map[string]any{"retries": 3, "delay": "5s"}),
		rule(t, "t=Pay", map[string]any{"labels": []string{"db"}, "group": "pay"}),
		rule(t, "g=pay", map[string]any{"delay": "1s", "timeout": "2m"}),
		rule(t, "l=db", map[string]any{"lock": []string{"db"}, "timeout": "9m"}),
		rule(t, "l=db", map[string]any{"labels": []string{"deep"}}),
		rule(t, "", map[string]any{"retries": 1}),
	)
	for _, tt := range []struct {
		subject Subject
		want    string
	}{
		{Subject{Tests: []string{"TestOther"}}, "retries=1 by 6"},
		{Subject{Tests: []string{"TestCart"}}, "retries=5 by 0"},
		{Subject{Tests: []string{"TestCart"}, Labels: []string{"net"}}, "delay=5s by 1, retries=5 by 0"},
		// The third rule gives a label and a group, which the fourth and fifth match, but not the
		// sixth: what sets labels sees only directives.
		{Subject{Tests: []string{"TestPay"}}, "delay=1s by 3, group=pay by 2, labels=[db] by 2, lock=[db] by 4, retries=1 by 6, timeout=2m by 3"},
		// A group that a directive gave is not changed, though the rule is named.
		{Subject{Tests: []string{"TestPay"}, Group: "own"}, "group=pay by 2, labels=[db] by 2, lock=[db] by 4, retries=1 by 6, timeout=9m by 4"},
		{Subject{Tests: []string{"TestX"}, Labels: []string{"db"}}, "labels=[deep] by 5, lock=[db] by 4, retries=1 by 6, timeout=9m by 4"},
	} {
		var parts []string
		for _, s := range r.Settings(tt.subject) {
			parts = append(parts, fmt.Sprintf("%s=%v by %d", s.Key, s.Value, s.Rule))
		}
		if got := strings.Join(parts, ", "); got != tt.want {
			t.Errorf("%+v:\ngot  %s\nwant %s", tt.subject, got, tt.want)
		}
	}
	var none Rules
	if got := none.Settings(Subject{}); len(got) > 0 {
		t.Errorf("no rules set %v", got)
	}
}

func TestRulesApply(t *testing.T) {
	t.Parallel()
	r := newRules(t,
		rule(t, "t=Free|Open", map[string]any{"group": "new", "serial": true}),
		rule(t, "l=net p=./e2e", map[string]any{"lock": []string{"web"}, "labels": []string{"z", "net"}}),
		rule(t, "t=More", map[string]any{"serial": false, "retries": 1}),
	)
	p := steps()
	p.ImportPath = "example.com/m/e2e"
	p.Tests[3].Locks = []string{"a"}
	p.Tests[3].Labels = []string{"net"}
	p.Tests[9].Serial = true
	r.Apply(p)
	var lines []string
	for _, test := range p.Tests {
		lines = append(lines, fmt.Sprintf("%s %s %v %v %v", test.Name, test.Group, test.Labels, test.Locks, test.Serial))
	}
	want := `TestLogin buy [net z] [web] false
TestFree new [slow] [] true
TestCart buy [] [] false
TestPay buy [net z] [a web] false
TestSend buy [] [] false
TestOpen shop [] [] true
TestTwin shop [] [] false
TestShut shop [] [] false
TestTwin shop [net z] [web] false
TestMore  [] [] true`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRulesUnmatched(t *testing.T) {
	t.Parallel()
	r := newRules(t,
		rule(t, "t=Nope", nil),
		rule(t, "l=net", map[string]any{"labels": []string{"given"}}),
		rule(t, "l=given", map[string]any{"retries": 2}),
		rule(t, "p=./gone/...", map[string]any{"retries": 2}),
		rule(t, "g=buy t=Send", nil),
		rule(t, "g=shop t=Send", nil),
	)
	p := steps()
	units, _, err := Units(p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var tests, whole []Subject
	for _, test := range p.Tests {
		tests = append(tests, SubjectOf(p, test))
	}
	for _, u := range units {
		whole = append(whole, SubjectOfUnit(p, u))
	}
	want := []int{0, 3, 5}
	if got := r.Unmatched(tests); !slices.Equal(got, want) {
		t.Errorf("by test: rules %v match nothing, want %v", got, want)
	}
	if got := r.Unmatched(whole); !slices.Equal(got, want) {
		t.Errorf("by unit: rules %v match nothing, want %v", got, want)
	}
	if got := r.Unmatched(nil); len(got) != 6 {
		t.Errorf("without tests: rules %v match nothing, want all", got)
	}
}

func TestRulesWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		conditions string
		set        map[string]any
		want       string
	}{
		{"", map[string]any{"group": "a b"}, `group "a b": a name of letters, digits and _ - . / is needed`},
		{"", map[string]any{"group": ""}, `group "": a name of letters, digits and _ - . / is needed`},
		{"", map[string]any{"labels": "net"}, "labels: a list of names is needed, not net"},
		{"", map[string]any{"labels": []string{"a", "b-c"}}, `labels: the name "b-c" has more than letters, digits and _ .`},
		{"", map[string]any{"lock": []string{""}}, `lock: the name "" has more than letters, digits and _ - . /`},
		{"", map[string]any{"serial": 1}, "serial: true or false is needed, not 1"},
		{"p=../x", nil, `package "../x" is outside the module`},
		{"p=/abs", nil, `package "/abs" is outside the module`},
		{"p=./car*", nil, `package "./car*": not a pattern of the go command, as ./cart/... is one`},
	} {
		_, err := NewRules("example.com/m", []Rule{rule(t, tt.conditions, tt.set)})
		if want := "x.yaml:" + tt.conditions + ": " + tt.want; err == nil || err.Error() != want {
			t.Errorf("%s %v: error %v, want %s", tt.conditions, tt.set, err, want)
		}
	}
	if _, err := NewRules("", []Rule{rule(t, "p=./x", nil)}); err == nil {
		t.Error("a place without a module is no error")
	}
	_, err := NewRules("m", []Rule{rule(t, "p=../x", map[string]any{"serial": 1, "lock": 1}), rule(t, "t=A", map[string]any{"group": 1})})
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("four mistakes: error %v", err)
	}
}
