package main_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testDist looks at which tests share a process in each mode.
func (g *groups) testDist(t *testing.T) {
	checkout, stock := "TestLogin TestPay TestReceipt TestShip", "TestShelf TestRestock"
	for _, tc := range []struct {
		name string
		args []string
		// together run in one process, with nothing else beside them.
		together []string
		// apart are tests that are in no group: alone in theirs, or with others of their kind.
		groups int // processes that were told of a group
	}{
		{"default", nil, []string{checkout, stock}, 2},
		{"loadscope", []string{"--dist=loadscope"}, []string{checkout, stock}, 2},
		{"load", []string{"--dist=load"}, nil, 0},
		{"loadfile", []string{"--dist=loadfile"}, []string{
			checkout, stock, "TestUser_delete TestOrder_create TestAlone Example",
			"TestLoose1 TestLoose2 TestUser_create TestLoose3 TestBoth TestBoth FuzzSeeds",
		}, 2},
		{"loadpackage", []string{"--dist=loadpackage"}, []string{
			"TestLoose1 TestLogin TestLoose2 TestPay TestUser_create TestLoose3 TestBoth TestShelf TestReceipt TestRestock " +
				"TestShip TestUser_delete TestOrder_create TestBoth TestAlone FuzzSeeds Example",
		}, 0},
		{"group with capture", []string{`--group=^(Test[A-Za-z0-9]+)_`}, []string{
			checkout, stock, "TestUser_create TestUser_delete", "TestOrder_create",
		}, 4},
		{"group without capture", []string{`--group=^TestLoose`, "--group=_"}, []string{
			checkout, stock, "TestLoose1 TestLoose2 TestLoose3", "TestUser_create TestUser_delete TestOrder_create",
		}, 4},
		{"group does not move declared", []string{`--group=Login|Loose1`}, []string{checkout, stock, "TestLoose1"}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			args := slices.Concat([]string{"--shuffle=3", "--workers=2"}, tc.args, []string{"--", "-count=1", "./alpha"})
			r := g.run(t, "", args...)
			r.wantExit(t, 0)
			groups, tests := 0, 0
			var ran []string
			for _, p := range r.processes {
				tests += len(p.tests)
				if p.group() != "" {
					groups++
				}
				ran = append(ran, strings.Join(p.tests, " "))
			}
			for _, want := range tc.together {
				if !slices.Contains(ran, want) {
					t.Errorf("%s: no process ran just %s: %q", r.command, want, ran)
				}
			}
			if groups != tc.groups || tests != 18-1 {
				t.Errorf("%s: %d groups, %d tests, want %d, 17: %q", r.command, groups, tests, tc.groups, ran)
			}
		})
	}
}

// testTestMain looks at packages with TestMain.
func (g *groups) testTestMain(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 8} {
		r := g.run(t, "", "--testmain=per-worker", fmt.Sprint("--workers=", workers), "--", "-count=1", "./withmain")
		r.wantExit(t, 0)
		if n := len(r.processes); n > workers {
			t.Errorf("%s: %d processes: %v", r.command, n, r.processes)
		}
		if workers >= 3 && len(r.processes) < 2 {
			t.Errorf("%s: not split: %v", r.command, r.processes)
		}
		pair := 0
		for _, p := range r.processes {
			if i := slices.Index(p.tests, "TestTwo"); i >= 0 {
				if next := slices.Index(p.tests, "TestThree"); next > i {
					pair++
				}
			}
		}
		if pair != 1 {
			t.Errorf("%s: the group is not together: %v", r.command, r.processes)
		}
	}
	// One process: it can not stop one group and go on with the others, but when it
	// dies the rest of the group is over, and what is left has one process at a time.
	r := g.run(t, "withmain.TestTwo:0=fail", "--workers=4", "--", "-count=1", "./withmain")
	r.wantExit(t, 1)
	r.wantProcesses(t, "withmain", "0", "TestOne TestTwo TestThree TestFour TestFive TestSix")
	r = g.run(t, "withmain.TestTwo:0=exit1", "--workers=4", "--", "-count=1", "./withmain")
	r.wantExit(t, 1)
	r.wantProcesses(t, "withmain", "0", "TestOne TestTwo", "TestFour TestFive TestSix")
	r.wantResults(t, map[string]string{"withmain.TestTwo": "fail", "withmain.TestThree": "skip", "withmain.TestSix": "pass"})
	r.wantText(t, "TestTwo failed earlier in group pair")
	// A group that had not begun is whole in the next process.
	r = g.run(t, "withmain.TestOne:0=panic", "--workers=4", "--", "-count=1", "./withmain")
	r.wantProcesses(t, "withmain", "0", "TestOne", "TestTwo TestThree TestFour TestFive TestSix")
	// Two deaths: still one process at a time.
	r = g.run(t, "withmain.TestOne:0=panic withmain.TestFour:0=exit0", "--workers=4", "--", "-count=1", "./withmain")
	r.wantExit(t, 1)
	r.wantProcesses(t, "withmain", "0", "TestOne", "TestTwo TestThree TestFour", "TestFive TestSix")
	for i, p := range r.processes[1:] {
		if r.processes[i].last > p.first {
			t.Errorf("%s: %s beside %s", r.command, r.processes[i], p)
		}
	}
}

// module writes the files of a module, NAME followed by the text of each, and returns its directory.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/m\n\ngo 1.25\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// testDirectives looks at wrong directives, and at members that run in parallel.
func (g *groups) testDirectives(t *testing.T) {
	const head = "package a\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc init() { _ = os.WriteFile(\"ran\", nil, 0o600) }\n\n"
	const fn = "func TestX(t *testing.T) {}\n" // its directive is at line 10
	for name, tc := range map[string]struct{ source, want string }{
		"unknown word":    {head + "//cohort:grup x\n" + fn, "a_test.go:10: unknown directive"},
		"missing name":    {head + "//cohort:group\n" + fn, "a_test.go:10: //cohort:group needs a name"},
		"two names":       {head + "//cohort:group a b\n" + fn, "a_test.go:10: "},
		"two groups":      {head + "//cohort:group a\n//cohort:group b\n" + fn, "a_test.go:11: two groups"},
		"serial argument": {head + "//cohort:serial now\n" + fn, "a_test.go:10: "},
		"no test":         {head + "//cohort:group a\nfunc helper() {}\n\n" + fn, "a_test.go:10: "},
		"a type":          {head + "//cohort:group a\ntype T struct{}\n\n" + fn, "a_test.go:10: "},
		"in a body":       {head + "func TestX(t *testing.T) {\n\t//cohort:group a\n}\n", "a_test.go:11: "},
		"space":           {head + "// cohort:group a\n" + fn, "a_test.go:10: a directive has no space"},
		"bad name":        {head + "//cohort:group a,b\n" + fn, "a_test.go:10: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := module(t, map[string]string{
				"a/a_test.go": tc.source,
				"b/b_test.go": strings.Replace(head, "package a", "package b", 1) + fn,
			})
			r := g.runIn(t, dir, nil, "--", "./...")
			r.wantExit(t, 3)
			r.wantText(t, filepath.FromSlash("a/")+tc.want)
			for _, pkg := range []string{"a", "b"} {
				if _, err := os.Stat(filepath.Join(dir, pkg, "ran")); err == nil {
					t.Errorf("%s: %s ran before the error", r.command, pkg)
				}
			}
		})
	}
	t.Run("parallel member", func(t *testing.T) {
		t.Parallel()
		dir := module(t, map[string]string{"a/a_test.go": "package a\n\nimport \"testing\"\n\n" +
			"//cohort:group x\nfunc TestA(t *testing.T) { t.Parallel() }\n\n" +
			"//cohort:group x\nfunc TestB(t *testing.T) {}\n\nfunc TestC(t *testing.T) { t.Parallel() }\n\n" +
			"//cohort:group x\nfunc TestD(t *testing.T) {\n\tt.Log(1)\n\tt.Parallel()\n}\n"})
		r := g.runIn(t, dir, nil, "--", "-count=1", "./...")
		r.wantExit(t, 0)
		for _, want := range []string{"a_test.go:6: TestA is in group x", "a_test.go:16: TestD is in group x"} {
			if n := bytes.Count(r.stderr, []byte(filepath.FromSlash("a/")+want)); n != 1 {
				t.Errorf("%s: %d times %q in\n%s", r.command, n, want, r.stderr)
			}
		}
		if n := bytes.Count(r.stderr, []byte("is in group")); n != 2 {
			t.Errorf("%s: %d warnings\n%s", r.command, n, r.stderr)
		}
		// One process keeps all of it together anyway, but the order is no less broken.
		r = g.runIn(t, dir, nil, "--dist=load", "--", "-count=1", "./...")
		if n := bytes.Count(r.stderr, []byte("is in group")); n != 0 {
			t.Errorf("%s: warned of groups that are ignored\n%s", r.command, r.stderr)
		}
	})
}

// testEnvironment looks at what each process is told, also when it runs again.
func (g *groups) testEnvironment(t *testing.T) {
	r := g.runIn(t, g.dir, []string{
		"TRACE_SCRIPT=alpha.TestPay:0=fail alpha.TestPay:1=fail alpha.TestLoose1:0=fail withmain.Main:0=after1",
		// What an outer cohort told must not reach the tests.
		"COHORT_GROUP=outer", "COHORT_WORKER=77", "COHORT_ATTEMPT=9", "COHORT_RUN_ID=outer",
	}, "--workers=2", "--rerun-fails=2", "--rerun-delay=0", "--", "-count=1", "./alpha", "./withmain")
	r.wantExit(t, 0)
	ids := make(map[string]bool)
	for _, p := range r.processes {
		ids[p.env["COHORT_RUN_ID"]] = true
		inGroup := slices.Contains(p.tests, "TestPay") || slices.Contains(p.tests, "TestLogin")
		if inGroup != (p.group() == "checkout") {
			t.Errorf("%s was told group %q", p, p.group())
		}
	}
	if len(ids) != 1 || ids[""] || ids["outer"] {
		t.Errorf("run IDs: %v", ids)
	}
	wantWorkersApart(t, &r, 2)
	r.wantProcesses(t, "alpha", "1", "TestLogin TestPay", "TestLoose1")
	r.wantProcesses(t, "alpha", "2", "TestLogin TestPay TestReceipt TestShip")
	r.wantProcesses(t, "withmain", "1", "TestOne TestTwo TestThree TestFour TestFive TestSix")
	other := g.run(t, "", "--", "-count=1", "./single")
	if ids[other.processes[0].env["COHORT_RUN_ID"]] {
		t.Error("two runs have the same ID")
	}
}
