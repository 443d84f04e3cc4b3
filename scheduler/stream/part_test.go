package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// shown reads what a Merger has written as the go command reads it, a word per line: +A, pA, fA, sA
// as in a script, A:text for output, :text for that of the package.
func shown(out []byte) string {
	var words []string
	test := ""
	for line := range strings.Lines(string(out)) {
		text := strings.TrimSpace(line)
		framing, ok := strings.CutPrefix(text, "\x16")
		if !ok {
			words = append(words, test+":"+strings.ReplaceAll(text, " ", "_"))
			continue
		}
		fields := strings.Fields(framing + " (none)")
		test = strings.TrimSuffix(fields[2], "(none)")
		if letter, ok := map[string]string{
			"RUN": "+", "PAUSE": "=", "CONT": ">", "PASS:": "p", "FAIL:": "f", "SKIP:": "s",
		}[fields[1]]; ok {
			words = append(words, letter+test)
		}
	}
	return strings.Join(words, " ")
}

// TestJoinParts has processes that run parts of test A, and others.
func TestJoinParts(t *testing.T) {
	t.Parallel()
	lead, other, loose := ProcessOptions{Part: "A", Leads: true}, ProcessOptions{Part: "A"}, ProcessOptions{}
	passed := ledger.Joined{Test: "A"}
	for name, tc := range map[string]struct {
		strict    bool
		processes []ProcessOptions
		// steps are the words of processes, by number; "." flushes it, "end" closes it. A word with a
		// colon is output of the test before it.
		steps string
		join  ledger.Joined
		want  string
	}{
		"one after the other": {
			false, []ProcessOptions{lead, other},
			"0 +A 0 A:one 0 +A/x 0 pA/x 0 pA 0 end 1 +A 1 A:two 1 +A/y 1 A/y:three 1 pA/y 1 pA 1 end", passed,
			"+A A:one +A/x pA/x +A/y A/y:three pA/y pA",
		},
		"the other first": {
			false, []ProcessOptions{lead, other},
			"1 +A 1 +A/y 1 pA/y 1 pA 1 end 0 +A 0 A:one 0 pA 0 end", passed,
			"+A +A/y pA/y A:one pA",
		},
		"at the same time, together in strict": {
			true, []ProcessOptions{lead, other},
			"0 +A 0 +A/x 1 +A 1 +A/y 0 A/x:one 1 A/y:two 1 pA/y 1 pA 1 end 0 pA/x 0 pA 0 end", passed,
			"+A +A/x A/x:one pA/x +A/y A/y:two pA/y pA",
		},
		"a part that fails shows what it says": {
			false, []ProcessOptions{lead, other},
			"0 +A 0 A:one 0 +A/x 0 pA/x 0 pA 0 end 1 +A 1 A:two 1 +A/y 1 fA/y 1 A:three 1 fA 1 end",
			ledger.Joined{Test: "A", Outcome: ledger.Failed},
			"+A A:one +A/x pA/x +A/y fA/y A:two A:three fA",
		},
		"a part that skips too": {
			false, []ProcessOptions{lead, other},
			"0 +A 0 A:one 0 sA 0 end 1 +A 1 A:two 1 sA 1 end", ledger.Joined{Test: "A", Outcome: ledger.Skipped},
			"+A A:one A:two sA",
		},
		"a part that dies": {
			false, []ProcessOptions{lead, other},
			"0 +A 0 pA 0 end 1 +A 1 A:two 1 +A/y 1 A/y:panic 1 end", ledger.Joined{Test: "A", Outcome: ledger.Failed},
			"+A +A/y A/y:panic A:two fA",
		},
		"a part that says nothing": {
			false, []ProcessOptions{lead, other},
			"0 +A 0 pA 0 end 1 +A 1 pA 1 end", passed, "+A pA",
		},
		"a reason": {
			false, []ProcessOptions{lead}, "0 +A 0 pA 0 end", ledger.Joined{Test: "A", Outcome: ledger.Failed, Why: "why"},
			"+A A:why fA",
		},
		"words after the report": {
			false, []ProcessOptions{other}, "0 +A 0 A:one 0 pA 0 A:late 0 end", passed, "+A A:late pA",
		},
		"pauses of the lead only": {
			false, []ProcessOptions{lead, other},
			"0 +A 0 =A 0 >A 0 pA 0 end 1 +A 1 =A 1 >A 1 fA 1 end", ledger.Joined{Test: "A", Outcome: ledger.Failed},
			"+A =A >A fA",
		},
		"behind another test": {
			true, []ProcessOptions{lead, other, loose},
			"2 +B 0 +A 0 +A/x 1 +A 1 +A/y 1 pA/y 1 pA 1 end 0 pA/x 0 pA 0 end 2 B:one 2 pB 2 end", passed,
			"+B B:one pB +A +A/x pA/x +A/y pA/y pA",
		},
	} {
		var out bytes.Buffer
		m := New(&out, tc.strict, noSpill)
		var processes []*Process
		for _, o := range tc.processes {
			processes = append(processes, m.Process(o))
		}
		fields := strings.Fields(tc.steps)
		for i := 0; i < len(fields); i += 2 {
			p := processes[fields[i][0]-'0']
			feed(p, fields[i+1])
		}
		m.Join(tc.join)
		if got := shown(out.Bytes()); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tc.want)
		}
		if err := m.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// feed gives a process the line of a word.
func feed(p *Process, word string) {
	test, text, output := strings.Cut(word, ":")
	switch {
	case word == "end":
		p.Close()
	case word == ".":
		p.Flush()
	case output:
		p.Event(testbin.Event{Kind: testbin.KindOutput, Test: test, Line: []byte("    " + text + "\n")})
	default:
		kinds := map[byte]testbin.Kind{
			'+': testbin.KindRun, 'p': testbin.KindPass, 'f': testbin.KindFail, 's': testbin.KindSkip,
			'=': testbin.KindPause, '>': testbin.KindCont,
		}
		p.Event(testbin.Event{Kind: kinds[word[0]], Test: word[1:], Line: []byte(script.Framing(word))})
	}
}

// TestSettleParts: what the ledger makes of the process of a part is not the test's report.
func TestSettleParts(t *testing.T) {
	t.Parallel()
	a := []ledger.Planned{{Name: "A", Want: 1, Part: 2}}
	ran := func(string) time.Duration { return time.Second }
	for name, tc := range map[string]struct {
		words string
		s     ledger.Settlement
		want  string
	}{
		"died": {
			"+A A:one +A/x", ledger.Settlement{Ended: a, Failed: []string{"A"}, Broken: []testbin.OpenTest{{Name: "A"}, {Name: "A/x"}}},
			"+A +A/x fA/x A:one",
		},
		"missed twice": {"", ledger.Settlement{Lost: a}, "+A A:cohort:_the_test_was_to_run_and_did_not_(why)"},
		"cut off": {
			"+A A:one +A/x", ledger.Settlement{Stopped: true, Cut: a, Open: []testbin.OpenTest{{Name: "A"}, {Name: "A/x"}}},
			"+A +A/x A/x:interrupted_after_1.0s sA/x A:interrupted_after_1.0s A:one",
		},
		"not begun": {"", ledger.Settlement{Stopped: true, Dropped: a}, ""},
	} {
		var out bytes.Buffer
		p := New(&out, false, noSpill).Process(ProcessOptions{Part: "A"})
		for word := range strings.FieldsSeq(tc.words) {
			feed(p, word)
		}
		p.Settle(tc.s, "why", ran)
		p.Close()
		if got := shown(out.Bytes()); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tc.want)
		}
	}
}

// TestPartsThatSayMuch: what is held back has a bound, and then nothing of it is lost.
func TestPartsThatSayMuch(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := New(&out, false, noSpill)
	p := m.Process(ProcessOptions{Part: "A"})
	feed(p, "+A")
	const lines = 3000
	for i := range lines {
		feed(p, fmt.Sprintf("A:%d-%s", i, strings.Repeat("x", 40)))
	}
	feed(p, "pA")
	p.Close()
	m.Join(ledger.Joined{Test: "A"})
	if n := strings.Count(shown(out.Bytes()), "A:"); n != lines {
		t.Errorf("%d lines of %d", n, lines)
	}
}

// TestJoinAtRandom mixes processes that run parts of one test with one that runs others: the reader
// sees one start of the test before all else of it, one report after all else, each subtest once,
// and the lines of a subtest in their order.
func TestJoinAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 5))
		var out bytes.Buffer
		m := New(&out, random.IntN(2) == 0, noSpill)
		var processes []*Process
		var words [][]string
		want := map[string]string{}
		for i := range 2 + random.IntN(3) {
			processes = append(processes, m.Process(ProcessOptions{Part: "A", Leads: i == 0}))
			list := []string{"+A"}
			for s := range random.IntN(4) {
				name := fmt.Sprintf("A/%d%d", i, s)
				body := []string{"+" + name, name + ":one", name + ":two", "p" + name}
				want[name] = strings.Join(body, " ")
				list = append(list, body...)
			}
			words = append(words, append(list, string("pfs"[random.IntN(3)])+"A", "end"))
		}
		processes = append(processes, m.Process(ProcessOptions{}))
		words = append(words, strings.Fields("+B B:one pB +C C:one pC end"))
		for left := len(words); left > 0; {
			i := random.IntN(len(words))
			if len(words[i]) == 0 {
				continue
			}
			feed(processes[i], words[i][0])
			if words[i] = words[i][1:]; len(words[i]) == 0 {
				left--
			}
			if random.IntN(3) == 0 {
				processes[i].Flush()
			}
		}
		m.Join(ledger.Joined{Test: "A", Outcome: ledger.Failed})
		checkJoined(t, seed, shown(out.Bytes()), want)
	}
}

func checkJoined(t *testing.T, seed uint64, got string, want map[string]string) {
	t.Helper()
	var own []string
	by := map[string][]string{}
	for word := range strings.FieldsSeq(got) {
		name, _, output := strings.Cut(word, ":")
		if !output {
			name = word[1:]
		}
		by[name] = append(by[name], word)
		if name == "A" || strings.HasPrefix(name, "A/") {
			own = append(own, word)
		}
	}
	if n := len(own); own[0] != "+A" || own[n-1] != "fA" || strings.Count(got, "+A ") != 1 || strings.Join(by["A"], " ") != "+A fA" {
		t.Fatalf("seed %d: %s", seed, got)
	}
	for name, words := range want {
		if lines := strings.Join(by[name], " "); lines != words {
			t.Fatalf("seed %d: %s has %s, want %s\n%s", seed, name, lines, words, got)
		}
	}
	for _, name := range []string{"B", "C"} {
		if lines := strings.Join(by[name], " "); lines != "+"+name+" "+name+":one p"+name {
			t.Fatalf("seed %d: %s has %s\n%s", seed, name, lines, got)
		}
	}
}
