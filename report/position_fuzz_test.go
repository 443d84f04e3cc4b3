package report

import (
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/report/testevent"
)

// FuzzPosition has any line that a test may print: what is read from it is in it.
func FuzzPosition(f *testing.F) {
	for _, seed := range []string{"a_test.go:12: no", "/x/y.go:3 +0x1d", "p/a.go:1:2: undefined", `C:\x\a.go:7: x`, ".go:1:", "a.go:0: x", "a.go:9999999999999999999:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		file, number, message, ok := position(line)
		if !ok {
			return
		}
		if number < 1 || !strings.HasSuffix(file, ".go") || !strings.HasPrefix(line, file) || !strings.Contains(line, message) {
			t.Errorf("%q: %q, %d, %q", line, file, number, message)
		}
	})
}

// FuzzResultLine has any output and any test name.
func FuzzResultLine(f *testing.F) {
	f.Add("TestA", "--- PASS: TestA (0.05s)\\n")
	f.Add("TestA", "--- FAIL: TestA (")
	f.Add("", "--- SKIP:  (s")
	f.Fuzz(func(t *testing.T, test, output string) {
		result, elapsed, ok := resultLine(testevent.Event{Test: []byte(test), Output: []byte(output)})
		if ok && (!strings.Contains(output, test) || result != "pass" && result != "fail" && result != "skip") {
			t.Errorf("%q, %q: %s, %v", test, output, result, elapsed)
		}
	})
}
