package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// more are tests beside those of mixed: of packages that die or have a TestMain, and
// one that looks for what tests must not see.
var more = map[string]string{
	"dies/dies_test.go": `package dies

import "testing"

func TestBefore(t *testing.T) {}

func TestDies(t *testing.T) { panic("it dies") }

func TestSub(t *testing.T) {
	t.Run("one", func(t *testing.T) { t.Log("of one") })
	t.Run("two", func(t *testing.T) { t.Skip("not two") })
}
`,
	"whole/whole_test.go": `package whole

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	fmt.Println("set up")
	os.Exit(m.Run())
}

func TestWhole(t *testing.T) { t.Log("whole") }
`,
	"secret/secret_test.go": `package secret

import (
	"os"
	"strings"
	"testing"
)

func TestSecret(t *testing.T) {
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "COHORT_QUEUE") || name == "COHORT_FLAGS" || strings.Contains(value, "` + secretToken + `") {
			t.Errorf("%s is in the environment", name)
		}
	}
}
`,
}

// netSame: a run on three machines with slow and lossy links comes to what a run on one comes to, in
// verdict, events, output, JUnit file and coverage. The token is in nothing that it writes.
func netSame(s *site) {
	for _, h := range s.net.hosts {
		h.hamper()
	}
	s.write("go.mod", "module example.com/m\n\ngo 1.26\n")
	for _, files := range []map[string]string{mixed, more} {
		for name, text := range files {
			s.write(name, text)
		}
	}
	s.env = append(s.env, "SHOWN=yes")
	flags := func(name string) []string {
		return []string{
			"--rerun-fails", "--shuffle=3", "--explain-failures=off", "--debug", "--jsonfile=" + name + ".json", "--junitfile=" + name + ".xml", "--record=" + name + ".cohort",
		}
	}
	run := []string{"--", "-count=1", "-coverprofile=cover.out", "./..."}
	shared := slices.Concat(flags("shared"), []string{"--queue-env=SHOWN"}, run)
	lead := s.on(s.one, shared...)
	two := s.on(s.two, append([]string{"--queue-role=agent"}, shared...)...)
	s.env = append(s.env, "COHORT_FLAGS=--queue-role=agent")
	three := s.on(s.three, shared...)
	lead.wait(1, "this machine leads", "=== Flaky")
	two.wait(1, "exit code 1 on ")
	three.wait(1, "exit code 1 on ")
	s.stop()
	s.net.empty()
	for _, m := range []*member{lead, two, three} {
		s.keeps("the output", []byte(m.out.String()))
	}
	s.keepsRecord("shared.cohort")
	shared = []string{s.text("cover.out")}

	s.env = slices.DeleteFunc(s.env, func(kv string) bool {
		return strings.HasPrefix(kv, "COHORT_QUEUE") || strings.HasPrefix(kv, "COHORT_FLAGS")
	})
	s.lab.start(slices.Concat(flags("alone"), run)...).wait(1)
	s.same("coverage", shared[0], s.text("cover.out"))
	s.same("results", s.results("shared.json"), s.results("alone.json"))
	s.same("output", s.said("shared.json"), s.said("alone.json"))
	s.same("JUnit", s.cases("shared.xml"), s.cases("alone.xml"))
}

// text is the content of a file of the module.
func (s *site) text(name string) string {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.module, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// same checks that there is something, and the same in both runs.
func (s *site) same(what, shared, alone string) {
	s.t.Helper()
	if shared != alone || len(alone) < 50 {
		s.t.Errorf("%s on three machines:\n%s\nalone:\n%s", what, shared, alone)
	}
}

// keeps checks that the token is not in something.
func (s *site) keeps(what string, data []byte) {
	s.t.Helper()
	if bytes.Contains(data, []byte(secretToken)) {
		s.t.Errorf("the token is in %s", what)
	}
}

// keepsRecord checks that the token is in no file of a record.
func (s *site) keepsRecord(name string) {
	s.t.Helper()
	z, err := zip.OpenReader(filepath.Join(s.module, name))
	if err != nil {
		s.t.Fatal(err)
	}
	defer z.Close() //nolint:errcheck // it was only read
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			s.t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			s.t.Fatal(err)
		}
		s.keeps(f.Name+" of the record", data)
		if bytes.Contains(data, []byte("COHORT_QUEUE=")) {
			s.t.Errorf("the server's address is in %s of the record", f.Name)
		}
	}
}

var (
	times  = regexp.MustCompile(`\(\d+\.\d\ds\)|\t\d+\.\d+s|(time|timestamp)="[^"]*"`)
	traces = regexp.MustCompile(`(?m)^(goroutine|created by|panic\(|testing\.|runtime|\t/|example).*$|0x[0-9a-f]+|goroutine \d+ .*$`)
)

// said is what each test and package printed, without times.
func (s *site) said(name string) string {
	s.t.Helper()
	texts := map[string]string{}
	for line := range strings.Lines(s.text(name)) {
		var e struct{ Action, Package, Test, Output string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			s.t.Fatal(err)
		}
		if e.Action == "output" && !strings.HasPrefix(e.Output, "=== NAME") {
			texts[e.Package+"."+e.Test] += traces.ReplaceAllString(times.ReplaceAllString(e.Output, ""), "")
		}
	}
	var all []string
	for who, text := range texts {
		all = append(all, who+" says "+text)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// cases are the lines of a JUnit file without times, sorted: packages end in any order.
func (s *site) cases(name string) string {
	lines := strings.Split(traces.ReplaceAllString(times.ReplaceAllString(s.text(name), ""), ""), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
