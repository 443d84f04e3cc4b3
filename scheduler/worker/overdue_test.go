package worker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// limitsOf reads limits in seconds: "A=2 B=5"; what is not there has none.
func limitsOf(text string) func(string) time.Duration {
	limits := make(map[string]time.Duration)
	for word := range strings.FieldsSeq(text) {
		name, seconds, _ := strings.Cut(word, "=")
		var n int
		_, _ = fmt.Sscan(seconds, &n)
		limits[name] = time.Duration(n) * time.Second
	}
	return func(test string) time.Duration { return limits[test] }
}

// TestClock plays events, "SECOND:EVENT", each with whose time is over first, and when, after it.
func TestClock(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ limits, steps string }{
		"runs and ends":             {"A=2 B=5", "0:+A=A@2 1:pA=- 1:+B=B@6 3:fB=-"},
		"no limit":                  {"", "0:+A=- 9:pA=-"},
		"another has one":           {"B=5", "0:+A=- 9:pA=-"},
		"pauses do not count":       {"A=2", "0:+A=A@2 1:=A=- 9:>A=A@10 9:pA=-"},
		"two pauses":                {"A=3", "0:+A=A@3 1:=A=- 2:>A=A@4 3:=A=- 9:>A=A@10"},
		"the first of several":      {"A=9 B=5 C=5", "0:+A=A@9 0:=A=- 1:+B=B@6 1:=B=- 1:+C=C@6 1:=C=- 2:>A=A@11 3:>B=B@8 3:>C=B@8 4:pB=C@8 5:sC=A@11"},
		"subtests belong to it":     {"A=2 A/x=1", "0:+A=A@2 0:+A/x=A@2 1:=A/x=A@2 1:>A/x=A@2 1:fA/x=A@2"},
		"again with -count":         {"A=2", "0:+A=A@2 1:pA=- 5:+A=A@7 6:pA=-"},
		"a pause that is no pause":  {"A=2", "0:+A=A@2 0:>A=A@2 1:=A=- 2:=A=-"},
		"ends that nobody expected": {"A=2", "0:pA=- 0:>A=- 0:=A=- 0:+A=A@2"},
	} {
		c := clock{limit: limitsOf(tc.limits)}
		for step := range strings.FieldsSeq(tc.steps) {
			at, rest, _ := strings.Cut(step, ":")
			var second int
			_, _ = fmt.Sscan(at, &second)
			kind := map[byte]testbin.Kind{
				'+': testbin.KindRun, '=': testbin.KindPause, '>': testbin.KindCont,
				'p': testbin.KindPass, 'f': testbin.KindFail, 's': testbin.KindSkip,
			}[rest[0]]
			test, want, _ := strings.Cut(rest[1:], "=")
			c.event(kind, test, time.Unix(int64(second), 0))
			got := "-"
			if over, at, ok := c.next(); ok {
				got = fmt.Sprintf("%s@%d", over, at.Unix())
			}
			if got != want {
				t.Errorf("%s, %s: %s, want %s", name, step, got, want)
			}
		}
	}
}

// theatre is a [Runner] whose process takes time: words, and pauses in seconds between them. When it
// is told to quit it prints last and ends with code, or is killed without a word.
type theatre struct {
	words, last string
	code        int
	killed      bool
}

func (p theatre) Run(_ context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
	for word := range strings.FieldsSeq(p.words) {
		var seconds float64
		if n, _ := fmt.Sscanf(word, "%fs", &seconds); n == 0 || !strings.HasSuffix(word, "s") || strings.ContainsAny(word[:1], "+=>pfsPF") {
			_ = script.Process(word).Write(out)
			continue
		}
		select {
		case <-time.After(time.Duration(seconds * float64(time.Second))):
		case <-spec.Quit:
			if p.killed {
				return testbin.Exit{Code: -1, Quit: true, Killed: true}
			}
			_, _ = io.WriteString(out, strings.ReplaceAll(p.last, "^", "\x16"))
			return testbin.Exit{Code: p.code, Quit: true}
		}
	}
	return testbin.Exit{}
}

// TestOverdue has processes with tests that run for too long: what they print, what is said of their
// tests, and how they settle.
func TestOverdue(t *testing.T) {
	t.Parallel()
	const dump = "SIGQUIT: quit\ngoroutine 1\n"
	const says = "    cohort: A ran longer than 2s and was ended with its process"
	for name, tc := range map[string]struct {
		play       theatre
		tests      string
		settlement string // failed, again, package failure
		says, not  string
	}{
		"in time":                         {theatre{words: "+A 1s pA PASS"}, "A", "[] [] ", "--- PASS: A", "cohort:"},
		"too long":                        {theatre{words: "+A 9s pA PASS", last: dump, code: 2}, "A B", "[A] [B] ", says + "; its goroutines:\nSIGQUIT", "--- PASS"},
		"in a subtest":                    {theatre{words: "+A +A/x 9s", last: dump, code: 2}, "A", "[A] [] ", "=== RUN   A/x\n" + says, ""},
		"killed":                          {theatre{words: "+A 9s", killed: true}, "A B", "[A] [B] ", says + ", without its goroutines: ", "SIGQUIT"},
		"another's output":                {theatre{words: "+A =A +B =B >A >B 9s", last: "^=== NAME  B\nwords\n" + dump, code: 2}, "A B", "[A] [B] ", "words\n\x16=== NAME  A\n" + says, ""},
		"it ends in that moment":          {theatre{words: "+A 9s", last: "^--- PASS: A (2.00s)\n^=== RUN   B\n" + dump, code: 2}, "A B", "[] [B] ", "--- PASS: A", says},
		"it fails in that moment":         {theatre{words: "+A 9s", last: "^--- FAIL: A (2.00s)\n" + dump, code: 2}, "A B", "[A] [B] ", "--- FAIL: A", says},
		"the process has ended by itself": {theatre{words: "+A 9s", last: "^--- PASS: A (2.00s)\n^PASS\n", code: 3}, "A", "[] [] the process failed outside its tests (exit status 3)", "--- PASS: A", says},
		"it has died by itself":           {theatre{words: "+A =A +B =B >A >B 9s", code: 1}, "A B", "[A B] [] ", "--- FAIL: B", says},
		"a program that prints the same":  {theatre{words: "+A 1s", last: dump}, "A", "[A] [] ", "", says},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				j := jobOf(strings.Fields(tc.tests)...)
				j.Binary.Limit = limitsOf("A=2")
				merger := stream.New(&out, true, nil)
				j.Out = merger.Process(stream.ProcessOptions{Verbatim: true})
				r := (&Run{ID: "id", Workers: 1, Runner: tc.play, Now: time.Now}).Do(t.Context(), j)
				var again []string
				for _, p := range r.Again {
					again = append(again, p.Name)
				}
				if got := fmt.Sprint(r.Failed, " ", again, " ", r.PackageFailure); got != tc.settlement {
					t.Errorf("settled as %s, want %s", got, tc.settlement)
				}
				if got := out.String(); !strings.Contains(got, tc.says) || tc.not != "" && strings.Contains(got, tc.not) {
					t.Errorf("printed %q\nwant %q, not %q", got, tc.says, tc.not)
				}
				if r.Good(true) != (name == "in time") {
					t.Errorf("good: %v", r.Good(true))
				}
			})
		})
	}
}
