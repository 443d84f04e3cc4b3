package scheduler

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestUnraced: what make test leaves out of the race detector has no goroutines, and imports nothing that
// could have some.
func TestUnraced(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?m)^UNRACED := (.+)$`).FindSubmatch(text)
	if list == nil {
		t.Fatal("Makefile has no list UNRACED")
	}
	for dir := range strings.SplitSeq(string(list[1]), "|") {
		files, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s has no files: %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range concurrency(t, file, string(text)) {
				t.Error(fault)
			}
		}
	}
	for source, want := range map[string]int{
		"package p\n\nfunc f() { go f() }\n":                                                                 1,
		"package p\n\nimport (\n\t\"sync/atomic\"\n\n\t\"golang.org/x/sync/errgroup\"\n)\n":                  2,
		"package p\n\nimport \"github.com/gotestcohort/cohort/scheduler/worker\"\n\nvar c chan worker.Job\n": 2,
		"package p\n\nimport \"time\"\n\nfunc f() { defer f() }\n":                                           0,
	} {
		if got := concurrency(t, "p.go", source); len(got) != want {
			t.Errorf("%s: %q, want %d", source, got, want)
		}
	}
}

// concurrency returns where a file starts goroutines or could talk to those of others.
func concurrency(t *testing.T, file, source string) (faults []string) {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		what := ""
		switch n := n.(type) {
		case *ast.GoStmt:
			what = "a go statement"
		case *ast.ChanType:
			what = "a channel"
		case *ast.ImportSpec:
			path := strings.Trim(n.Path.Value, `"`)
			known := slices.Contains([]string{ // of which they have values and parsers alone
				"github.com/gotestcohort/cohort/grouping", "github.com/gotestcohort/cohort/scheduler/remote", "github.com/gotestcohort/cohort/scheduler/testbin",
			}, path)
			if path == "sync" || path == "sync/atomic" || strings.Contains(path, ".") && !known {
				what = "import of " + path
			}
		}
		if what != "" {
			faults = append(faults, set.Position(n.Pos()).String()+": "+what+", in a package of UNRACED")
		}
		return true
	})
	return faults
}
