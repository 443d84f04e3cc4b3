// Package script writes the output of test processes that never ran, for the tests of the rooms
// that read it.
package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Process is a script of what a process prints, a word per line:
//
//	+A   A starts        =A   A is paused     >A   A continues
//	pA   A passes        fA   A fails         sA   A is skipped
//	PASS, FAIL           the closing line
type Process string

// Write writes the output of the process. It returns the first error of w.
func (p Process) Write(w io.Writer) error {
	for word := range strings.FieldsSeq(string(p)) {
		if _, err := io.WriteString(w, Framing(word)); err != nil {
			return err
		}
	}
	return nil
}

// Framing returns the line that a word of a script stands for.
func Framing(word string) string {
	formats := map[byte]string{
		'+': "=== RUN   %s", '=': "=== PAUSE %s", '>': "=== CONT  %s",
		'p': "--- PASS: %s (0.00s)", 'f': "--- FAIL: %s (0.00s)", 's': "--- SKIP: %s (0.00s)",
	}
	if format, ok := formats[word[0]]; ok {
		return fmt.Sprintf("\x16"+format+"\n", word[1:])
	}
	return "\x16" + word + "\n"
}

// Test is a test that a process is to run, and how often.
type Test struct {
	Name string
	Want int
}

// Way is the way in which a process ends.
type Way struct {
	StopsEarly, MayIdle, Stopped bool
	Code                         int
	Group                        string
}

// Random draws a process that is to run these tests, as often as each wants it, and the way in
// which it ends.
func Random(random *rand.Rand, tests []Test) (Process, Way) {
	d := drawer{random: random}
	w := Way{
		StopsEarly: d.chance(4), MayIdle: d.chance(4), Stopped: d.chance(10),
		Code: []int{0, 0, 1, 2, 3, -1}[random.IntN(6)],
	}
	if d.chance(3) {
		w.Group = "g"
	}
	d.draw(append(tests[:len(tests):len(tests)], Test{"X", random.IntN(2)}))
	return Process(strings.Join(d.words, " ")), w
}

// drawer draws the words of a process.
type drawer struct {
	random        *rand.Rand
	words, paused []string
}

func (d *drawer) chance(n int) bool { return d.random.IntN(n) == 0 }

func (d *drawer) result(name string) string { return string("pppppfs"[d.random.IntN(7)]) + name }

// draw draws all words, or ends somewhere between.
func (d *drawer) draw(tests []Test) {
	if d.chance(12) {
		return
	}
	for _, t := range tests {
		if d.chance(15) {
			continue // the process overlooks it
		}
		for range t.Want {
			if d.run(t.Name) {
				return
			}
		}
	}
	for _, name := range d.paused {
		d.words = append(d.words, ">"+name)
		if d.chance(12) {
			return
		}
		d.words = append(d.words, d.result(name))
	}
	d.words = append(d.words, []string{"PASS", "FAIL"}[d.random.IntN(2)])
}

// run draws one run of a test, and reports whether the process ends with it.
func (d *drawer) run(name string) (ends bool) {
	d.words = append(d.words, "+"+name)
	if d.chance(4) {
		d.words = append(d.words, "="+name)
		d.paused = append(d.paused, name)
		return false
	}
	if d.chance(12) {
		return true
	}
	if d.chance(3) {
		d.words = append(d.words, "+"+name+"/x", d.result(name+"/x"))
	}
	d.words = append(d.words, d.result(name))
	return d.chance(12)
}

// Events converts a stream as the go command does, and returns the events of
// each test in order, neighbouring output joined. Output of the package is
// under "", its closing lines left out.
func Events(stream []byte) (map[string][]string, error) {
	var out bytes.Buffer
	enc := testbin.NewEncoder(&out, "", func() time.Time { return time.Time{} })
	for _, part := range [][]byte{[]byte("\x16=== NAME  \n"), stream, []byte("\x16=== NAME  \n")} {
		if _, err := enc.Write(part); err != nil {
			return nil, err
		}
	}
	if err := enc.Close(); err != nil {
		return nil, err
	}
	c := collector{of: make(map[string][]string), output: make(map[string]*strings.Builder)}
	for line := range bytes.Lines(out.Bytes()) {
		if err := c.line(line); err != nil {
			return nil, err
		}
	}
	for test := range c.output {
		c.flush(test)
	}
	return c.of, nil
}

// collector joins the output between events.
type collector struct {
	of     map[string][]string
	output map[string]*strings.Builder // not yet in of
}

func (c *collector) line(line []byte) error {
	var e struct {
		Action, Test, Output string
		Elapsed              float64
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	switch {
	case e.Test == "" && (e.Action != "output" || e.Output == "PASS\n" || e.Output == "FAIL\n"):
	case e.Action == "output":
		if c.output[e.Test] == nil {
			c.output[e.Test] = new(strings.Builder)
		}
		c.output[e.Test].WriteString(e.Output)
	default:
		c.flush(e.Test)
		text := e.Action + " "
		if e.Elapsed > 0 {
			text += fmt.Sprint(e.Elapsed)
		}
		c.of[e.Test] = append(c.of[e.Test], text)
	}
	return nil
}

func (c *collector) flush(test string) {
	if b := c.output[test]; b != nil {
		c.of[test] = append(c.of[test], "output "+b.String())
		delete(c.output, test)
	}
}
