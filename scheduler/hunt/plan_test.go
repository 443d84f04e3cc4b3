package hunt

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gotestcohort/cohort/grouping"
)

// planned makes a binary of loose tests, a group of two and a serial test.
func planned(loose int) *binary {
	list := &grouping.Package{ImportPath: "example.com/p"}
	for i := range loose {
		list.Tests = append(list.Tests, grouping.Test{Name: fmt.Sprintf("TestLoose%02d", i)})
	}
	list.Tests = append(list.Tests,
		grouping.Test{Name: "TestA", Group: "g"}, grouping.Test{Name: "TestB", Group: "g"},
		grouping.Test{Name: "TestSerial", Serial: true})
	units, _, err := grouping.Units(list, grouping.Options{})
	if err != nil {
		panic(err)
	}
	return newBinary(list, units)
}

// TestEveryUnitOncePerRound holds for any number of workers and tests.
func TestEveryUnitOncePerRound(t *testing.T) {
	t.Parallel()
	for _, loose := range []int{0, 1, 2, 17} {
		for _, workers := range []int{1, 2, 8} {
			bins := []*binary{planned(loose), planned(3)}
			for round := range 2 * period {
				count := make(map[*unit]int)
				for _, task := range planRound(bins, round, 7, workers) {
					for _, u := range task.units {
						count[u]++
						if !u.loose() && len(task.units) > 1 {
							t.Fatalf("%s shares a process", u.name)
						}
						if u.def.Declared && task.count > 1 {
							t.Fatalf("round %d: group %s runs twice in one process", round, u.name)
						}
					}
				}
				for _, b := range bins {
					for _, u := range b.units {
						if count[u] != 1 {
							t.Fatalf("%d tests, %d workers, round %d: %s runs %d times", loose, workers, round, u.name, count[u])
						}
					}
				}
			}
		}
	}
}

func TestRoundsDiffer(t *testing.T) {
	t.Parallel()
	b := planned(12)
	orders := make(map[string]bool)
	for round := range 2 * period {
		tasks := planRound([]*binary{b}, round, 1, 2)
		loose := slices.DeleteFunc(tasks, func(t task) bool { return !t.units[0].loose() })
		first := loose[0]
		if got, want := len(loose) == 1, round%2 == 0; got != want {
			t.Errorf("round %d: all loose tests in one process: %v", round, got)
		}
		if got, want := first.order.shuffled, round != sourceRound; got != want {
			t.Errorf("round %d: shuffled is %v", round, got)
		}
		if got, want := first.count == 2, round%period == twiceRound; got != want {
			t.Errorf("round %d: twice is %v", round, got)
		}
		if got, want := first.procs == 1, round%period == procsRound; got != want {
			t.Errorf("round %d: GOMAXPROCS=1 is %v", round, got)
		}
		var order []*unit
		for _, task := range loose {
			order = append(order, task.units...)
		}
		orders[names(order)] = true
	}
	if len(orders) != 2*period {
		t.Errorf("%d orders in %d rounds", len(orders), 2*period)
	}
}

// TestSamePlanForSameSeed is what a seed is for.
func TestSamePlanForSameSeed(t *testing.T) {
	t.Parallel()
	text := func(seed int64) (s string) {
		b := planned(30)
		for round := range 5 {
			for _, task := range planRound([]*binary{b}, round, seed, 3) {
				s += fmt.Sprint(names(task.units), task.order, task.count, task.procs, "\n")
			}
		}
		return s
	}
	one, again := text(1), text(1)
	if one != again {
		t.Error("two plans of one seed differ")
	}
	if one == text(2) {
		t.Error("the plans of two seeds are the same")
	}
}

func TestTestMainPackageStaysTogether(t *testing.T) {
	t.Parallel()
	b := planned(5)
	b.together = true
	for round := range period {
		tasks := planRound([]*binary{b}, round, 1, 4)
		if len(tasks) != 1 || len(tasks[0].units) != len(b.units) || !tasks[0].all {
			t.Fatalf("round %d: %d processes", round, len(tasks))
		}
	}
}

// TestSortedAsGoTest compares with what go test -shuffle does to a selection:
// it permutes all tests and then leaves out those that are not selected.
func TestSortedAsGoTest(t *testing.T) {
	t.Parallel()
	b := newWorld(20, 0, nil).bin
	for seed := range int64(20) {
		var want []string
		for _, test := range grouping.Order(b.list.Tests, seed) {
			if b.byTest[test.Name].place%3 == 0 {
				want = append(want, test.Name)
			}
		}
		var some []*unit
		for _, u := range slices.Backward(b.units) {
			if u.place%3 == 0 {
				some = append(some, u)
			}
		}
		var got []string
		for _, u := range (order{true, seed}).sorted(b, some) {
			got = append(got, u.name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: got %v, want %v", seed, got, want)
		}
	}
}

func TestOrderFor(t *testing.T) {
	t.Parallel()
	b := newWorld(40, 0, nil).bin
	for _, want := range [][]int{{3, 30}, {30, 3}, {30, 20, 3}, {39, 0, 20, 10}} {
		var units []*unit
		for _, i := range want {
			units = append(units, b.units[i])
		}
		o, ok := orderFor(b, units, maxSeed)
		if !ok || !slices.Equal(o.sorted(b, units), units) {
			t.Errorf("%v: order %v, %v", want, o, ok)
		}
		if o.shuffled == slices.IsSorted(want) {
			t.Errorf("%v: shuffled is %v", want, o.shuffled)
		}
	}
	if _, ok := orderFor(b, []*unit{b.units[1], b.units[0]}, 0); ok {
		t.Error("an order was found in source order alone")
	}
}

// TestFixedOrder: a package whose order a rule fixes has it in every round.
func TestFixedOrder(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule *grouping.PackageOrder
		want func(round int) order
	}{
		"none":     {nil, func(round int) order { return order{round != sourceRound, 1 + int64(round)} }},
		"shuffled": {&grouping.PackageOrder{Shuffled: true}, func(round int) order { return order{round != sourceRound, 1 + int64(round)} }},
		"source":   {&grouping.PackageOrder{}, func(int) order { return order{} }},
		"a seed":   {&grouping.PackageOrder{Shuffled: true, Seeded: true, Seed: 9}, func(int) order { return order{true, 9} }},
	} {
		b := planned(5)
		b.fixed = fixedOrder(tc.rule)
		for round := range period {
			for _, task := range planRound([]*binary{b}, round, 1, 2) {
				if want := tc.want(round); task.order.shuffled != want.shuffled || want.shuffled && task.order != want {
					t.Errorf("%s, round %d: %+v, want %+v", name, round, task.order, want)
				}
			}
		}
	}
}
