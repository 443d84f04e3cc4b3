package merge

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// event is what the joiner reads of a line of go test -json.
type event struct {
	Time        time.Time `json:"Time,omitzero"`
	Action      string
	Package     string  `json:",omitempty"`
	ImportPath  string  `json:",omitempty"`
	Test        string  `json:",omitempty"`
	Elapsed     float64 `json:",omitempty"`
	Output      string  `json:",omitempty"`
	FailedBuild string  `json:",omitempty"`
}

// finalEvent is the last event of a package, which always tells how long it took.
type finalEvent struct {
	Time    time.Time `json:"Time,omitzero"`
	Action  string
	Package string
	Elapsed float64
}

// joiner makes one package again of the events of its pieces. Events of tests stay as they are. What
// the go command says of each piece at its end is held back, and said once of them all.
type joiner struct {
	// left is how many shards have still to tell of a divided package.
	left map[string]int
	open map[string]*divided
	// built says which shard has told of a build: each that needs the package tells the same.
	built map[string]int
	// coverage returns the line of a divided package, "" if it is not known.
	coverage func(pkg string) string
}

// divided is a package of which some pieces have been told of.
type divided struct {
	held   []event // the closing lines of the piece that is being told of
	pieces []piece
}

// piece is how a piece of a package has ended.
type piece struct {
	held []event
	end  event
	line string // the end as it stands in the record
}

// line takes a line of a shard's first pass and passes on what is to be told now.
func (j *joiner) line(shard int, text []byte, emit func([]byte)) error {
	var e event
	if json.Unmarshal(text, &e) != nil || e.Action == "" {
		emit(text) // what the go command wrote in the place of an event
		return nil
	}
	if e.ImportPath != "" && e.Package == "" {
		if told, ok := j.built[e.ImportPath]; !ok || told == shard {
			j.built[e.ImportPath] = shard
			emit(text)
		}
		return nil
	}
	if j.left[e.Package] == 0 || e.Test != "" {
		emit(text)
		return nil
	}
	d := j.open[e.Package]
	first := d == nil
	if first {
		d = new(divided)
		j.open[e.Package] = d
	}
	switch e.Action {
	case "start":
		if first {
			emit(text)
		}
	case "output":
		if closes(e.Output) {
			d.held = append(d.held, e)
		} else {
			emit(text)
		}
	case "pass", "fail", "skip":
		d.pieces = append(d.pieces, piece{held: d.held, end: e, line: string(text)})
		d.held = nil
		if j.left[e.Package]--; j.left[e.Package] == 0 {
			return j.close(e.Package, d, emit)
		}
	default:
		emit(text)
	}
	return nil
}

// closes reports whether a line is one with which a package ends.
func closes(line string) bool {
	for _, prefix := range []string{"coverage: ", "ok  \t", "FAIL\t", "exit status ", "testing: warning: no tests to run", "?   \t"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return line == "PASS\n" || line == "FAIL\n"
}

// close tells how a package ended.
func (j *joiner) close(pkg string, d *divided, emit func([]byte)) error {
	delete(j.open, pkg)
	lines, err := d.lines(pkg, j.coverage(pkg))
	for _, line := range lines {
		emit(line)
	}
	return err
}

// lines returns the last events of a package that has ended.
func (d *divided) lines(pkg, coverage string) ([][]byte, error) {
	if p, ok := d.unbuilt(); ok {
		lines, err := encode(p.held)
		return append(lines, []byte(p.line)), err
	}
	last := d.pieces[len(d.pieces)-1].end
	end := finalEvent{Time: last.Time, Action: "pass", Package: pkg}
	say := func(text string) event { return event{Time: last.Time, Action: "output", Package: pkg, Output: text} }
	cached, empty, exit := true, true, ""
	for _, p := range d.pieces {
		end.Elapsed += p.end.Elapsed
		cached = cached && p.has("(cached)")
		empty = empty && p.has("[no tests to run]")
		if p.end.Action == "fail" {
			end.Action = "fail"
			exit = p.exitStatus(exit)
		}
	}
	took := fmt.Sprintf("%.3fs", end.Elapsed)
	var said []event
	if end.Action == "fail" {
		said = append(said, say("FAIL\n"))
		if coverage != "" {
			said = append(said, say(coverage))
		}
		if exit != "" {
			said = append(said, say(exit))
		}
		said = append(said, say("FAIL\t"+pkg+"\t"+took+"\n"))
	} else {
		said = append(said, say("PASS\n"))
		text := "ok  \t" + pkg + "\t"
		if cached {
			took = "(cached)"
		}
		text += took
		if coverage != "" {
			said = append(said, say(coverage))
			text += "\t" + strings.TrimSuffix(coverage, "\n")
		}
		if empty {
			said = append([]event{say("testing: warning: no tests to run\n")}, said...)
			text += " [no tests to run]"
		}
		said = append(said, say(text+"\n"))
	}
	lines, err := encode(said)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(end)
	return append(lines, text), err
}

// unbuilt returns a piece that was never run, because the package could not be built, if none was.
func (d *divided) unbuilt() (piece, bool) {
	for _, p := range d.pieces {
		if p.end.FailedBuild == "" && !p.has("[setup failed]") && !p.has("[build failed]") {
			return piece{}, false
		}
	}
	return d.pieces[0], true
}

// has reports whether a closing line of the piece holds a word.
func (p piece) has(word string) bool {
	for _, e := range p.held {
		if strings.Contains(e.Output, word) {
			return true
		}
	}
	return false
}

// exitStatus returns the line with the exit status of the piece, or else other.
func (p piece) exitStatus(other string) string {
	for _, e := range p.held {
		if other == "" && strings.HasPrefix(e.Output, "exit status ") {
			return e.Output
		}
	}
	return other
}

func encode(events []event) ([][]byte, error) {
	var lines [][]byte
	for _, e := range events {
		text, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		lines = append(lines, text)
	}
	return lines, nil
}
