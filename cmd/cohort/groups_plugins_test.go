package main_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// testPlugins is what the test suites of the pytest plugins assert, said in Go's words.
// Each row names the plugin and its test. A class is a group, a module a package, a
// session's fixture a TestMain, a worker crash a process that dies, a teardown a cleanup.
// What has no counterpart is left out: reruns by exception, random.seed per test, and
// attributes and fixtures whose state a plugin must restore, as every attempt here is a
// process of its own.
func (g *groups) testPlugins(t *testing.T) {
	class := func(first, second, third string) map[string]string {
		return map[string]string{"single.TestFirst": first, "single.TestSecond": second, "single.TestThird": third}
	}
	for _, tc := range []struct {
		from, script string
		args         string // cohort's
		pkgs         string
		exit         int
		want         map[string]string // by attempt
		processes    int
		text         string
	}{
		// pytest-rerunclassfailures
		{"rerunclassfailures arguments_plugin_disabled", "single.TestSecond:*=fail", "--group-failfast=false", "./single", 1, class("pass", "fail", "pass"), 1, ""},
		{"rerunclassfailures class_basic", "single.TestSecond:*=fail", "--rerun-fails=1", "./single", 1, class("pass pass", "fail fail", "skip skip"), 2, ""},
		{"rerunclassfailures always_pass", "", "--rerun-fails=3", "./single", 0, class("pass", "pass", "pass"), 1, ""},
		{"rerunclassfailures always_fails", "single.TestFirst:*=fail", "--rerun-fails=4", "./single", 1, class("fail fail fail fail fail", "skip skip skip skip skip", "skip skip skip skip skip"), 5, "DONE 5 runs"},
		{"rerunclassfailures arguments_show_only_last", "single.TestSecond:*=fail", "--rerun-fails=1 --rerun-show-only-last", "./single", 1, class("pass", "fail", "skip"), 2, ""},
		{"rerunclassfailures rerun_consistency_lesser", "single.TestThird:0=fail single.TestSecond:1=fail", "--rerun-fails=1", "./single", 1, class("pass pass", "pass fail", "fail skip"), 2, ""},
		{"rerunclassfailures rerun_consistency_bigger", "single.TestSecond:0=fail single.TestThird:1=fail", "--rerun-fails=1", "./single", 1, class("pass pass", "fail pass", "skip fail"), 2, ""},
		{"rerunclassfailures failure_stages_setup", "withmain.Main:*=exit3", "--rerun-fails=1", "./withmain", 1, nil, 2, "before its first test"},
		{"rerunclassfailures failure_stages_call", "single.TestFirst:*=panic", "--rerun-fails=1", "./single", 1, class("fail fail", "skip skip", "skip skip"), 2, ""},
		{"rerunclassfailures failure_stages_teardown_function", "single.TestSecond:*=cleanup", "--rerun-fails=1", "./single", 1, class("pass pass", "fail fail", "skip skip"), 2, "in cleanup"},
		// The plugin lets the run pass.
		{"rerunclassfailures failure_stages_teardown_class_without_aborting", "withmain.Main:*=after1", "--rerun-fails=1", "./withmain", 1, nil, 2, "failed outside its tests"},
		{"rerunclassfailures different_statuses", "alpha.TestPay:*=skip alpha.TestReceipt:*=fail", "--rerun-fails=1 --shuffle=1", "./alpha", 1,
			map[string]string{"alpha.TestLogin": "pass pass", "alpha.TestPay": "skip skip", "alpha.TestReceipt": "fail fail", "alpha.TestShip": "skip skip", "alpha.TestShelf": "pass"}, 0, ""},
		{"rerunclassfailures same_class_in_two_modules", "alpha.TestPay:0=fail", "--rerun-fails=1", "./alpha ./beta", 0,
			map[string]string{"alpha.TestLogin": "pass pass", "alpha.TestPay": "fail pass", "beta.TestLogin": "pass", "beta.TestPay": "pass"}, 0, "=== FLAKY: alpha checkout"},
		{"rerunclassfailures several_classes_in_module", "alpha.TestPay:0=fail alpha.TestRestock:0=fail", "--rerun-fails=1", "./alpha", 0,
			map[string]string{"alpha.TestShip": "skip pass", "alpha.TestShelf": "pass pass", "alpha.TestRestock": "fail pass"}, 0, ""},
		{"rerunclassfailures class_beside_functions", "alpha.TestPay:0=fail", "--rerun-fails=1", "./alpha", 0,
			map[string]string{"alpha.TestLogin": "pass pass", "alpha.TestLoose1": "pass", "alpha.TestLoose2": "pass"}, 0, ""},
		{"rerunclassfailures no_class", "loose.TestD:0=fail", "--rerun-fails=1", "./loose", 0, map[string]string{"loose.TestD": "fail pass", "loose.TestC": "pass"}, 0, ""},
		{"rerunclassfailures fail_fast", "single.TestFirst:*=fail", "--rerun-fails=1 -- -failfast", "./single", 3, nil, 0, "cannot be used with --rerun-fails"},
		// pytest-rerunfailures
		{"rerunfailures no_rerun_on_pass", "", "--rerun-fails", "./loose", 0, map[string]string{"loose.TestA": "pass"}, 0, ""},
		{"rerunfailures no_rerun_on_skip", "loose.TestA:*=skip", "--rerun-fails", "./loose", 0, map[string]string{"loose.TestA": "skip"}, 0, ""},
		{"rerunfailures error_when_run_with_pdb", "", "--rerun-fails=-1", "./loose", 3, nil, 0, "cannot be negative"},
		{"rerunfailures rerun_fails_after_consistent_setup_failure", "withmain.Main:*=panic", "--rerun-fails=2", "./withmain", 1, nil, 3, ""},
		{"rerunfailures rerun_passes_after_temporary_setup_failure", "withmain.Main:0=panic", "--rerun-fails=1", "./withmain", 0, map[string]string{"withmain.TestOne": "pass"}, 2, "=== FLAKY: withmain"},
		{"rerunfailures rerun_fails_after_consistent_test_failure", "loose.TestA:*=fail", "--rerun-fails=1", "./loose", 1, map[string]string{"loose.TestA": "fail fail"}, 0, ""},
		{"rerunfailures rerun_passes_after_temporary_test_failure", "loose.TestA:0=fail", "--rerun-fails=1", "./loose", 0, map[string]string{"loose.TestA": "fail pass"}, 0, ""},
		{"rerunfailures rerun_passes_after_temporary_test_crash", "loose.TestA:0=exit1", "--rerun-fails=1", "./loose", 0, map[string]string{"loose.TestA": "fail pass", "loose.TestJ": "pass"}, 0, ""},
		{"rerunfailures rerun_fails_after_consistent_test_crash", "loose.TestA:*=exit1", "--rerun-fails=1", "./loose", 1, map[string]string{"loose.TestA": "fail fail", "loose.TestJ": "pass"}, 0, ""},
		{"rerunfailures rerun_with_teardown_failure", "loose.TestA:0=cleanup", "--rerun-fails=1", "./loose", 0, map[string]string{"loose.TestA": "fail pass"}, 0, ""},
		{"rerunfailures fail_on_flaky", "loose.TestA:0=fail", "--rerun-fails=1 --fail-on-flaky", "./loose", 1, map[string]string{"loose.TestA": "fail pass"}, 0, ""},
		{"rerunfailures verbose_statuses", "loose.TestA:0=fail", "--rerun-fails=2", "./loose", 0, nil, 0, "PASS loose.TestA (re-run 1)"},
		// pytest-xdist: groups share a worker (by_group, by_class, by_module), a crash costs one test.
		{"xdist loadscope by_class", "", "--workers=2", "./single", 0, class("pass", "pass", "pass"), 1, ""},
		{"xdist loadfile by_module", "", "--workers=2 --dist=loadfile", "./loose", 0, map[string]string{"loose.TestA": "pass"}, 1, ""},
		{"xdist crashing_item", "loose.TestE:*=exit1", "--workers=2", "./loose", 1, map[string]string{"loose.TestE": "fail", "loose.TestA": "pass", "loose.TestJ": "pass"}, 0, ""},
		{"xdist crash of all workers", "loose.TestA:*=exit1 loose.TestC:*=panic loose.TestE:*=goroutine loose.TestG:*=exit0", "--workers=2", "./loose", 1,
			map[string]string{"loose.TestA": "fail", "loose.TestB": "pass", "loose.TestC": "fail", "loose.TestD": "pass", "loose.TestE": "fail", "loose.TestF": "pass", "loose.TestG": "fail", "loose.TestH": "pass"}, 0, ""},
		{"xdist invalid -n", "", "--workers=many", "./loose", 3, nil, 0, "must be auto or a whole number"},
		// pytest-randomly
		{"randomly passing_nonsense", "", "--shuffle=invalidvalue", "./loose", 3, nil, 0, "must be on, off, last or a number"},
		{"randomly header_when_set", "loose.TestA:*=fail", "--shuffle=10", "./loose", 1, nil, 0, "add --shuffle=10 to the command"},
		// The incremental marker of pytest's documentation
		{"incremental previous test failed", "single.TestFirst:*=fail", "", "./single", 1, class("fail", "skip", "skip"), 1, "TestFirst failed earlier in group all"},
	} {
		t.Run(tc.from, func(t *testing.T) {
			t.Parallel()
			own, goArgs, _ := strings.Cut(tc.args, "-- ")
			args := slices.Concat([]string{"--rerun-delay=0"}, strings.Fields(own), []string{"--", "-count=1"}, strings.Fields(goArgs), strings.Fields(tc.pkgs))
			r := g.run(t, tc.script, args...)
			r.wantExit(t, tc.exit)
			r.wantResults(t, tc.want)
			r.wantText(t, tc.text)
			if tc.processes > 0 && len(r.processes) != tc.processes {
				t.Errorf("%s: %d processes, want %d: %v", r.command, len(r.processes), tc.processes, r.processes)
			}
			if tc.exit == 3 && len(r.processes) > 0 {
				t.Errorf("%s: a usage error, and still %v ran", r.command, r.processes)
			}
		})
	}
	t.Run("xdist any number of workers", func(t *testing.T) {
		t.Parallel()
		const script = "alpha.TestPay:*=fail alpha.TestLoose2:0=fail alpha.TestShelf:0=panic alpha.TestUser_create:*=skip beta.TestPack:0=exit1"
		var want map[string]string
		for _, workers := range []int{1, 2, 4, 9} {
			r := g.run(t, script, fmt.Sprint("--workers=", workers), "--rerun-fails=1", "--rerun-delay=0", "--", "-count=1", "./alpha", "./beta")
			r.wantExit(t, 1)
			if want == nil {
				want = r.results()
			}
			r.wantResults(t, want)
			if len(r.results()) != len(want) || !bytes.Contains(r.stdout, []byte("DONE 2 runs, ")) {
				t.Errorf("%s: %d tests, want %d\n%s", r.command, len(r.results()), len(want), r.stdout)
			}
		}
	})
	t.Run("randomly tests reordered, groups not", func(t *testing.T) {
		t.Parallel()
		orders := make(map[string]bool)
		for seed := range 6 {
			r := g.run(t, "", fmt.Sprint("--shuffle=", seed), "--workers=1", "--", "-count=1", "./alpha")
			wantOneProcess(t, &r, "TestLogin TestPay TestReceipt TestShip")
			orders[fmt.Sprint(r.processes)] = true
		}
		if len(orders) < 5 {
			t.Errorf("6 seeds, %d orders", len(orders))
		}
	})
}

// wantOneProcess fails the test if no process ran just these tests.
func wantOneProcess(t *testing.T, r *traced, tests string) {
	t.Helper()
	for _, p := range r.processes {
		if strings.Join(p.tests, " ") == tests {
			return
		}
	}
	t.Errorf("%s: no process ran just %s: %v", r.command, tests, r.processes)
}
