package testbin

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind says what a line of a test binary's output is.
type Kind uint8

// The kinds of lines. All but KindOutput are framing, which the testing package
// prints with a leading marker byte 0x16 under -test.v=test2json.
const (
	// KindOutput is everything that is not, or is not accepted as, framing.
	KindOutput Kind = iota
	// KindRun is "=== RUN": a test starts.
	KindRun
	// KindPause is "=== PAUSE": a test waits in t.Parallel.
	KindPause
	// KindCont is "=== CONT": a paused test goes on.
	KindCont
	// KindName is "=== NAME": output of that test follows, or of the package if
	// the name is empty.
	KindName
	// KindAttr is "=== ATTR": t.Attr was called.
	KindAttr
	// KindArtifacts is "=== ARTIFACTS": t.ArtifactDir was called.
	KindArtifacts
	// KindPass is "--- PASS": a test has passed.
	KindPass
	// KindFail is "--- FAIL": a test has failed.
	KindFail
	// KindSkip is "--- SKIP": a test was skipped.
	KindSkip
	// KindBench is "--- BENCH": what a benchmark logged follows.
	KindBench
	// KindFinal is the line PASS or FAIL that closes a run of all tests.
	KindFinal
	// kindImpossible is framing that test2json knows and the testing package
	// never prints.
	kindImpossible
)

// frame is a well-formed framing line.
type frame struct {
	kind    Kind
	name    string
	elapsed time.Duration
	depth   int
	ok      bool
}

// parseFrame takes a line that begins with the marker apart. It reports false
// for a line that test2json would not take for framing either, and for one that
// lacks its newline: the testing package writes framing whole, and what comes
// next could complete another name.
func parseFrame(line []byte) (frame, bool) {
	text, ok := bytes.CutSuffix(line[1:], []byte("\n"))
	if !ok {
		return frame{}, false
	}
	text = bytes.TrimSuffix(text, []byte("\r"))
	switch {
	case string(text) == "PASS":
		return frame{kind: KindFinal, ok: true}, true
	case string(text) == "FAIL":
		return frame{kind: KindFinal}, true
	case string(text) == "=== NAME": // trailing spaces were lost on the way
		return frame{kind: KindName}, true
	case bytes.HasPrefix(text, []byte("FAIL\t")): // the go command's line
		return frame{kind: kindImpossible}, true
	case bytes.HasPrefix(text, []byte("=== ")):
		return parseUpdate(text[len("=== "):])
	}
	return parseReport(text)
}

// parseUpdate parses what follows "=== ".
func parseUpdate(text []byte) (frame, bool) {
	word, rest, ok := bytes.Cut(text, []byte(" "))
	// All words but ARTIFACTS are padded to the width of PAUSE.
	if pad := len("PAUSE") - len(word); ok && pad > 0 {
		rest, ok = bytes.CutPrefix(rest, []byte("  ")[:min(pad, 2)])
	}
	kind, known := updateKind(string(word))
	if !ok || !known {
		return frame{}, false
	}
	name := strings.TrimSpace(string(rest))
	if kind == KindAttr || kind == KindArtifacts {
		name, _, _ = strings.Cut(name, " ")
	}
	return frame{kind: kind, name: name}, true
}

func updateKind(word string) (Kind, bool) {
	switch word {
	case "RUN":
		return KindRun, true
	case "PAUSE":
		return KindPause, true
	case "CONT":
		return KindCont, true
	case "NAME":
		return KindName, true
	case "ATTR":
		return KindAttr, true
	case "ARTIFACTS":
		return KindArtifacts, true
	case "PASS", "FAIL", "SKIP":
		return kindImpossible, true
	}
	return KindOutput, false
}

// parseReport parses "--- PASS: TestX (0.12s)" at any indentation.
func parseReport(text []byte) (frame, bool) {
	var f frame
	indent := []byte("    ")
	for bytes.HasPrefix(text, indent) {
		text = text[len(indent):]
		f.depth++
	}
	rest, ok := bytes.CutPrefix(text, []byte("--- "))
	if !ok {
		return frame{}, false
	}
	word, rest, _ := bytes.Cut(rest, []byte(": "))
	switch string(word) {
	case "PASS":
		f.kind = KindPass
	case "FAIL":
		f.kind = KindFail
	case "SKIP":
		f.kind = KindSkip
	case "BENCH":
		f.kind = KindBench
	default:
		return frame{}, false
	}
	name, dur, found := strings.Cut(strings.TrimSpace(string(rest)), " (")
	f.name = name
	if found {
		f.elapsed = parseElapsed(dur)
	}
	return f, true
}

// parseElapsed parses "0.12s)"; it returns 0 for what is not of that form.
func parseElapsed(s string) time.Duration {
	s, ok := strings.CutSuffix(s, "s)")
	if !ok {
		return 0
	}
	sec, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(sec) || math.Abs(sec) > math.MaxInt64/1e9 {
		return 0
	}
	return time.Duration(math.Round(sec * 1e9))
}

// root returns the top-level test that a name belongs to, and whether the name
// is that of a subtest.
func root(name string) (top string, sub bool) {
	top, _, sub = strings.Cut(name, "/")
	return top, sub
}
