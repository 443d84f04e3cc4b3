package hunt

import (
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// TestCommand has the command of each kind, as a user would type it.
func TestCommand(t *testing.T) {
	t.Parallel()
	b := newWorld(40, 0, nil).bin
	b.args = gotest.ParseBinaryArgs(nil)
	victim, other := b.units[10], b.units[30]
	alone := task{bin: b, units: []*unit{victim}, count: 1}
	pair := task{bin: b, units: []*unit{other, victim}, count: 1}
	two, one := alone, alone
	two.count, one.procs = 2, 1
	reversed := pair
	reversed.order, _ = orderFor(b, pair.units, maxSeed)
	for _, tt := range []struct {
		name, args string
		d          diagnosis
		want       string
	}{
		{"broken", "", diagnosis{kind: Broken, show: condition{task: alone}}, "go test -count=1 -run '^(T010)$' example.com/world"},
		{"the user's flags", "-race -count=3 -tags x", diagnosis{kind: Broken, show: condition{task: alone}},
			"go test -race -tags x -count=1 -run '^(T010)$' example.com/world"},
		{"random", "", diagnosis{kind: Random, show: condition{task: alone}}, "go test -count=28 -run '^(T010)$' example.com/world"},
		{"not repeatable", "", diagnosis{kind: NotRepeatable, show: condition{task: two}}, "go test -count=2 -run '^(T010)$' example.com/world"},
		{"one processor", "", diagnosis{kind: LoadDependent, reason: oneProc, show: condition{task: one}},
			"GOMAXPROCS=1 go test -count=1 -run '^(T010)$' example.com/world"},
		{"copies", "", diagnosis{kind: LoadDependent, reason: ownCopies, show: condition{task: alone, load: copies}},
			"go test -count=20 -run '^(T010)$' example.com/world & go test -count=20 -run '^(T010)$' example.com/world & wait"},
		{"others", "", diagnosis{kind: LoadDependent, reason: byOthers, show: condition{task: alone, load: others, neighbours: []task{pair}}},
			"go test -count=20 -run '^(T010)$' example.com/world & go test -count=20 -run '^(T030|T010)$' example.com/world & wait"},
		{"order", "", diagnosis{kind: OrderDependent, reason: polluter, show: condition{task: reversed}},
			"go test -count=1 -run '^(T030|T010)$' -shuffle=1 example.com/world"},
		{"whole package", "", diagnosis{kind: Broken, show: condition{task: task{bin: b, units: b.units, count: 1, all: true}}},
			"go test -count=1 example.com/world"},
		{"named files", "-C x a_test.go", diagnosis{kind: Broken, show: condition{task: task{bin: named(b), units: b.units, count: 1, all: true}}},
			"go test -C=x -count=1 a_test.go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args, err := gotest.ParseArgs(strings.Fields(tt.args), []string{"GOENV=off"})
			if err != nil {
				t.Fatal(err)
			}
			s := &suspect{unit: victim, rounds: tally{100, 10}}
			if got := command(args, s, &tt.d); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// named is b as go test calls it for files.
func named(b *binary) *binary {
	files := *b
	files.path = "command-line-arguments"
	return &files
}

// TestSummaryIsWritten has a sentence for every diagnosis.
func TestSummaryIsWritten(t *testing.T) {
	t.Parallel()
	b := newWorld(3, 0, nil).bin
	for _, d := range []diagnosis{
		{kind: Broken}, {kind: NotRepeatable}, {kind: Random}, {kind: Random, reason: unseen}, {kind: Unexplained},
		{kind: LoadDependent, reason: oneProc}, {kind: LoadDependent, reason: ownCopies},
		{kind: Clash, culprits: b.units[:1]}, {kind: LoadDependent, reason: byBusy},
		{kind: LoadDependent, reason: byOthers}, {kind: LoadDependent, reason: eliminated},
		{kind: OrderDependent, reason: polluter}, {kind: OrderDependent, reason: setter},
		{kind: OrderDependent, reason: polluter, culprits: b.units[:1]},
		{kind: OrderDependent, reason: polluter, culprits: b.units[:1], groupable: true},
		{kind: OrderDependent, reason: setter, culprits: b.units[:2]},
		{kind: OrderDependent, reason: setter, culprits: b.units[:2], groupable: true},
	} {
		text := summary(&suspect{unit: b.units[2]}, &d)
		if !strings.HasSuffix(text, ".") || len(text) < 30 {
			t.Errorf("%s (%d): %q", d.kind, d.reason, text)
		}
		if len(d.culprits) > 0 && !strings.Contains(text, "T000 (world_test.go:10)") {
			t.Errorf("%s (%d): %q does not say where the culprit is", d.kind, d.reason, text)
		}
	}
}

func TestGroupName(t *testing.T) {
	t.Parallel()
	for test, want := range map[string]string{"TestPay": "pay", "Test_pay": "pay", "Test": "test", "ExampleX": "examplex"} {
		if got := groupName(test); got != want {
			t.Errorf("groupName(%q) = %q, want %q", test, got, want)
		}
	}
}

// TestShareNames has two victims of one polluter, and one of another.
func TestShareNames(t *testing.T) {
	t.Parallel()
	finding := func(pkg, victim, culprit string) Finding {
		return Finding{Package: pkg, Unit: victim, Culprits: []Place{{Package: pkg, Test: culprit}}, Fix: groupDirective + groupName(culprit)}
	}
	findings := []Finding{
		finding("p", "TestV1", "TestZ"), finding("p", "TestV2", "TestY"), finding("p", "TestV3", "TestZ"),
		finding("p", "TestZ", "TestX"), finding("q", "TestV1", "TestZ"),
		{Package: "p", Unit: "TestV4", Culprits: []Place{{Package: "p", Test: "TestZ"}}},
		{Package: "p", Unit: "TestZ", Fix: serialDirective},
	}
	shareNames(findings)
	want := []string{"//cohort:group x", "//cohort:group y", "//cohort:group x", "//cohort:group x", "//cohort:group z", "", serialDirective}
	for i, f := range findings {
		if f.Fix != want[i] {
			t.Errorf("%s %s: %q, want %q", f.Package, f.Unit, f.Fix, want[i])
		}
	}
}

// TestFix has the directive for each kind of finding that one helps with.
func TestFix(t *testing.T) {
	t.Parallel()
	b := newWorld(3, 0, nil).bin
	for _, tt := range []struct {
		d    diagnosis
		want string
	}{
		{diagnosis{kind: LoadDependent, reason: byOthers}, serialDirective},
		{diagnosis{kind: LoadDependent, reason: ownCopies}, serialDirective},
		{diagnosis{kind: LoadDependent, reason: eliminated}, serialDirective},
		{diagnosis{kind: Clash, culprits: b.units[:1]}, lockDirective + "t000"},
		{diagnosis{kind: LoadDependent, reason: oneProc}, ""},
		{diagnosis{kind: OrderDependent, culprits: b.units[:1], groupable: true}, groupDirective + "t000"},
		{diagnosis{kind: OrderDependent, culprits: b.units[:1]}, ""},
		{diagnosis{kind: Random}, ""},
	} {
		if got := fix(&suspect{unit: b.units[2]}, &tt.d); got != tt.want {
			t.Errorf("%s (%d): %q, want %q", tt.d.kind, tt.d.reason, got, tt.want)
		}
	}
	if got := fix(&suspect{unit: b.itself}, &diagnosis{kind: LoadDependent, reason: byOthers}); got != "" {
		t.Errorf("a package: %q", got)
	}
}
