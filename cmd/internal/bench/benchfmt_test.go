package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBenchfmt(t *testing.T) {
	t.Parallel()
	file := resultFile{Go: "go1.26", OS: "linux", Arch: "amd64", Cores: 2, Results: []result{
		{"sleep", "64 tests, a/b", "go test", time.Second, []resultItem{{4 * time.Second, 3 * time.Second, 5e6}, {6 * time.Second, 0, 0}}},
		{"sleep", "64 tests, a/b", "cohort, -p=2", 0, []resultItem{{time.Millisecond, 0, 7}}},
		{"empty", "nothing", "go test", 0, nil},
	}}
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "results.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	if code := run([]string{"-benchfmt", name}, &out, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.Bytes())
	}
	want := "goos: linux\ngoarch: amd64\ncores: 2\ngo: go1.26\n" +
		"BenchmarkSleep/table=64_tests,_a_b/who=go_test 1 4000000000 ns/op 3000000000 cpu-ns/op 5000000 peak-B/op\n" +
		"BenchmarkSleep/table=64_tests,_a_b/who=go_test 1 6000000000 ns/op\n" +
		"BenchmarkSleep/table=64_tests,_a_b/who=cohort,_-p_2 1 1000000 ns/op 7 peak-B/op\n"
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
}

// TestBenchfmtOfNoResults: a file that is missing or none of bench's is an error that names it.
func TestBenchfmtOfNoResults(t *testing.T) {
	t.Parallel()
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	if err := os.WriteFile(wrong, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{wrong, wrong + ".missing"} {
		var out, stderr bytes.Buffer
		if code := run([]string{"-benchfmt", name}, &out, &stderr); code != 1 || !strings.Contains(stderr.String(), name) {
			t.Errorf("exit code %d: %s", code, stderr.Bytes())
		}
	}
}
