package testevent

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// keeper keeps of a stream what a record does, with the quick way or without.
type keeper struct {
	Outputs
	quick bool
	kept  []string
	asked int // how many lines were not told quickly
}

func (k *keeper) line(line []byte) {
	if k.quick && k.Quick(line) {
		k.kept = append(k.kept, string(line))
		return
	}
	k.asked++
	e, ok := Parse(line)
	switch {
	case !ok:
	case e.Ends():
		k.tails(k.Ended(e))
	case string(e.Action) == "output" && string(e.Key) == KeyMissing:
		k.Miss(line, e)
		return
	case string(e.Action) == "output" && !k.Alarm(e) && !k.Add(line, e):
		return
	}
	k.kept = append(k.kept, string(line))
}

func (k *keeper) tails(all []Tail) {
	for _, tail := range all {
		k.kept = append(k.kept, string(bytes.TrimSuffix(tail.Note(true), []byte("\n"))))
		for line := range tail.Events() {
			k.kept = append(k.kept, string(bytes.TrimSuffix(line, []byte("\n"))))
		}
	}
}

// randomEvent returns a line as a go command writes it, or nearly so.
func randomEvent(random *rand.Rand) []byte {
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	name := `"Package":"` + pick("p", "p", `p\"q`, "p/q") + `"`
	if random.IntN(8) > 0 {
		name += `,"Test":"` + pick("T", "T", "T1", "T/sub", `T/\"`, "U") + `"`
	}
	action := pick("run", "pause", "cont", "start", "output", "output", "output", "output", "output", "pass", "fail", "skip", "attr", "bench")
	rest := ""
	switch action {
	case "output":
		text := pick("a", `\"`, `\\`, `\u003c`, "panic: ", "WARNING: DATA RACE", "é", "") + strings.Repeat("x", random.IntN(9)) + pick(`\n`, `\n`, `\\`, `\"`)
		rest = `,"Output":"` + text + `"`
		if random.IntN(20) == 0 {
			rest += `,"Key":"` + KeyMissing + `","Value":"3 33"`
		}
	case "pass", "fail", "skip":
		rest = pick("", `,"Elapsed":0.01`, `,"Elapsed":0`, `,"Elapsed":`)
	}
	when := pick("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678901234Z", `\"`, "")
	line := fmt.Sprintf(`{"Time":"%s","Action":"%s",%s%s}`, when, action, name, rest)
	if random.IntN(30) == 0 {
		line = line[:random.IntN(len(line))] + pick("", `"`, "}", `,"Test":"T"}`)
	}
	return []byte(line)
}

// TestQuick: what is told quickly is what is told by taking the lines apart, whatever the tests print
// and in whichever order.
func TestQuick(t *testing.T) {
	t.Parallel()
	asked, lines := 0, 0
	for seed := range uint64(1000) {
		random := rand.New(rand.NewPCG(seed, 7))
		limit := 1 + random.IntN(60)
		plain, quick := keeper{Outputs: Outputs{Max: limit}}, keeper{Outputs: Outputs{Max: limit}, quick: true}
		for n := range 200 {
			line := randomEvent(random)
			given := bytes.Clone(line)
			plain.line(line)
			quick.line(given)
			for i := range given {
				given[i] = '?' // nothing may refer to it
			}
			if len(quick.kept) != len(plain.kept) {
				t.Fatalf("seed %d, line %d %s: kept\n%s\nwant\n%s", seed, n, line, strings.Join(quick.kept, "\n"), strings.Join(plain.kept, "\n"))
			}
		}
		plain.tails(plain.Finish())
		quick.tails(quick.Finish())
		if !slices.Equal(quick.kept, plain.kept) {
			t.Fatalf("seed %d: kept\n%s\nwant\n%s", seed, strings.Join(quick.kept, "\n"), strings.Join(plain.kept, "\n"))
		}
		asked, lines = asked+quick.asked, lines+200
	}
	if asked == lines {
		t.Error("nothing was told quickly")
	}
}

// TestQuickAll: of tests that run one after the other, no line is taken apart and nothing is
// allocated. It is not parallel, since AllocsPerRun cannot be.
func TestQuickAll(t *testing.T) {
	o := Outputs{Max: 1 << 20}
	var lines [][]byte
	for _, test := range []string{"TestA", "TestB", "TestC"} {
		for _, rest := range []string{
			`"run",NAME}`, `"output",NAME,"Output":"=== RUN   TestA\n"}`, `"output",NAME,"Output":"say \"no\"\n"}`, `"pass",NAME,"Elapsed":0.01}`,
		} {
			rest = strings.ReplaceAll(rest, "NAME", `"Package":"example.com/m","Test":"`+test+`"`)
			lines = append(lines, []byte(`{"Time":"2026-01-02T03:04:05.678901234Z","Action":`+rest))
		}
	}
	allocated := testing.AllocsPerRun(100, func() {
		for _, line := range lines {
			if !o.Quick(line) {
				t.Fatalf("%s is not told quickly", line)
			}
		}
	})
	if allocated > 0 || len(o.tests) > 0 {
		t.Errorf("%v allocations, %d tests are kept", allocated, len(o.tests))
	}
}
