package main_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// adoptSeeds is a test flag, not state: nothing writes it but the command line.
var adoptSeeds = flag.Int("adopt.seeds", 1, "orders in which the adopted sample must pass, each with 1, 2, 4 and 8 workers")

// TestAdopt adopts a suite with every kind of trouble, which then passes in every order and with
// every number of workers: go test ./cmd/cohort -run '^TestAdopt$' -adopt.seeds=100 -timeout=1h
func TestAdopt(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes a minute or two")
	}
	d := newQuickDiffer(t)
	d.limit = moduleLimit // it is hundreds of processes
	dir := filepath.Join(t.TempDir(), "adopt")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(d.root, "testdata", "adopt"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".cohort.yaml"), []byte("version: 1 # ours\ntestmain: per-worker\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := 20000 + os.Getpid()%10000 // below those that a system gives to who asks for any
	env := []string{fmt.Sprint("ADOPT_PORT=", port), "ADOPT_DIR=" + t.TempDir(), "COHORT_HISTORY=off"}
	adopted := d.command(t, dir, env, d.subject, "tool", "adopt", "--seed=3", "--probe-time=0")
	if adopted.exit != 0 {
		t.Fatalf("exit code %d\n%s\n%s", adopted.exit, adopted.stdout, adopted.stderr)
	}
	text, err := os.ReadFile(filepath.Join(dir, ".cohort.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []string{
		"version: 1 # ours\n", "package: ./order}\n    group:", "package: ./state}\n    group:", "package: ./chdir}\n    group:",
		"package: ./chain}\n    group:",
		"{package: ./total}\n    dist: loadpackage", "{package: ./setup}\n    dist: loadpackage",
	} {
		if !strings.Contains(string(text), rule) {
			t.Errorf("the file lacks %q:\n%s", rule, text)
		}
	}
	// On a busy machine these rarely meet, so that it may stay open which of them clash.
	for _, pkg := range []string{"port", "file"} {
		if rule := "package: ./" + pkg + "}\n    "; !strings.Contains(string(text), rule+"lock:") && !strings.Contains(string(text), rule+"serial:") {
			t.Errorf("the file has neither a lock nor serial for ./%s:\n%s", pkg, text)
		}
	}
	if strings.Contains(string(text), "./clean") {
		t.Errorf("a package without trouble has a rule:\n%s", text)
	}
	for seed := range *adoptSeeds {
		for _, workers := range []string{"1", "2", "4", "8"} {
			r := d.command(t, dir, env, d.subject, "--shuffle="+strconv.Itoa(seed), "-n", workers, "--explain-failures=off", "./...")
			if r.exit != 0 {
				t.Errorf("seed %d, %s workers: exit code %d\n%s\n%s", seed, workers, r.exit, r.stdout, r.stderr)
			}
		}
	}
}
