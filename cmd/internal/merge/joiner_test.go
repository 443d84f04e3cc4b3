package merge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// join returns what the joiner makes of the lines of shards in which p has that many pieces.
func join(t testing.TB, pieces int, coverage string, shards ...[]string) []string {
	t.Helper()
	j := &joiner{left: map[string]int{"p": pieces}, open: map[string]*divided{}, built: map[string]int{}, coverage: func(string) string { return coverage }}
	var got []string
	for i, lines := range shards {
		for _, line := range lines {
			if err := j.line(i, []byte(line), func(text []byte) { got = append(got, string(bytes.Clone(text))) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	return got
}

// ended are the lines with which a piece of p ends.
func ended(action string, elapsed float64, said ...string) []string {
	var lines []string
	for _, text := range said {
		lines = append(lines, fmt.Sprintf(`{"Action":"output","Package":"p","Output":%q}`, text))
	}
	return append(lines, fmt.Sprintf(`{"Action":%q,"Package":"p","Elapsed":%v}`, action, elapsed))
}

func TestJoin(t *testing.T) {
	t.Parallel()
	start, test := `{"Action":"start","Package":"p"}`, `{"Action":"pass","Package":"p","Test":"TestA"}`
	say := func(text string) string { return fmt.Sprintf(`{"Action":"output","Package":"p","Output":%q}`, text) }
	ok := append([]string{start, test}, ended("pass", 0.5, "PASS\n", "coverage: 10.0% of statements\n", "ok  \tp\t0.500s\tcoverage: 10.0% of statements\n")...)
	bad := append([]string{start, test, say("hello\n")}, ended("fail", 0.25, "FIXME", "FAIL\n", "exit status 2\n", "FAIL\tp\t0.250s\n")...)
	cached := append([]string{start, test}, ended("pass", 0, "PASS\n", "ok  \tp\t(cached)\n")...)
	none := append([]string{start}, ended("pass", 0.125, "testing: warning: no tests to run\n", "PASS\n", "ok  \tp\t0.125s [no tests to run]\n")...)
	unbuilt := []string{
		`{"ImportPath":"p [p.test]","Action":"build-output","Output":"x\n"}`, `{"ImportPath":"p [p.test]","Action":"build-fail"}`, start,
		say("FAIL\tp [build failed]\n"), `{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}`,
	}
	for _, tt := range []struct {
		name     string
		coverage string
		shards   [][]string
		want     []string
	}{
		{"both pass", "coverage: 50.0% of statements\n", [][]string{ok, ok}, []string{start, test, test, say("PASS\n"), say("coverage: 50.0% of statements\n"),
			say("ok  \tp\t1.000s\tcoverage: 50.0% of statements\n"), `{"Action":"pass","Package":"p","Elapsed":1}`}},
		{"one fails", "", [][]string{ok, bad}, []string{start, test, test, say("hello\n"), say("FIXME"), say("FAIL\n"), say("exit status 2\n"),
			say("FAIL\tp\t0.750s\n"), `{"Action":"fail","Package":"p","Elapsed":0.75}`}},
		{"the first fails", "", [][]string{bad, ok}, []string{start, test, say("hello\n"), say("FIXME"), test, say("FAIL\n"), say("exit status 2\n"),
			say("FAIL\tp\t0.750s\n"), `{"Action":"fail","Package":"p","Elapsed":0.75}`}},
		{"all kept", "", [][]string{cached, cached}, []string{start, test, test, say("PASS\n"), say("ok  \tp\t(cached)\n"), `{"Action":"pass","Package":"p","Elapsed":0}`}},
		{"one kept", "", [][]string{cached, ok}, []string{start, test, test, say("PASS\n"), say("ok  \tp\t0.500s\n"), `{"Action":"pass","Package":"p","Elapsed":0.5}`}},
		{"one without tests", "", [][]string{none, ok}, []string{start, test, say("PASS\n"), say("ok  \tp\t0.625s\n"), `{"Action":"pass","Package":"p","Elapsed":0.625}`}},
		{"none has tests", "", [][]string{none, none}, []string{start, say("testing: warning: no tests to run\n"), say("PASS\n"), say("ok  \tp\t0.250s [no tests to run]\n"),
			`{"Action":"pass","Package":"p","Elapsed":0.25}`}},
		{"it does not build", "", [][]string{unbuilt, unbuilt}, unbuilt},
	} {
		got := join(t, 2, tt.coverage, tt.shards...)
		if a, b := strings.Join(got, "\n"), strings.Join(tt.want, "\n"); a != b {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, a, b)
		}
	}
	// A package that is not divided stays byte by byte, and so does what is no event.
	other := []string{`{"Action":"pass", "Package":"q"}`, "no event", `{"cohort":1}`}
	if got := join(t, 2, "", other); strings.Join(got, "\n") != strings.Join(other, "\n") {
		t.Errorf("%q, want %q", got, other)
	}
}

// FuzzJoin: whatever a line is, tests and other packages pass through unchanged and in order.
func FuzzJoin(f *testing.F) {
	f.Add(`{"Action":"output","Package":"p","Output":"ok  \t"}`, `{"Action":"pass","Package":"p"}`)
	f.Add(`{"Action":"build-output","ImportPath":"p"}`, `{}`)
	f.Add("no event", `{"Action":"start","Package":"p","Test":"T"}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		got := join(t, 2, "", []string{a, b, a}, []string{b})
		var through []string
		for _, line := range []string{a, b, a, b} {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" || e.Package != "" && (e.Package != "p" || e.Test != "") {
				through = append(through, line)
			}
		}
		i := 0
		for _, line := range got {
			if i < len(through) && line == through[i] {
				i++
			}
		}
		if i < len(through) {
			t.Fatalf("%q of %q passed through, not %q", got, []string{a, b, a, b}, through)
		}
	})
}
