package main_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// testLocks runs tests that each need their worker's database for themselves.
func (g *groups) testLocks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the sample uses flock")
	}
	dir := filepath.Join(g.root, "testdata", "locks")
	for _, workers := range []int{1, 2, 4, 8} {
		files := t.TempDir()
		r := g.runIn(t, dir, []string{"LOCKS_DIR=" + files}, fmt.Sprint("--workers=", workers), "--", "-count=2", "./...")
		r.wantExit(t, 0)
		databases, err := filepath.Glob(filepath.Join(files, "*.db"))
		if err != nil || len(databases) > workers || len(r.results()) != 28 {
			t.Errorf("%s: %d databases, %d tests, %v", r.command, len(databases), len(r.results()), err)
		}
	}
	// The sample is worth something: with one number for all there are collisions.
	r := g.command(t, dir, []string{"LOCKS_DIR=" + t.TempDir(), "COHORT_WORKER=0"}, "go", "test", "-count=20", "-p=2", "./...")
	if r.exit == 0 {
		t.Logf("%s: no collision, although two processes shared a database", r.command) // possible on a busy machine
	}
}

// testFailFast looks at groups with a failure in them.
func (g *groups) testFailFast(t *testing.T) {
	for _, tc := range []struct {
		name, script string
		args         []string
		want         string // the tests that ran in the group's process
		results      map[string]string
		text         string
	}{
		{
			"failure", "alpha.TestPay:*=fail", nil, "TestLogin TestPay",
			map[string]string{"alpha.TestLogin": "pass", "alpha.TestPay": "fail", "alpha.TestReceipt": "skip", "alpha.TestShip": "skip"},
			"TestPay failed earlier in group checkout",
		},
		{
			"first member", "alpha.TestLogin:*=fail", nil, "TestLogin",
			map[string]string{"alpha.TestLogin": "fail", "alpha.TestPay": "skip", "alpha.TestReceipt": "skip", "alpha.TestShip": "skip"},
			"TestLogin failed earlier in group checkout",
		},
		{
			"last member", "alpha.TestShip:*=fail", nil, "TestLogin TestPay TestReceipt TestShip",
			map[string]string{"alpha.TestReceipt": "pass", "alpha.TestShip": "fail"}, "",
		},
		{
			"off", "alpha.TestPay:*=fail", []string{"--group-failfast=false"}, "TestLogin TestPay TestReceipt TestShip",
			map[string]string{"alpha.TestPay": "fail", "alpha.TestReceipt": "pass", "alpha.TestShip": "pass"}, "",
		},
		{
			"two failures, off", "alpha.TestPay:*=fail alpha.TestShip:*=fail", []string{"--group-failfast=false"},
			"TestLogin TestPay TestReceipt TestShip",
			map[string]string{"alpha.TestPay": "fail", "alpha.TestReceipt": "pass", "alpha.TestShip": "fail"}, "",
		},
		{
			"skip is no failure", "alpha.TestPay:*=skip", nil, "TestLogin TestPay TestReceipt TestShip",
			map[string]string{"alpha.TestPay": "skip", "alpha.TestReceipt": "pass", "alpha.TestShip": "pass"}, "",
		},
		{
			"cleanup", "alpha.TestPay:*=cleanup", nil, "TestLogin TestPay",
			map[string]string{"alpha.TestPay": "fail", "alpha.TestReceipt": "skip"}, "TestPay failed earlier",
		},
		{
			"subtest", "alpha.TestPay:*=sub", nil, "TestLogin TestPay",
			map[string]string{"alpha.TestPay/part": "fail", "alpha.TestPay": "fail", "alpha.TestReceipt": "skip"}, "TestPay failed earlier",
		},
		{
			"panic", "alpha.TestPay:*=panic", nil, "TestLogin TestPay",
			map[string]string{"alpha.TestLogin": "pass", "alpha.TestPay": "fail", "alpha.TestReceipt": "skip", "alpha.TestShip": "skip"},
			"TestPay failed earlier in group checkout",
		},
		{
			"panic, off", "alpha.TestPay:*=panic", []string{"--group-failfast=false"}, "TestLogin TestPay",
			map[string]string{"alpha.TestPay": "fail", "alpha.TestReceipt": "skip", "alpha.TestShip": "skip"},
			"TestPay failed earlier in group checkout", // its state is gone all the same
		},
		{
			"exit 0", "alpha.TestPay:*=exit0", nil, "TestLogin TestPay",
			map[string]string{"alpha.TestPay": "fail", "alpha.TestReceipt": "skip", "alpha.TestShip": "skip"}, "TestPay failed earlier",
		},
		{
			"goroutine", "alpha.TestPay:*=goroutine", nil, "TestLogin TestPay",
			map[string]string{"alpha.TestPay": "fail", "alpha.TestReceipt": "skip", "alpha.TestShip": "skip"}, "TestPay failed earlier",
		},
		{
			"goexit", "alpha.TestPay:*=goexit", nil, "TestLogin TestPay",
			map[string]string{"alpha.TestPay": "fail", "alpha.TestReceipt": "skip"}, "TestPay failed earlier",
		},
		{
			"timeout", "alpha.TestPay:*=hang", []string{"-timeout=10s"}, "TestLogin TestPay",
			map[string]string{"alpha.TestPay": "fail", "alpha.TestReceipt": "skip", "alpha.TestShip": "skip"}, "panic: test timed out after 10s",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			args := []string{"--shuffle=3"}
			own := slices.DeleteFunc(slices.Clone(tc.args), func(s string) bool { return !strings.HasPrefix(s, "--") })
			goArgs := slices.DeleteFunc(slices.Clone(tc.args), func(s string) bool { return strings.HasPrefix(s, "--") })
			r := g.run(t, tc.script, slices.Concat(args, own, []string{"--", "-count=1"}, goArgs, []string{"./alpha"})...)
			want := 1
			if tc.name == "skip is no failure" {
				want = 0
			}
			r.wantExit(t, want)
			for _, p := range r.processes {
				if got := strings.Join(p.tests, " "); p.group() == "checkout" && got != tc.want {
					t.Errorf("%s: the group ran %s, want %s", r.command, got, tc.want)
				}
			}
			// Nothing else suffers, and everything has a result.
			maps.Copy(tc.results, map[string]string{"alpha.TestShelf": "pass", "alpha.TestRestock": "pass", "alpha.TestLoose1": "pass", "alpha.Example": "pass"})
			r.wantResults(t, tc.results)
			r.wantText(t, tc.text)
		})
	}
	t.Run("alone in its package", func(t *testing.T) {
		t.Parallel()
		r := g.run(t, "single.TestFirst:*=fail", "--", "-count=1", "./single")
		r.wantExit(t, 1)
		r.wantProcesses(t, "single", "0", "TestFirst")
		r.wantResults(t, map[string]string{"single.TestFirst": "fail", "single.TestSecond": "skip", "single.TestThird": "skip"})
	})
}

// testReruns looks at which processes run again, and how often.
func (g *groups) testReruns(t *testing.T) {
	const checkout = "TestLogin TestPay TestReceipt TestShip"
	for _, tc := range []struct {
		name, script string
		args         []string // cohort's own
		pkgs         string
		exit         int
		// attempts are the processes of each attempt after the first, in the first package.
		attempts [][]string
		text     string
	}{
		{"group", "alpha.TestPay:0=fail", []string{"--rerun-fails"}, "./alpha", 0, [][]string{{checkout}}, "=== FLAKY: alpha checkout (passed in rerun 1)"},
		{"group, twice", "alpha.TestPay:0=fail alpha.TestShip:1=fail", []string{"--rerun-fails"}, "./alpha", 0, [][]string{{checkout}, {checkout}}, "(passed in rerun 2)"},
		{"stops at first pass", "alpha.TestLoose1:0=fail", []string{"--rerun-fails=5"}, "./alpha", 0, [][]string{{"TestLoose1"}}, "=== FLAKY: alpha TestLoose1"},
		{"gives up", "alpha.TestLoose1:*=fail", []string{"--rerun-fails=3"}, "./alpha", 1, [][]string{{"TestLoose1"}, {"TestLoose1"}, {"TestLoose1"}}, "DONE 4 runs"},
		{"each for itself", "alpha.TestLoose1:0=fail alpha.TestPay:0=fail alpha.TestPay:1=panic alpha.TestShelf:*=fail",
			[]string{"--rerun-fails=2"}, "./alpha", 1,
			[][]string{{"TestLoose1", "TestLogin TestPay", "TestShelf"}, {checkout, "TestShelf"}}, ""},
		{"panic does not forbid", "alpha.TestLoose1:0=panic", []string{"--rerun-fails"}, "./alpha", 0, [][]string{{"TestLoose1"}}, ""},
		{"test of both packages", "alpha.TestBoth:0=fail", []string{"--rerun-fails"}, "./alpha", 0, [][]string{{"TestBoth TestBoth"}}, ""},
		{"example and seeds", "alpha.FuzzSeeds:0=fail", []string{"--rerun-fails"}, "./alpha", 0, [][]string{{"FuzzSeeds"}}, ""},
		// Alone: another process may start after the program has gone.
		{"the program is gone", "alpha.TestLoose1:0=unlink", []string{"--rerun-fails=1"}, "./alpha -run=^TestLoose1$", 0, [][]string{{"TestLoose1"}}, ""},
		{"the program goes in the rerun", "alpha.TestLoose1:0=fail alpha.TestLoose1:1=unlink", []string{"--rerun-fails=2"}, "./alpha", 0,
			[][]string{{"TestLoose1"}, {"TestLoose1"}}, ""},
		{"zero", "alpha.TestLoose1:0=fail", []string{"--rerun-fails=0"}, "./alpha", 1, nil, ""},
		{"none asked for", "alpha.TestLoose1:0=fail", nil, "./alpha", 1, nil, ""},
		{"skip is good", "alpha.TestPay:0=fail alpha.TestPay:1=skip", []string{"--rerun-fails"}, "./alpha", 0, [][]string{{checkout}}, ""},
		{"subtest", "alpha.TestPay:0=sub alpha.TestPay:1=subpass", []string{"--rerun-fails"}, "./alpha", 0, [][]string{{checkout}}, ""},
		{"subtest of a skipped test", "alpha.TestPay:0=sub alpha.TestPay:1=skip", []string{"--rerun-fails"}, "./alpha", 0, [][]string{{checkout}}, ""},
		{"group and package", "alpha.TestPay:0=fail withmain.Main:0=after1", []string{"--rerun-fails"}, "./alpha ./withmain", 0, [][]string{{checkout}}, "=== FLAKY: withmain (passed in rerun 1)"},
		{"one of two groups of one name", "alpha.TestPay:0=fail beta.TestPay:*=skip", []string{"--rerun-fails"}, "./alpha ./beta", 0, [][]string{{checkout}}, ""},
		{"max failures", "alpha.TestLoose1:0=fail alpha.TestPay:0=fail", []string{"--rerun-fails", "--rerun-fails-max-failures=1"}, "./alpha", 3, nil,
			"number of test failures (2) exceeds maximum (1)"},
		{"just max failures", "alpha.TestLoose1:0=fail alpha.TestPay:0=fail", []string{"--rerun-fails", "--rerun-fails-max-failures=2"}, "./alpha", 0,
			[][]string{{"TestLoose1", checkout}}, ""},
		{"group in TestMain", "withmain.TestThree:0=fail", []string{"--rerun-fails"}, "./withmain", 0, [][]string{{"TestTwo TestThree"}}, ""},
		{"TestMain exits", "withmain.Main:0=exit3", []string{"--rerun-fails"}, "./withmain", 0, [][]string{{"TestOne TestTwo TestThree TestFour TestFive TestSix"}}, "=== FLAKY: withmain (passed"},
		{"TestMain panics", "withmain.Main:0=panic withmain.Main:1=panic", []string{"--rerun-fails"}, "./withmain", 0,
			[][]string{{""}, {"TestOne TestTwo TestThree TestFour TestFive TestSix"}}, "(passed in rerun 2)"},
		{"TestMain finds a leak", "withmain.Main:0=after1", []string{"--rerun-fails"}, "./withmain", 0, [][]string{{"TestOne TestTwo TestThree TestFour TestFive TestSix"}}, ""},
		{"fail on flaky", "alpha.TestPay:0=fail", []string{"--rerun-fails", "--fail-on-flaky"}, "./alpha", 1, [][]string{{checkout}}, "=== FLAKY: alpha checkout"},
		{"serial group", "beta.TestPack:0=fail", []string{"--rerun-fails"}, "./beta", 0, [][]string{{"TestPack TestUnpack"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			args := slices.Concat([]string{"--workers=3", "--shuffle=3", "--rerun-delay=0"}, tc.args, []string{"--", "-count=1"}, strings.Fields(tc.pkgs))
			r := g.run(t, tc.script, args...)
			r.wantExit(t, tc.exit)
			r.wantText(t, tc.text)
			pkg := strings.TrimPrefix(strings.Fields(tc.pkgs)[0], "./")
			for i, want := range append(tc.attempts, nil) {
				r.wantProcesses(t, pkg, fmt.Sprint(i+1), want...)
			}
			pids := make(map[string]bool)
			for _, p := range r.processes {
				pids[fmt.Sprint(p.pid, p.start)] = true
			}
			if len(pids) != len(r.processes) {
				t.Errorf("%s: an attempt was no process of its own: %v", r.command, r.processes)
			}
		})
	}
	t.Run("serial", func(t *testing.T) {
		t.Parallel()
		for _, script := range []string{
			"alpha.TestAlone:0=fail beta.TestPack:0=fail alpha.TestLoose1:0=fail alpha.TestLoose2:0=fail alpha.TestPay:0=fail " +
				"loose.TestA:0=fail loose.TestB:0=fail loose.TestC:0=fail",
			// A whole package, which has a serial test.
			"beta.Init:0=exit3 alpha.TestLoose1:0=fail alpha.TestLoose2:0=fail alpha.TestPay:0=fail alpha.TestShelf:0=fail " +
				"loose.TestA:0=fail loose.TestB:0=fail loose.TestC:0=fail",
		} {
			r := g.run(t, script, "--workers=4", "--rerun-fails=1", "--rerun-delay=0", "--", "-count=1", "./alpha", "./beta", "./loose")
			r.wantExit(t, 0)
			wantSerialAlone(t, &r)
			wantWorkersApart(t, &r, 4)
		}
	})
	t.Run("in parallel", func(t *testing.T) {
		t.Parallel()
		r := g.run(t, "alpha.TestLoose1:0=fail alpha.TestPay:0=fail alpha.TestLoose1:1=meet alpha.TestPay:1=meet",
			"--workers=2", "--rerun-fails=2", "--rerun-delay=0", "--", "-count=1", "./alpha")
		r.wantExit(t, 0) // each waited for the other; the last rerun would be without the other
		wantWorkersApart(t, &r, 2)
	})
}

// testDelay looks at the time between two attempts.
func (g *groups) testDelay(t *testing.T) {
	for flag, delay := range map[string]time.Duration{
		"--rerun-delay=0.3": 300 * time.Millisecond, "--rerun-delay=1": time.Second,
		"--rerun-delay=40ms": 40 * time.Millisecond, "--no-color": 500 * time.Millisecond, // the default
	} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			r := g.run(t, "alpha.TestPay:*=fail alpha.TestLoose2:*=fail", flag, "--rerun-fails=2", "--", "-count=1", "./alpha")
			r.wantExit(t, 1)
			ended := make(map[string]int64)
			seen := 0
			for _, p := range r.processes {
				for _, unit := range []string{"TestPay", "TestLoose2"} {
					if !slices.Contains(p.tests, unit) {
						continue
					}
					if last, ok := ended[unit]; ok && time.Duration(p.start-last) < delay {
						t.Errorf("%s: attempt %s of %s began %v after the one before", r.command, p.attempt(), unit, time.Duration(p.start-last))
					}
					ended[unit] = p.end
					seen++
				}
			}
			if seen != 6 {
				t.Errorf("%s: %d attempts", r.command, seen)
			}
		})
	}
}

// testFalseGreen looks at runs that must not be green.
func (g *groups) testFalseGreen(t *testing.T) {
	for _, tc := range []struct{ name, script, args, text string }{
		{"TestMain runs nothing in the rerun", "withmain.TestOne:0=fail withmain.Main:1=norun", "./withmain", "it did not run in this attempt"},
		{"TestMain hides the failure", "withmain.TestOne:*=fail withmain.Main:1=swallow", "./withmain", "exited 0 although a test failed"},
		{"TestMain hides it at once", "withmain.TestOne:*=fail withmain.Main:*=swallow", "./withmain", ""},
		{"teardown fails in the rerun", "withmain.TestOne:0=fail withmain.Main:1=after1", "./withmain", "failed outside its tests"},
		{"teardown always fails", "withmain.Main:*=after1", "./withmain", "failed outside its tests"},
		{"TestMain always exits", "withmain.Main:*=exit3", "./withmain", "before its first test"},
		{"TestMain always panics", "withmain.Main:*=panic", "./withmain", ""},
		{"TestMain fails, then runs nothing", "withmain.Main:0=exit3 withmain.Main:1=norun", "./withmain", ""},
		{"teardown fails, then runs nothing", "withmain.Main:0=after1 withmain.Main:1=norun", "./withmain", ""},
		{"package fails, then a test", "withmain.Main:0=after1 withmain.TestFive:1=fail", "./withmain", ""},
		{"another member fails in the rerun", "alpha.TestPay:0=fail alpha.TestShip:1=fail", "./alpha", "TestShip"},
		{"an earlier member fails in the rerun", "alpha.TestPay:0=fail alpha.TestLogin:1=fail", "./alpha", "TestLogin failed earlier in group checkout"},
		{"exit 0 in the rerun", "alpha.TestLoose1:0=fail alpha.TestLoose1:1=exit0", "./alpha", ""},
		{"exit 0 before the failed member", "alpha.TestPay:0=fail alpha.TestLogin:1=exit0", "./alpha", "TestLogin failed earlier"},
		{"exit 0 after the failed member", "alpha.TestPay:0=fail alpha.TestReceipt:1=exit0", "./alpha", "TestReceipt failed earlier"},
		{"always exit 0", "alpha.TestLoose1:*=exit0", "./alpha", ""},
		{"panic in the rerun", "alpha.TestLoose1:0=fail alpha.TestLoose1:1=panic", "./alpha", ""},
		{"goroutine in the rerun", "alpha.TestLoose1:0=fail alpha.TestLoose1:1=goroutine", "./alpha", "in a goroutine"},
		{"Goexit in the rerun", "alpha.TestLoose1:0=fail alpha.TestLoose1:1=goexit", "./alpha", ""},
		{"cleanup in the rerun", "alpha.TestLoose1:0=fail alpha.TestLoose1:1=cleanup", "./alpha", "in cleanup"},
		{"hangs in the rerun", "alpha.TestLoose1:0=fail alpha.TestLoose1:1=hang", "-timeout=2s ./alpha", "timed out"},
		{"the failed subtest is gone", "alpha.TestLoose1:0=sub", "./alpha", "TestLoose1/part failed in an earlier attempt"},
		{"the failed subtest of a package is gone", "withmain.Main:0=after1 withmain.TestOne:0=sub", "./withmain", "TestOne/part failed in an earlier"},
		{"one of two units", "alpha.TestLoose1:0=fail alpha.TestLoose2:*=fail", "./alpha", ""},
		{"one of two packages", "alpha.TestLoose1:0=fail beta.TestLoose1:*=fail", "./alpha ./beta", ""},
		{"no such package", "alpha.TestLoose1:0=fail", "./alpha ./nosuch", ""},
		{"one of a count", "alpha.TestLoose1:*=fail", "-count=2 ./alpha", ""},
		{"both of one name", "alpha.TestBoth:0=fail alpha.TestBoth:1=skip alpha.TestLoose1:*=fail", "./alpha", ""},
		{"a race, not to be run again", "alpha.TestLoose1:0=race", "--rerun-fails-abort-on-data-race -race ./alpha", "rerun aborted because previous run had a data race"},
		{"a race every time", "alpha.TestLoose1:*=race", "-race ./alpha", "race detected"},
		// Alone in its process: beside others it may be one of them that is blamed, and that passes alone.
		// Its end waits for the other access, which needs a processor meanwhile.
		{"a race outside a test", "loose.TestA:*=racelater", "GORACE=atexit_sleep_ms=5000 -race -run=^TestA$ ./loose", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			own, goArgs := []string{"--rerun-fails=1", "--rerun-delay=0", "--shuffle=off"}, []string{"--", "-count=1"}
			env := []string{"TRACE_SCRIPT=" + tc.script}
			for _, arg := range strings.Fields(tc.args) {
				switch {
				case strings.HasPrefix(arg, "GORACE="):
					env = append(env, arg)
				case strings.HasPrefix(arg, "--"):
					own = append(own, arg)
				default:
					goArgs = append(goArgs, arg)
				}
			}
			r := g.runIn(t, g.dir, env, slices.Concat(own, goArgs)...)
			if r.exit == 0 {
				t.Errorf("%s: green\n%s", r.command, r.stdout)
			}
			r.wantText(t, tc.text)
		})
	}
	for name, source := range map[string]string{
		"another package does not build":       "package bad\n\nvar _ int = missing\n",
		"another package is not vetted":        "package bad\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { t.Errorf(\"%d\", \"x\"); t.SkipNow() }\n",
		"another package can not be set up":    "package bad\n\nimport _ \"example.com/m/nosuch\"\n",
		"another package's init always panics": "package bad\n\nimport \"testing\"\n\nfunc init() { panic(1) }\n\nfunc TestX(t *testing.T) {}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := module(t, map[string]string{
				"bad/bad_test.go": source,
				"flaky/flaky_test.go": "package flaky\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
					"func TestX(t *testing.T) {\n\tif os.Getenv(\"COHORT_ATTEMPT\") == \"0\" {\n\t\tt.Error(1)\n\t}\n}\n",
			})
			r := g.runIn(t, dir, []string{"GOFLAGS="}, "--rerun-fails", "--rerun-delay=0", "--", "./...")
			if r.exit == 0 {
				t.Errorf("%s: green\n%s%s", r.command, r.stdout, r.stderr)
			}
		})
	}
}
