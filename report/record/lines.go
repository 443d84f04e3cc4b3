package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Side is where a line was printed.
type Side uint8

const (
	Stdout Side = iota // of the go command: events, and what it wrote in their place
	Stderr             // of the go command
	Log                // a message of cohort's own, as it was printed
	Begin              // no line: the stream begins here
)

// Line is a line of a record's events.
type Line struct {
	Stream  int     // numbers the attempts in the order in which they began
	Attempt Attempt // that printed the line
	Side    Side
	Text    []byte // without newline; good until the next line
	Open    bool   // no newline came after it
}

// control is a line of events.jsonl that is not the go command's.
type control struct {
	Cohort  string   `json:"cohort"`
	ID      int      `json:"id"`
	Attempt int      `json:"attempt"`
	Package string   `json:"package"`
	Unit    string   `json:"unit"`
	Tests   []string `json:"tests"`
	Text    string   `json:"text"`
	Base64  []byte   `json:"base64"`
	Open    bool     `json:"open"`
}

// Lines yields all that was printed, in order, and where each stream begins.
func (r *Reader) Lines() iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		attempts := map[int]Attempt{}
		current, number := Line{}, 0
		for text, err := range r.text(eventsKind) {
			number++
			if err == nil && !bytes.HasPrefix(text, []byte(controlPrefix)) {
				current.Side, current.Text, current.Open = Stdout, text, false
				if !yield(current, nil) {
					return
				}
				continue
			}
			show := false
			if err == nil {
				show, err = current.read(text, attempts)
			}
			if err != nil {
				yield(Line{}, fmt.Errorf("line %d of the events: %w", number, err))
				return
			}
			if show && !yield(current, nil) {
				return
			}
		}
	}
}

// read reads a control line into l and reports whether it is one that was printed.
func (l *Line) read(text []byte, attempts map[int]Attempt) (show bool, err error) {
	var c control
	if err := json.Unmarshal(text, &c); err != nil {
		return false, err
	}
	switch c.Cohort {
	case "stream":
		a, known := attempts[c.ID]
		if !known {
			a = Attempt{c.Attempt, c.Package, c.Unit, c.Tests}
			attempts[c.ID] = a
		}
		*l = Line{Stream: c.ID, Attempt: a, Side: Begin}
		return !known, nil
	case "stdout":
		l.Side = Stdout
	case "stderr":
		l.Side = Stderr
	case "log":
		l.Side = Log
	default:
		return false, errors.New("unknown kind " + strconv.Quote(c.Cohort))
	}
	l.Text, l.Open = []byte(c.Text), c.Open
	if c.Base64 != nil {
		l.Text = c.Base64
	}
	return true, nil
}

// Processes yields the processes in the order in which they ended.
func (r *Reader) Processes() iter.Seq2[Process, error] {
	return func(yield func(Process, error) bool) {
		number := 0
		for text, err := range r.text(processesKind) {
			number++
			var p Process
			if err == nil {
				err = json.Unmarshal(text, &p)
			}
			if err != nil {
				yield(Process{}, fmt.Errorf("line %d of the processes: %w", number, err))
				return
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

// Event is an event of go test -json, with the attempt and the process that it came from.
type Event struct {
	Attempt Attempt `json:"-"`
	Process int     `json:"-"` // its number; -1: none is known

	Time        time.Time
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64 // seconds
	Output      string
	Key, Value  string
	FailedBuild string // import path of what did not build
}

// Root returns the root test that the event is of.
func (e *Event) Root() string { return root(e.Test) }

func root(test string) string {
	name, _, _ := strings.Cut(test, "/")
	return name
}

// run names what a process is found by.
type run struct {
	pkg, test string
	attempt   int
}

// Events yields the events in order. What the go command wrote in the place of events is left out.
func (r *Reader) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		ran := map[run]int{}
		for p, err := range r.Processes() {
			if err != nil {
				yield(Event{}, err)
				return
			}
			if p.Kind == "probe" || p.Kind == "baseline" {
				continue // what it prints is in no stream
			}
			for _, t := range p.Tests {
				ran[run{p.Package, t.Name, p.Attempt}] = p.Number
			}
		}
		for line, err := range r.Lines() {
			if err != nil {
				yield(Event{}, err)
				return
			}
			e := Event{Attempt: line.Attempt, Process: -1}
			if line.Side != Stdout || json.Unmarshal(line.Text, &e) != nil || e.Action == "" {
				continue
			}
			if number, ok := ran[run{e.Package, e.Root(), line.Attempt.Number}]; ok {
				e.Process = number
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// EventsOf yields the events of a root test and its subtests, in order.
func (r *Reader) EventsOf(pkg, test string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for e, err := range r.Events() {
			if err == nil && (e.Package != pkg || e.Root() != test || e.Test == "") {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// ProcessesOf returns the processes that ran a root test, in the order of their attempts.
func (r *Reader) ProcessesOf(pkg, test string) ([]Process, error) {
	var found []Process
	for p, err := range r.Processes() {
		if err != nil {
			return nil, err
		}
		if p.Package == pkg && slices.ContainsFunc(p.Tests, func(t ProcessTest) bool { return t.Name == test }) {
			found = append(found, p)
		}
	}
	slices.SortStableFunc(found, func(a, b Process) int { return a.Attempt - b.Attempt })
	return found, nil
}
