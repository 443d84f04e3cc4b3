package testevent

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// line is an output event as the go command writes it.
func line(test, output string) []byte {
	raw, err := json.Marshal(output)
	if err != nil {
		panic(err)
	}
	return fmt.Appendf(nil, `{"Time":"2026-01-02T03:04:05Z","Action":"output","Package":"m/p","Test":"%s","Output":%s}`+"\n", test, raw)
}

func parsed(t *testing.T, line []byte) Event {
	t.Helper()
	e, ok := Parse(line)
	if !ok {
		t.Fatalf("not an event: %q", line)
	}
	return e
}

// TestOutputs: whatever a test prints, what is kept and what is missing are all of it, and no more
// is kept than there is room for.
func TestOutputs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 3))
		o := Outputs{Max: 1 + random.IntN(3000)}
		var printed, head []string
		for range random.IntN(300) {
			text := strings.Repeat("x", random.IntN(60)) + "\n"
			printed = append(printed, text)
			if raw := line("T", text); o.Add(raw, parsed(t, raw)) {
				head = append(head, text)
			}
			other := line("Other", text)
			o.Add(other, parsed(t, other))
		}
		end := parsed(t, []byte(`{"Time":"2026-01-02T03:04:05Z","Action":"fail","Package":"m/p","Test":"T"}`))
		tails := o.Ended(end)
		got, missing := slices.Clone(head), Missing{}
		for _, tail := range tails {
			missing = tail.Missing
			for raw := range tail.Events() {
				var e struct{ Output string }
				if err := json.Unmarshal(raw, &e); err != nil {
					t.Fatal(err)
				}
				got = append(got, e.Output)
			}
		}
		n := len(printed) - len(got)
		want := slices.Delete(slices.Clone(printed), len(head), len(head)+n)
		left := printed[len(head) : len(head)+n]
		if !slices.Equal(got, want) || (missing != Missing{n, len(strings.Join(left, ""))}) {
			t.Fatalf("seed %d: kept %q of %q, missing %+v", seed, got, printed, missing)
		}
		if kept := len(strings.Join(got, "")); kept > o.Max || n > 0 && kept < o.Max-2*62 {
			t.Fatalf("seed %d: %d bytes are kept under a limit of %d", seed, kept, o.Max)
		}
		if o.Ended(end) != nil || len(o.tests) > 1 {
			t.Fatalf("seed %d: a test that has ended is kept", seed)
		}
	}
}

// TestNote: an event says what is missing, and one who reads it adds it to what is missing there;
// also if nothing of the tail has room.
func TestNote(t *testing.T) {
	t.Parallel()
	const note = `{"Time":"2026-01-02T03:04:05Z","Action":"output","Package":"m/p","Test":"T","Output":"    cohort: 3 lines of output, 33 bytes, are left out here (--max-output)\n"`
	o := Outputs{Max: 4}
	for range 3 {
		raw := line("T", "0123456789\n")
		o.Add(raw, parsed(t, raw))
	}
	tails := o.Finish()
	if len(tails) != 1 {
		t.Fatalf("%d tails, want 1", len(tails))
	}
	if got := string(tails[0].Note(false)); got != note+"}\n" {
		t.Errorf("note %q", got)
	}
	keyed := tails[0].Note(true)
	if want := note + `,"Key":"cohort-missing","Value":"3 33"}` + "\n"; string(keyed) != want {
		t.Errorf("note %q, want %q", keyed, want)
	}
	again := Outputs{Max: 100}
	again.Miss(keyed, parsed(t, keyed))
	if tails := again.Finish(); len(tails) != 1 || string(tails[0].Note(true)) != string(keyed) {
		t.Errorf("read again: %+v", tails)
	}
	if (Tail{}).Note(true) != nil {
		t.Error("a note of nothing")
	}
	for value, want := range map[string]Missing{"": {}, "3": {}, "-1 3": {}, "3 x": {}, "3 4 5": {}, "3 4": {3, 4}} {
		if got := ParseMissing(value); got != want {
			t.Errorf("%q: %+v, want %+v", value, got, want)
		}
	}
}

// TestTailMemory: the events of very short lines take no more memory than many times the limit.
func TestTailMemory(t *testing.T) {
	t.Parallel()
	o := Outputs{Max: 256 << 10}
	raw := line("T", "\n")
	e := parsed(t, raw)
	for range 1_000_000 {
		o.Add(raw, e)
	}
	tail := o.Finish()[0]
	total := 0
	for _, p := range tail.events.pieces {
		total += cap(p)
	}
	if total > 2*many*o.Max {
		t.Errorf("%d bytes are held for a limit of %d", total, o.Max)
	}
	if kept := 1_000_000 - tail.Missing.Lines; kept < o.Max/2 {
		t.Errorf("%d lines are kept", kept)
	}
}

// TestAlarms: the first alarms of a test are kept where they are, not any number of them.
func TestAlarms(t *testing.T) {
	t.Parallel()
	o := Outputs{Max: 10}
	raw := line("T", "panic: no\n")
	kept := 0
	for range 1000 {
		if o.Alarm(parsed(t, raw)) {
			kept++
		}
	}
	plain := line("T", "no panic: no\n")
	if kept != 100 || o.Alarm(parsed(t, plain)) {
		t.Errorf("%d alarms are kept", kept)
	}
}

// FuzzParse reads any line: an event is what JSON says it is.
func FuzzParse(f *testing.F) {
	f.Add(string(line("T", "a\"\\\n")))
	f.Add(`{"Time":"","Action":"pass","Package":"p","Elapsed":1.5,"Key":"k","Value":"v"}`)
	f.Fuzz(func(t *testing.T, text string) {
		e, ok := Parse([]byte(text))
		var want struct{ Action, Package, Test, Output string }
		if !ok || json.Unmarshal([]byte(text), &want) != nil {
			return
		}
		for _, field := range []struct {
			raw  []byte
			want string
		}{{e.Action, want.Action}, {e.Package, want.Package}, {e.Test, want.Test}, {e.Output, want.Output}} {
			var got string
			if err := json.Unmarshal(slices.Concat([]byte{'"'}, field.raw, []byte{'"'}), &got); err != nil || got != field.want {
				t.Fatalf("%q: %q, want %q", text, field.raw, field.want)
			}
		}
		if n := textLen(e.Output); n > len(e.Output) || n < 0 {
			t.Fatalf("%q: length %d", e.Output, n)
		}
	})
}
