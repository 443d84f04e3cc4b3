package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestJUnitControlBytes has a test whose name and output hold every byte and
// what XML gives a meaning to: the file must stay XML, and keep its elements.
func TestJUnitControlBytes(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for b := range 256 {
		all.WriteByte(byte(b))
	}
	hostile := all.String() + "]]></failure><testcase name=\"fake\"/><!-- &#0; &lt; \ufffe \u2028 \x16--- PASS: TestX"
	event := func(action, test, output string) string {
		line, err := json.Marshal(map[string]string{
			"Time": "2026-01-02T03:04:05Z", "Action": action, "Package": "p", "Test": test, "Output": output,
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(line) + "\n"
	}
	stream := func(action string) string {
		s := ""
		for _, name := range []string{"TestX", "TestX/" + hostile, "TestY" + hostile} {
			s += event("run", name, "") + event("output", name, hostile+"\n") + event(action, name, "")
		}
		return s + event("output", "", hostile+"\n") + event(action, "", "")
	}
	for _, mode := range []RerunMode{RerunAll, RerunLast, RerunSurefire} {
		file := filepath.Join(t.TempDir(), "junit.xml")
		same := func(s string) string { return s }
		j := JUnit{ProjectName: hostile, SuiteName: same, Classname: same, Reruns: mode, GoVersion: hostile, Lines: NewLines()}
		if err := j.WriteFile(file, passes(t, stream("fail"), stream("fail"), stream("skip"))); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases := 0
		for d := xml.NewDecoder(strings.NewReader(string(data))); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("mode %d: %v\n%q", mode, err, data)
			}
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "testcase" {
				cases++
				for _, a := range start.Attr {
					if a.Value == "fake" {
						t.Errorf("mode %d: a test has made an element", mode)
					}
				}
			}
		}
		if cases < 2 {
			t.Errorf("mode %d: %d test cases, want at least 2\n%q", mode, cases, data)
		}
		if strings.ContainsAny(string(data), "\x00\x01\x08\x0b\x1b\x16") {
			t.Errorf("mode %d: control bytes in the file", mode)
		}
	}
}
