package history

import (
	"strings"
	"testing"
)

// FuzzTimings checks that a timing file gives estimates that make sense, or an error.
func FuzzTimings(f *testing.F) {
	for _, s := range []string{
		"", "\n\n", `{"Action":"pass","Package":"p","Test":"TestA","Elapsed":1.5}` + "\n",
		`{"Action":"fail","Package":"p","Test":"TestA/b","Elapsed":1}` + "\n" + `{"Action":"skip","Package":"p","Test":"TestB"}`,
		`{"Action":"pass","Package":"p","Test":"T","Elapsed":-1}`, `{"Action":"pass","Test":"T","Elapsed":1e308}`,
		`{"Elapsed":"x"}`, "not JSON", `{"Action":"pass","Package":"","Test":"T","Elapsed":2147483647}`, "null", "[]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := (&History{}).NewRun(Run{})
		if readTimings(r, strings.NewReader(s)) != nil {
			return
		}
		st := &state{next: 1}
		if d := r.take(); d != nil {
			st.apply(d)
		}
		snapshot := &Snapshot{state: st}
		for _, p := range st.pkgs {
			for _, test := range p.tests {
				if d, ok := snapshot.Estimate(p.path, test.name); ok && d < 0 {
					t.Errorf("%q: %s %s is estimated at %v", s, p.path, test.name, d)
				}
			}
		}
	})
}
