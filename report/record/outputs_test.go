package record

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// recorded returns the lines of stdout in a record of a stream of so many lines of output of two
// tests, one of which has no end.
func recorded(t *testing.T, o Options, lines int) (want, got string, run *Run) {
	t.Helper()
	var file, text bytes.Buffer
	w := Start(nopCloser{&file}, o)
	event := func(action, test, more string) {
		fmt.Fprintf(&text, `{"Time":"2026-11-25T12:00:00Z","Action":%q,"Package":"m/p"%s%s}`+"\n", action, test, more)
	}
	a, b := `,"Test":"TestA"`, `,"Test":"TestB"`
	event("run", a, "")
	event("run", b, "")
	for i := range lines {
		event("output", a, fmt.Sprintf(`,"Output":"line %02d\n"`, i))
		event("output", b, `,"Output":"other\n"`)
	}
	event("fail", a, `,"Elapsed":0`)
	event("fail", "", `,"Elapsed":0`)
	s := w.Stream(Attempt{})
	if _, err := s.Stdout().Write(text.Bytes()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := w.Close(Manifest{}, nil, nil); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line, err := range read(t, file.Bytes()).Lines() {
		if err != nil {
			t.Fatal(err)
		}
		if line.Side == Stdout {
			fmt.Fprintf(&out, "%s\n", line.Text)
		}
	}
	run, err := Load(read(t, file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return text.String(), out.String(), run
}

// TestMaxOutput: a record has the head and the tail of a test's output, and says what is missing;
// shorter output is in it byte by byte.
func TestMaxOutput(t *testing.T) {
	t.Parallel()
	for _, redact := range []*Redactor{nil, NewRedactor([]*regexp.Regexp{regexp.MustCompile("secret")})} {
		want, got, _ := recorded(t, Options{MaxOutput: 160, Redact: redact}, 10)
		if got != want {
			t.Errorf("output below the limit: %q, want %q", got, want)
		}
		_, got, run := recorded(t, Options{MaxOutput: 48, Redact: redact}, 20)
		for _, want := range []string{
			`line 00`, `line 01`, `line 02`, `line 17`, `line 18`, `line 19`,
			`"Test":"TestA","Output":"    cohort: 14 lines of output, 112 bytes, are left out here (--max-output)\n","Key":"cohort-missing","Value":"14 112"}`,
			`"Test":"TestB","Output":"    cohort: 12 lines of output, 72 bytes, are left out here (--max-output)\n","Key":"cohort-missing","Value":"12 72"}`,
		} {
			if strings.Count(got, want) != 1 {
				t.Errorf("%q is not once in %s", want, got)
			}
		}
		tail, end, missed := strings.Index(got, "line 19"), strings.Index(got, `"Action":"fail","Package":"m/p","Test":"TestA"`), strings.Index(got, "14 lines")
		if strings.Contains(got, "line 03") || strings.Contains(got, "line 16") || missed > tail || tail > end {
			t.Errorf("recorded %s", got)
		}
		a := run.Tests[0].Last()
		if a.Missing != 112 || a.Cut != 0 || !strings.Contains(a.Output, "line 02\n    cohort: 14 lines") {
			t.Errorf("%d bytes missing, %d cut: %q", a.Missing, a.Cut, a.Output)
		}
	}
}

// TestMaxOutputGoesOn: a stream that ends before its tests do has the tail too.
func TestMaxOutputGoesOn(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := Start(nopCloser{&file}, Options{MaxOutput: 10})
	s := w.Stream(Attempt{})
	for i := range 9 {
		fmt.Fprintf(s.Stdout(), `{"Time":"2026-11-25T12:00:00Z","Action":"output","Package":"p","Test":"T","Output":"%d\n"}`+"\n", i)
	}
	s.Close()
	if err := w.Close(Manifest{}, nil, nil); err != nil {
		t.Fatal(err)
	}
	var got string
	for e, err := range read(t, file.Bytes()).Events() {
		if err != nil {
			t.Fatal(err)
		}
		got += e.Output
	}
	if want := "0\n1\n    cohort: 5 lines of output, 10 bytes, are left out here (--max-output)\n7\n8\n"; got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
}
