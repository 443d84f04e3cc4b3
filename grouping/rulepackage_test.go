package grouping

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRulesManner(t *testing.T) {
	t.Parallel()
	r := newRules(t,
		rule(t, "p=./cart", map[string]any{"dist": LoadPackage, "shuffle": PackageOrder{}}),
		rule(t, "p=./cart/...", map[string]any{"dist": LoadFile, "testmain": true}),
		rule(t, "p=./cart/deep", map[string]any{"shuffle": PackageOrder{Shuffled: true, Seeded: true, Seed: 7}}),
		rule(t, "t=A", map[string]any{"serial": true}),
		rule(t, "", map[string]any{"testmain": false}),
	)
	for path, want := range map[string]string{
		"example.com/m/cart":      "loadpackage {false false 0} true",
		"example.com/m/cart/deep": "loadfile {true true 7} true",
		"example.com/m/cart/else": "loadfile - true",
		"example.com/m":           " - false",
	} {
		m := r.Manner(path)
		order := "-"
		if m.Order != nil {
			order = fmt.Sprint(*m.Order)
		}
		if got := fmt.Sprint(m.Dist, " ", order, " ", *m.SplitTestMain); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if m := (*Rules)(nil).Manner("m"); m != (Manner{}) {
		t.Errorf("no rules set %v", m)
	}
}

// TestPackageKeys: settings of whole packages cannot be for some of their tests.
func TestPackageKeys(t *testing.T) {
	t.Parallel()
	whole := " is about whole packages: match by package alone, not by label, test or group"
	for _, tt := range []struct {
		conditions string
		set        map[string]any
		want       string
	}{
		{"p=./x", map[string]any{"dist": LoadFile}, ""},
		{"", map[string]any{"dist": LoadFile}, ""},
		{"t=A", map[string]any{"dist": LoadFile}, "dist" + whole},
		{"l=!a", map[string]any{"shuffle": PackageOrder{}}, "shuffle" + whole},
		{"p=./x g=a", map[string]any{"testmain": true}, "testmain" + whole},
		{"", map[string]any{"dist": Dist("loadall")}, `dist: unknown mode "loadall" (there are loadscope, loadfile, loadpackage, load)`},
		{"", map[string]any{"dist": "load"}, "dist: the value has a wrong type"},
		{"", map[string]any{"shuffle": "off"}, "shuffle: the value has a wrong type"},
		{"", map[string]any{"shuffle": true}, "shuffle: the value has a wrong type"},
		{"", map[string]any{"testmain": "whole"}, "testmain: the value has a wrong type"},
		{"", map[string]any{"test-timeout": time.Duration(0)}, "test-timeout 0s: it must be greater than 0"},
		{"t=A", map[string]any{"test-timeout": time.Second}, ""},
	} {
		r := rule(t, tt.conditions, tt.set)
		r.Sources = map[string]string{"dist": "x.yaml:9"}
		_, err := NewRules("example.com/m", []Rule{r})
		source := "x.yaml:" + tt.conditions
		if tt.set["dist"] != nil {
			source = "x.yaml:9"
		}
		if want := source + ": " + tt.want; (err == nil) != (tt.want == "") || err != nil && err.Error() != want {
			t.Errorf("%s %v: error %v, want %s", tt.conditions, tt.set, err, want)
		}
	}
}

// TestRulesSeeGroups: what sets neither groups nor labels sees groups of --group, where nothing
// closer to the test gives another.
func TestRulesSeeGroups(t *testing.T) {
	t.Parallel()
	r := newRules(t,
		rule(t, "g=^buy$", map[string]any{"serial": true}),
		rule(t, "g=^late$", map[string]any{"group": "never"}),
		rule(t, "t=Pay", map[string]any{"group": "pay"}),
	)
	grouped := r.WithGroups([]*regexp.Regexp{regexp.MustCompile("^Test(late)"), regexp.MustCompile("^Test(?:Buy|Pay)()")})
	buy := Subject{Tests: []string{"TestBuyMore"}}
	if got := r.Settings(buy); len(got) > 0 {
		t.Errorf("without groups: %v", got)
	}
	named := r.WithGroups([]*regexp.Regexp{regexp.MustCompile("(?i)^Test(buy)")})
	for _, tt := range []struct {
		rules   *Rules
		subject Subject
		want    string
	}{
		{grouped, buy, ""},
		{named, Subject{Tests: []string{"Testbuy"}}, "serial"},
		{named, Subject{Tests: []string{"Testbuy"}, Group: "own"}, ""},
		{grouped, Subject{Tests: []string{"Testlate"}}, ""},
		{named, Subject{Tests: []string{"TestbuyPay"}}, "group"},
	} {
		var keys []string
		for _, s := range tt.rules.Settings(tt.subject) {
			keys = append(keys, s.Key)
		}
		if got := strings.Join(keys, " "); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.subject, got, tt.want)
		}
	}
	if got := named.Unmatched([]Subject{{Tests: []string{"Testbuy"}}}); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("unmatched: %v", got)
	}
	if (*Rules)(nil).WithGroups(nil) != nil {
		t.Error("no rules become some")
	}
}

func TestRulesApplyTimeout(t *testing.T) {
	t.Parallel()
	r := newRules(t, rule(t, "t=A", map[string]any{"test-timeout": time.Minute}))
	p := &Package{Tests: []Test{{Name: "TestA"}, {Name: "TestAB", Timeout: time.Hour}, {Name: "TestB"}}}
	r.Apply(p)
	if got := fmt.Sprint(p.Tests[0].Timeout, p.Tests[1].Timeout, p.Tests[2].Timeout); got != "1m0s 1h0m0s 0s" {
		t.Error(got)
	}
}

// TestRulesText: it changes with what the rules say of the keys, and with nothing else.
func TestRulesText(t *testing.T) {
	t.Parallel()
	base := []Rule{rule(t, "l=a t=A p=./x g=G", map[string]any{"group": "g", "serial": true}), rule(t, "p=./x", map[string]any{"retries": 1})}
	text := func(rules ...Rule) string { return newRules(t, rules...).Text(KeyGroup, KeyDist) }
	want := `label="a" test="A" package="./x" group="G": group="g"` + "\n"
	if got := text(base...); got != want {
		t.Errorf("got %swant %s", got, want)
	}
	moved := base[0]
	moved.Source, moved.Set = "y.yaml:1", map[string]any{"group": "g", "labels": []string{"z"}}
	if got := text(base[1], moved); got != want {
		t.Errorf("elsewhere: got %swant %s", got, want)
	}
	for name, rules := range map[string][]Rule{
		"value":   {rule(t, "l=a t=A p=./x g=G", map[string]any{"group": "h"})},
		"match":   {rule(t, "l=a t=A p=./x", map[string]any{"group": "g"})},
		"another": {base[0], rule(t, "p=./y", map[string]any{"dist": Load})},
		"order":   {rule(t, "p=./y", map[string]any{"dist": Load}), base[0]},
		"none":    nil,
	} {
		if got := text(rules...); got == want {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if text(base[1]) != "" || (*Rules)(nil).Text(KeyGroup) != "" {
		t.Error("a text of nothing")
	}
	r := newRules(t, base...)
	if !r.Sets("group", "x") || r.Sets("x") || (*Rules)(nil).Sets("group") || fmt.Sprint(r.Values("retries")) != "[1]" || (*Rules)(nil).Values("retries") != nil {
		t.Error("what is set")
	}
}

func TestSubjectOfPackage(t *testing.T) {
	t.Parallel()
	p := &Package{ImportPath: "m", Tests: []Test{{Labels: []string{"a", "b", "c"}}, {Labels: []string{"b", "c"}}, {Labels: []string{"c", "d"}}}}
	if s := SubjectOfPackage(p); fmt.Sprint(s) != "{m []  [c]}" {
		t.Error(s)
	}
	if fmt.Sprint(p.Tests[0].Labels) != "[a b c]" {
		t.Error("the package has changed")
	}
	if s := SubjectOfPackage(&Package{ImportPath: "m"}); len(s.Labels) > 0 {
		t.Error(s)
	}
}
