package artifact

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestClaims: events are "run T", "dir T NAME", "pass T", ...; cut are the tests for which the end of
// the process is a failure.
func TestClaims(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "p1")
	kinds := map[string]testbin.Kind{
		"run": testbin.KindRun, "pass": testbin.KindPass, "fail": testbin.KindFail, "skip": testbin.KindSkip, "cont": testbin.KindCont,
	}
	for name, tc := range map[string]struct{ events, cut, want string }{
		"passed":             {"run A,dir A 1,pass A", "", ""},
		"skipped":            {"run A,dir A 1,skip A", "", ""},
		"failed":             {"run A,dir A 1,fail A", "", "A 1"},
		"no folder":          {"run A,fail A", "A", ""},
		"subtests":           {"run A,dir A 1,run A/x,dir A/x 2,pass A/x,run A/y,dir A/y 3,fail A/y,fail A", "", "A/y 3,A 1"},
		"count":              {"run A,dir A 1,pass A,run A,dir A 2,fail A,run A,dir A 3,pass A", "", "A 2"},
		"in parallel":        {"run A,dir A 1,run B,dir B 2,cont A,pass B,fail A", "", "A 1"},
		"died":               {"run A,dir A 1,pass A,run B,dir B 2,run B/x,dir B/x 3", "B B/x", "B 2,B/x 3"},
		"runs again":         {"run A,dir A 1,run B,dir B 2", "B", "B 2"},
		"reported by panic":  {"run A,dir A 1,run A/x,dir A/x 2,fail A", "A/x", "A 1,A/x 2"},
		"two of one name":    {"run A,dir A 1,run A,dir A 2,pass A,fail A", "", "A 1,A 2"},
		"both passed":        {"run A,dir A 1,run A,dir A 2,pass A,pass A", "", ""},
		"one cut, one fails": {"run A,dir A 1,run A,fail A", "", "A 1"},
		"after its end":      {"run A,pass A,dir A 1", "", ""},
		"nothing ran":        {"fail A", "A", ""},
	} {
		c := NewClaims(root)
		for event := range strings.SplitSeq(tc.events, ",") {
			words := strings.Fields(event)
			e := testbin.Event{Kind: kinds[words[0]], Test: words[1]}
			if words[0] == "dir" {
				e = artifactsOf(words[1], filepath.Join(root, "_artifacts", words[2]))
			}
			c.Event(e)
		}
		var got []string
		for _, claim := range c.Close(func(test string) bool { return slices.Contains(strings.Fields(tc.cut), test) }) {
			got = append(got, claim.Test+" "+filepath.Base(claim.Dir))
		}
		if got := strings.Join(got, ","); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func artifactsOf(test, dir string) testbin.Event {
	return testbin.Event{Kind: testbin.KindArtifacts, Test: test, Line: []byte("\x16=== ARTIFACTS " + test + " " + dir + "\n")}
}

// TestClaimsElsewhere: a test can print a line that looks like the testing package's. No folder but
// those of the process is moved.
func TestClaimsElsewhere(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "p1")
	for dir, want := range map[string]bool{
		filepath.Join(root, "_artifacts", "p", "A", "1"): true,
		filepath.Join(root, "_artifacts"):                false,
		root + "/_artifacts/../../p2":                    false,
		filepath.Join(root, "other"):                     false,
		filepath.Dir(root):                               false,
		"relative":                                       false,
		"":                                               false,
	} {
		c := NewClaims(root)
		c.Event(testbin.Event{Kind: testbin.KindRun, Test: "A"})
		c.Event(artifactsOf("A", dir))
		c.Event(testbin.Event{Kind: testbin.KindFail, Test: "A"})
		if got := len(c.Close(nil)) == 1; got != want {
			t.Errorf("%q: claimed is %v, want %v", dir, got, want)
		}
	}
}
