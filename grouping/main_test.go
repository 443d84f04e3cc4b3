package grouping

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"
)

// captureEnv makes this test binary the -exec program of a go test run: it
// copies the _testmain.go beside the binary it is asked to run to that file.
const captureEnv = "COHORT_GROUPING_CAPTURE"

func TestMain(m *testing.M) {
	if to := os.Getenv(captureEnv); to != "" {
		os.Exit(capture(to))
	}
	os.Exit(m.Run())
}

func capture(to string) int {
	src, err := os.ReadFile(filepath.Join(filepath.Dir(os.Args[1]), "_testmain.go"))
	if err == nil {
		err = os.WriteFile(to, src, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// tree writes the files of a txtar archive to a new directory and returns it.
func tree(t testing.TB, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
