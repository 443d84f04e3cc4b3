package artifact

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Claim is a folder that a failed test has left.
type Claim struct {
	Test string // a subtest has its full name
	Dir  string
}

// Claims follows the events of one process. It is for one goroutine.
type Claims struct {
	root    string // the folder of the process
	running map[string]*execution
	begun   int // executions so far
	failed  []Claim
}

// execution is a test that runs. Two tests of one name, of a package and of its external tests, may
// run in parallel: they count as one that ends with the last of them.
type execution struct {
	number int // in the order in which they began
	open   int
	failed bool
	dirs   []string
}

// NewClaims returns the Claims of a process whose -test.outputdir is root. If that is "", nothing is
// ever claimed.
func NewClaims(root string) *Claims {
	return &Claims{root: root, running: make(map[string]*execution)}
}

// Event takes an event of the process, in order.
func (c *Claims) Event(e testbin.Event) {
	if c.root == "" {
		return
	}
	switch e.Kind {
	case testbin.KindRun:
		c.of(e.Test).open++
	case testbin.KindArtifacts:
		if dir := c.folder(e); dir != "" {
			x := c.of(e.Test)
			x.dirs = append(x.dirs, dir)
		}
	case testbin.KindPass, testbin.KindSkip, testbin.KindFail:
		x := c.running[e.Test]
		if x == nil {
			return
		}
		x.failed = x.failed || e.Kind == testbin.KindFail
		if x.open--; x.open <= 0 {
			c.end(e.Test, x.failed)
		}
	}
}

// of returns the execution of a test.
func (c *Claims) of(test string) *execution {
	x := c.running[test]
	if x == nil {
		x = &execution{number: c.begun}
		c.running[test] = x
		c.begun++
	}
	return x
}

// end forgets an execution, whose folders are claimed if it has failed.
func (c *Claims) end(test string, failed bool) {
	x := c.running[test]
	delete(c.running, test)
	if !failed {
		return
	}
	for _, dir := range x.dirs {
		c.failed = append(c.failed, Claim{Test: test, Dir: dir})
	}
}

// folder returns the folder that an event of t.ArtifactDir names, "" unless it is one that the
// testing package makes for this process: what the line says will be moved.
func (c *Claims) folder(e testbin.Event) string {
	_, dir, ok := strings.Cut(strings.TrimRight(string(e.Line), "\r\n"), " ARTIFACTS "+e.Test+" ")
	if !ok {
		return ""
	}
	rel, err := filepath.Rel(filepath.Join(c.root, "_artifacts"), dir)
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return ""
	}
	return dir
}

// Close returns the folders of failed tests after the last event. Cut reports of a test that has not
// ended whether that counts as its failure: others run again elsewhere.
func (c *Claims) Close(cut func(test string) bool) []Claim {
	order := func(a, b string) int { return cmp.Compare(c.running[a].number, c.running[b].number) }
	for _, test := range slices.SortedFunc(maps.Keys(c.running), order) {
		c.end(test, c.running[test].failed || cut(test))
	}
	return c.failed
}
