package grouping

import (
	"strings"
	"testing"
)

func TestIdleOrders(t *testing.T) {
	t.Parallel()
	order := func(o PackageOrder) map[string]any { return map[string]any{KeyShuffle: o} }
	rules, err := NewRules("m", []Rule{
		{Match: Condition{Package: "./one"}, Set: map[string]any{KeyDist: LoadPackage}, Source: "f:1"},
		{Match: Condition{Package: "./free"}, Set: map[string]any{KeyDist: LoadScope, KeyShuffle: PackageOrder{Shuffled: true}}, Source: "f:2"},
		{Match: Condition{Package: "./off"}, Set: order(PackageOrder{}), Source: "f:3"},
		{Match: Condition{}, Set: order(PackageOrder{Shuffled: true, Seeded: true, Seed: 7}), Source: "f:4", Sources: map[string]string{KeyShuffle: "f:5"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	why := ": with dist loadpackage its tests run in source order"
	for _, tt := range []struct {
		dist  Dist
		paths string
		want  string
	}{
		{LoadScope, "m/free m/one m/off m/other", "f:5: shuffle has no effect on m/one" + why},
		{LoadScope, "m/free m/off m/other", ""},
		{LoadPackage, "m/free", ""},
		{LoadPackage, "m/off", ""},
		{LoadPackage, "m/other m/one m/free m/another", "f:5: shuffle has no effect on m/another" + why},
	} {
		if got := strings.Join(texts(IdleOrders(rules, tt.dist, strings.Fields(tt.paths))), "|"); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.dist, tt.paths, got, tt.want)
		}
	}
	if got := IdleOrders(nil, LoadPackage, []string{"m"}); len(got) > 0 {
		t.Errorf("without rules: %v", got)
	}
}

func TestIdleSettings(t *testing.T) {
	t.Parallel()
	rules, err := NewRules("m", []Rule{
		{Match: Condition{Package: "./b"}, Set: map[string]any{KeySerial: true}, Source: "f:1"},
		{Set: map[string]any{KeySerial: false, KeyLock: []string{}, KeyLabels: []string{}}, Source: "f:2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	a := &Package{ImportPath: "m/a", Tests: []Test{
		{Name: "TestPlain"}, {Name: "TestSerial", Serial: true}, {Name: "TestSerialToo", Serial: true},
		{Name: "TestLock", Locks: []string{"db"}}, {Name: "TestLabel", Labels: []string{"e2e"}},
	}}
	b := &Package{ImportPath: "m/b", Tests: []Test{{Name: "TestByRule"}}}
	rules.Apply(a)
	rules.Apply(b)
	want := strings.Join([]string{
		"f:2: serial: false has no effect on TestSerial of m/a, which has //cohort:serial",
		"f:2: lock: [] has no effect on TestLock of m/a, which has //cohort:lock",
		"f:2: labels: [] has no effect on TestLabel of m/a, which has //cohort:label",
	}, "\n")
	if got := strings.Join(texts(IdleSettings(rules, []*Package{b, a})), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := IdleSettings(rules, []*Package{b}); len(got) > 0 {
		t.Errorf("a rule gives what another takes, if it comes first: %v", got)
	}
}

func texts(warnings []Warning) []string {
	var all []string
	for _, w := range warnings {
		all = append(all, w.String())
	}
	return all
}
