package grouping

import (
	"regexp"
	"strings"
)

// Part is a share of the subtests of one test: those that one process runs of it, while other
// processes run the others. The subtests are named by what their names have between the first slash
// and the second; a name stands for all subtests of that name, of which the testing package numbers
// the second and later ones (a, a#01): which one is the first may be chance. No part is whole by itself, but every subtest is in exactly one of the parts of a
// test if one of them has Except, with the names of all others in it.
type Part struct {
	// Only are the subtests that it runs. If there are none, it runs all but those in Except.
	Only, Except []string
	// Expect are those that are known of what it runs.
	Expect []string
}

// Patterns returns the values of -test.run and -test.skip with which a test binary runs this part of
// the test, and no other test. The second is "" for no such flag. They are to be given in the place
// of the user's own: a test of which those select a part is not for splitting (see [Unit]).
func (p Part) Patterns(test string) (run, skip string) {
	top := "^" + regexp.QuoteMeta(test) + "$"
	switch {
	case len(p.Only) > 0:
		return top + "/" + exactly(p.Only), ""
	case len(p.Except) > 0:
		return top, top + "/" + exactly(p.Except)
	}
	return top, ""
}

// exactly returns a regular expression for these names as elements of a pattern. They are the names
// that the testing package prints, so that it has nothing to rewrite in them.
func exactly(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	return "^(" + strings.Join(quoted, "|") + ")(#[0-9]+)?$"
}
