package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declared are the declared groups of testdata/groups, in source order.
var declared = []struct {
	pkg, group string
	serial     bool
	tests      []string
}{
	{"alpha", "checkout", false, []string{"TestLogin", "TestPay", "TestReceipt", "TestShip"}},
	{"alpha", "stock", false, []string{"TestShelf", "TestRestock"}},
	{"beta", "checkout", false, []string{"TestLogin", "TestPay"}},
	{"beta", "move", true, []string{"TestPack", "TestUnpack"}},
	{"single", "all", false, []string{"TestFirst", "TestSecond", "TestThird"}},
}

// everyTest is how often each test of testdata/groups runs in one go test ./...
func everyTest() map[string]int {
	all := map[string]int{
		"alpha.TestBoth": 2, "alpha.TestAlone": 1, "alpha.FuzzSeeds": 1, "alpha.Example": 1, "beta.TestLoose1": 1,
	}
	for _, name := range []string{
		"TestLoose1", "TestLoose2", "TestLoose3", "TestUser_create", "TestUser_delete", "TestOrder_create",
	} {
		all["alpha."+name] = 1
	}
	for _, name := range []string{"TestOne", "TestTwo", "TestThree", "TestFour", "TestFive", "TestSix"} {
		all["withmain."+name] = 1
	}
	for _, letter := range "ABCDEFGHIJ" {
		all["loose.Test"+string(letter)] = 1
	}
	for _, d := range declared {
		for _, test := range d.tests {
			all[d.pkg+"."+test] = 1
		}
	}
	return all
}

// testProperties looks at what must hold whatever the seed and the number of workers.
func (g *groups) testProperties(t *testing.T) {
	orders := make(map[string]bool)
	const rounds = 16
	for seed := range rounds {
		workers := []int{1, 2, 3, 5}[seed%4]
		r := g.run(t, "", "--workers="+strconv.Itoa(workers), fmt.Sprint("--shuffle=", seed), "--", "-count=1", "./...")
		r.wantExit(t, 0)
		wantEveryTestOnce(t, &r)
		wantGroupsWhole(t, &r)
		wantWorkersApart(t, &r, workers)
		wantSerialAlone(t, &r)
		if n := len(r.of("withmain", "0")); n != 1 {
			t.Errorf("%s: %d processes of a package with TestMain", r.command, n)
		}
		var order []string
		for _, p := range r.of("loose", "0") {
			order = append(order, p.tests...)
		}
		orders[strings.Join(order, " ")] = true
	}
	if len(orders) < rounds*3/4 {
		t.Errorf("%d seeds made %d orders", rounds, len(orders))
	}
}

func wantEveryTestOnce(t *testing.T, r *traced) {
	t.Helper()
	ran, results := make(map[string]int), r.results()
	for _, p := range r.processes {
		for _, test := range p.tests {
			ran[p.pkg+"."+test]++
		}
		if p.ended != len(p.tests) {
			t.Errorf("%s: %d of %d tests ended in %s", r.command, p.ended, len(p.tests), p)
		}
	}
	for test, want := range everyTest() {
		if ran[test] != want || len(strings.Fields(results[test])) != want {
			t.Errorf("%s: %s ran %d times with the results %q, want %d", r.command, test, ran[test], results[test], want)
		}
		delete(ran, test)
	}
	if len(ran) > 0 {
		t.Errorf("%s: tests that nobody wrote: %v", r.command, ran)
	}
}

// wantGroupsWhole fails the test if a group is not what one process of its own runs, in
// source order.
func wantGroupsWhole(t *testing.T, r *traced) {
	t.Helper()
	for _, d := range declared {
		i := slices.IndexFunc(r.processes, func(p *process) bool { return p.pkg == d.pkg && p.group() == d.group })
		if i < 0 || !slices.Equal(r.processes[i].tests, d.tests) {
			t.Errorf("%s: group %s of %s: no process ran %v, but %v", r.command, d.group, d.pkg, d.tests, r.processes)
		}
	}
}

// wantWorkersApart fails the test if two processes had a worker at a time, or if there
// were more workers than asked for.
func wantWorkersApart(t *testing.T, r *traced, workers int) {
	t.Helper()
	last := make(map[string]*process)
	for _, p := range r.processes {
		n, err := strconv.Atoi(p.worker())
		if err != nil || n < 0 || n >= workers || p.env["COHORT_WORKERS"] != strconv.Itoa(workers) {
			t.Errorf("%s: %s was told %v", r.command, p, p.env)
		}
		if q := last[p.worker()]; q != nil && q.last > p.first {
			t.Errorf("%s: worker %s ran at the same time\n%s\n%s", r.command, p.worker(), q, p)
		}
		last[p.worker()] = p
	}
}

func wantSerialAlone(t *testing.T, r *traced) {
	t.Helper()
	for _, p := range r.processes {
		if !slices.Contains(p.tests, "TestAlone") && !slices.Contains(p.tests, "TestPack") {
			continue
		}
		for _, q := range r.processes {
			if q != p && q.first < p.last && p.first < q.last {
				t.Errorf("%s: a serial process ran beside another\n%s\n%s", r.command, p, q)
			}
		}
	}
}

// testOrder looks at what a seed decides.
func (g *groups) testOrder(t *testing.T) {
	t.Run("as go test", func(t *testing.T) {
		t.Parallel()
		for _, seed := range []string{"1", "7", "-3", "1791234567"} {
			plain := g.command(t, g.dir, nil, "go", "test", "-v", "-count=1", "-shuffle="+seed, "./loose")
			want := testOrderIn(plain.stdout)
			var got []string
			r := g.run(t, "", "--workers=1", "--shuffle="+seed, "--", "-count=1", "./loose")
			for _, p := range r.processes {
				got = append(got, p.tests...)
			}
			if len(want) != 10 || !slices.Equal(got, want) {
				t.Errorf("seed %s: ran %v, go test %v", seed, got, want)
			}
			// Beside groups the loose tests keep that order too, whatever processes they are in.
			plain = g.command(t, g.dir, nil, "go", "test", "-v", "-count=1", "-shuffle="+seed, "./alpha")
			r = g.run(t, "", "--workers=1", "--shuffle="+seed, "--", "-count=1", "./alpha")
			got, want = nil, testOrderIn(plain.stdout)
			for _, p := range r.processes {
				if p.group() == "" && !slices.Contains(p.tests, "TestAlone") {
					got = append(got, p.tests...)
				}
			}
			want = slices.DeleteFunc(want, func(test string) bool { return !slices.Contains(got, test) })
			got = slices.DeleteFunc(got, func(test string) bool { return test == "Example" }) // go test -v does not name it alike
			want = slices.DeleteFunc(want, func(test string) bool { return test == "Example" })
			if len(got) < 9 || !slices.Equal(got, want) {
				t.Errorf("seed %s: loose tests of alpha ran as %v, go test %v", seed, got, want)
			}
		}
	})
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		r := g.run(t, "", "--workers=1", "--shuffle=off", "--", "-count=1", "./loose")
		var got []string
		for _, p := range r.processes {
			got = append(got, p.tests...)
		}
		if !slices.IsSorted(got) || len(got) != 10 {
			t.Errorf("ran %v, want source order", got)
		}
	})
	t.Run("same seed", func(t *testing.T) {
		t.Parallel()
		g.testSamePlan(t)
	})
	t.Run("last seed", func(t *testing.T) {
		t.Parallel()
		g.testLastSeed(t)
	})
}

var runLine = regexp.MustCompile(`(?m)^=== RUN   ([^/\s]+)$`)

// testOrderIn returns the top-level tests in the order in which go test -v names them.
func testOrderIn(output []byte) []string {
	var tests []string
	for _, m := range runLine.FindAllSubmatch(output, -1) {
		tests = append(tests, string(m[1]))
	}
	return tests
}

// testSamePlan runs with the same seed, workers and history several times.
func (g *groups) testSamePlan(t *testing.T) {
	files := t.TempDir()
	history := filepath.Join(files, "history")
	warm := g.runIn(t, g.dir, nil, "--history="+history, "--", "-count=1", "./alpha", "./loose", "./beta")
	warm.wantExit(t, 0)
	data, err := os.ReadFile(history)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 3} {
		plans := make(map[string]int)
		for i := range 3 {
			name := filepath.Join(files, fmt.Sprint("history", workers, i))
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, pkg := range []string{"./alpha", "./loose", "./beta"} {
				r := g.runIn(t, g.dir, nil, fmt.Sprint("--workers=", workers), "--history="+name, "--shuffle=11", "--", "-count=1", pkg)
				var batches []string
				for _, p := range r.processes {
					batches = append(batches, p.String())
				}
				if workers > 1 {
					slices.Sort(batches) // they start side by side: which is first to write says nothing
				}
				plans[strings.Join(batches, "\n")]++
				if err := os.WriteFile(name, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(plans) != 3 {
			t.Errorf("with %d workers, three packages had %d plans: %v", workers, len(plans), plans)
		}
	}
}

var seedLine = regexp.MustCompile(`add --shuffle=(\d+) to`)

func (g *groups) testLastSeed(t *testing.T) {
	history := "--history=" + filepath.Join(t.TempDir(), "history")
	first := g.runIn(t, g.dir, []string{"TRACE_SCRIPT=loose.TestA:*=fail"}, history, "--workers=1", "--", "-count=1", "./loose")
	first.wantExit(t, 1)
	seed := seedLine.FindSubmatch(first.stdout)
	if seed == nil {
		t.Fatalf("no seed in\n%s", first.stdout)
	}
	again := g.runIn(t, g.dir, nil, history, "--workers=1", "--shuffle=last", "--", "-count=1", "./loose")
	again.wantExit(t, 0)
	line := "-test.shuffle " + string(seed[1]) + "\n"
	if !slices.ContainsFunc(again.events, func(e event) bool { return e.Output == line }) {
		t.Errorf("%s: no event with %q", again.command, line)
	}
	var a, b []string
	for _, p := range first.processes {
		a = append(a, p.tests...)
	}
	for _, p := range again.processes {
		b = append(b, p.tests...)
	}
	if !slices.Equal(a, b) {
		t.Errorf("--shuffle=last ran %v after %v", b, a)
	}
	none := g.runIn(t, g.dir, nil, "--history="+filepath.Join(t.TempDir(), "none"), "--shuffle=last", "--", "-count=1", "./loose")
	none.wantExit(t, 3)
}
