package machine

import (
	"testing"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestMeet: which batches must not run at the same time.
func TestMeet(t *testing.T) {
	t.Parallel()
	tests := func(names ...string) remote.Claim { return remote.Claim{Package: "p", Tests: names} }
	whole, nothing, part := remote.Claim{Package: "p", All: true}, remote.Claim{Package: "p"}, tests("A")
	part.Part = true
	elsewhere, db, web, serial := tests("A"), tests("A"), tests("B"), tests("C")
	elsewhere.Package, db.Locks, web.Locks, serial.Serial = "q", []string{"db", "net"}, []string{"web", "net"}, true
	for name, tc := range map[string]struct {
		a, b remote.Claim
		want meeting
	}{
		"a test of both":             {tests("A", "B"), tests("C", "B"), same},
		"other tests":                {tests("A", "B"), tests("C"), apart},
		"another package":            {tests("A"), elsewhere, apart},
		"all tests and some":         {whole, tests("A"), same},
		"all tests twice":            {whole, whole, same},
		"all tests and none":         {whole, nothing, apart},
		"no tests twice":             {nothing, nothing, apart},
		"two parts of a test":        {part, part, aside},
		"a part and the whole test":  {part, tests("A"), same},
		"a lock of both":             {db, web, aside},
		"other locks":                {db, remote.Claim{Package: "q", Tests: []string{"A"}, Locks: []string{"cpu"}}, apart},
		"serial":                     {serial, elsewhere, aside},
		"serial, and a test of both": {serial, tests("C"), same},
	} {
		if got, back := meet(tc.a, tc.b), meet(tc.b, tc.a); got != tc.want || back != tc.want {
			t.Errorf("%s: %d and %d, want %d", name, got, back, tc.want)
		}
	}
}
